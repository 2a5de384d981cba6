//! Staying with a command until it ends, whatever signals come, because somebody has to remove its cgroup.

use std::os::fd::{AsFd, BorrowedFd};

use anyhow::Result;
use groundwork::kernel::Waited;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

use crate::cgroup::Cgroup;

/// What usually ends a program.
const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// Holds back the signals that would end this process, and hears of them instead.
#[derive(Debug)]
pub struct Watch {
    signals: SignalFd,
}

impl Watch {
    /// From here on they wait.
    ///
    /// # Errors
    /// EMFILE past the limit on descriptors.
    pub fn begin(kernel: &Kernel) -> Result<Self> {
        kernel
            .because("a signal that ended us would leave the cgroup behind: these wait until we ask for them")
            .sigprocmask_block(&ENDING)?;
        let ending: SigSet = ENDING.into_iter().collect();
        Ok(Self { signals: SignalFd::with_flags(&ending, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)? })
    }

    /// In the child: what is executed keeps the signals that are blocked, and would not even hear Ctrl-C.
    ///
    /// # Errors
    /// None for valid signals.
    pub fn end(kernel: &Kernel) -> Result<()> {
        kernel.because("the command gets its signals as if we were not there").sigprocmask_unblock(&ENDING)
    }

    /// A signal that came before there was anybody to pass it on to.
    pub fn early(&self) -> Option<Signal> {
        let signal = self.signals.read_signal().ok()??;
        Signal::try_from(signal.ssi_signo as i32).ok()
    }

    // ANCHOR: attend
    /// Waits until `child` ends. The first signal is passed on to it; the second one ends everybody inside.
    ///
    /// # Errors
    /// None for a child of ours.
    pub fn attend(&self, kernel: &Kernel, cgroup: &Cgroup, child: Pid, pidfd: BorrowedFd<'_>) -> Result<Waited> {
        let mut heard = 0;
        // A rehearsal has blocked no signal, so there is none to wait for.
        while !kernel.is_rehearsing() && !has_ended(pidfd, self.signals.as_fd())? {
            let Some(signal) = self.signals.read_signal()? else { continue };
            // The terminal sends Ctrl-C to the command itself as well; a second one would be one too many.
            let is_from_terminal = signal.ssi_code == libc::SI_KERNEL;
            heard += 1;
            if heard > 1 {
                cgroup.kill(kernel)?;
            } else if !is_from_terminal {
                let signal = Signal::try_from(signal.ssi_signo as i32)?;
                let sent = kernel.because("who signals us means the command").pidfd_send_signal(pidfd, signal);
                or_gone(sent)?;
            }
        }
        kernel.because("the command's status shall be ours").wait4(child)
    }
    // ANCHOR_END: attend
}

/// Waits for an end or a signal. A pidfd is readable once its process has ended: see pidfd_open(2).
fn has_ended(pidfd: BorrowedFd<'_>, signals: BorrowedFd<'_>) -> Result<bool> {
    let mut waiting = [PollFd::new(pidfd, PollFlags::POLLIN), PollFd::new(signals, PollFlags::POLLIN)];
    match poll(&mut waiting, PollTimeout::NONE) {
        Err(Errno::EINTR) => Ok(false),
        other => other.map(|_| waiting[0].any().unwrap_or(false)).map_err(Into::into),
    }
}

fn or_gone(sent: Result<()>) -> Result<()> {
    match sent {
        Err(error) if Refused::errno_of(&error) == Some(Errno::ESRCH) => Ok(()),
        other => other,
    }
}
