//! A child that tries something, says what came of it, and is gone with all that it changed.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, pipe};

use crate::host::{Here, Host};
use crate::kernel::leave;
use crate::preflight::trouble::{During, Tried, Trouble};

/// Longer than any trial takes on a busy machine, and short enough to wait for.
const MOST: Duration = Duration::from_secs(4);

/// A child that tries something.
pub(super) struct Throwaway {
    pid: Pid,
    says: OwnedFd,
    deadline: Instant,
}

/// A child that does nothing, until it is not needed any more.
pub(super) struct Waiting {
    pub(super) pid: Pid,
    /// The child ends when nobody holds this.
    _leash: OwnedFd,
}

// ANCHOR: in_child
/// Tries it in a child, and waits for what it says.
pub(super) fn in_child(attempt: impl FnOnce() -> Tried) -> Tried {
    start(attempt)?.finish()
}

/// Starts a child that tries it. Who is behind a refusal is asked there too, where it can be seen.
pub(super) fn start(attempt: impl FnOnce() -> Tried) -> Result<Throwaway, Trouble> {
    let (reader, writer) = pipe().during("pipe")?;
    match forked()? {
        ForkResult::Child => {
            // Should our parent be killed, nobody would stop us.
            let _ = set_pdeathsig(Signal::SIGKILL);
            let tried = attempt().map_err(|trouble| Trouble::Known(trouble.cause()));
            let said = serde_json::to_vec(&tried).unwrap_or_default();
            let _ = File::from(writer).write_all(&said);
            leave(0)
        }
        ForkResult::Parent { child } => Ok(Throwaway { pid: child, says: reader, deadline: Instant::now() + MOST }),
    }
}
// ANCHOR_END: in_child

impl Throwaway {
    /// What it has to say, if it says it in time.
    pub(super) fn finish(self) -> Tried {
        let mut said = Vec::new();
        let mut buffer = [0; 4096];
        while self.is_speaking() {
            match nix::unistd::read(&self.says, &mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(length) => said.extend_from_slice(&buffer[..length]),
            }
            if let Ok(tried) = serde_json::from_slice(&said) {
                return tried;
            }
        }
        Err(Trouble::no_answer())
    }

    fn is_speaking(&self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left.as_millis()).unwrap_or(PollTimeout::ZERO);
        poll(&mut [PollFd::new(self.says.as_fd(), PollFlags::POLLIN)], left).is_ok_and(|ready| ready > 0)
    }
}

impl Drop for Throwaway {
    /// One that has spoken has ended, or is about to; one that has not, never will.
    fn drop(&mut self) {
        let _ = kill(self.pid, Signal::SIGKILL);
        let _ = waitpid(self.pid, None);
    }
}

impl Waiting {
    /// A child that does nothing until it is not needed any more.
    pub(super) fn start() -> Result<Self, Trouble> {
        let (reader, writer) = pipe().during("pipe")?;
        match forked()? {
            ForkResult::Child => {
                drop(writer);
                let _ = set_pdeathsig(Signal::SIGKILL);
                let _ = File::from(reader).read(&mut [0]);
                leave(0)
            }
            ForkResult::Parent { child } => Ok(Self { pid: child, _leash: writer }),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = kill(self.pid, Signal::SIGKILL);
        let _ = waitpid(self.pid, None);
    }
}

#[expect(unsafe_code, reason = "fork(2) cannot be safe in general; watched by a_threaded_program_is_not_forked")]
fn forked() -> Result<ForkResult, Trouble> {
    let host: &dyn Host = &Here;
    assert!(host.threads() == 1, "a program with threads may not fork; run doctor, and read what it says");
    // SAFETY: a fork copies one thread. We have just seen that there is one, so the child misses no lock holder.
    unsafe { fork() }.during("fork")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::Verdict;

    #[test]
    fn a_threaded_program_is_not_forked() {
        let panicked = std::thread::spawn(|| in_child(|| Ok(Verdict::works()))).join();
        assert!(panicked.is_err());
    }
}
