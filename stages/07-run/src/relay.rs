//! While the program runs: signals go in, and, with a terminal of its own, keys go in and characters come out.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use anyhow::Result;
use groundwork::Kernel;
use groundwork::kernel::Waited;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use rustix::stdio::stdin;

use crate::terminal::RawMode;

/// A process of ours.
#[derive(Debug)]
pub struct Child {
    /// As its parent numbers it.
    pub pid: Pid,
    /// Readable once it has ended: see pidfd_open(2).
    pub pidfd: OwnedFd,
}

impl Child {
    /// Waits for its end.
    ///
    /// # Errors
    /// None for a child of ours.
    pub fn wait(&self, kernel: &Kernel) -> Result<Waited> {
        kernel.because("its end is ours to note, and its PID free only then").wait4(self.pid)
    }

    /// Ends it, after something failed outside.
    pub fn end(&self, kernel: &Kernel) {
        // It may have ended by itself; what failed before is the error to report.
        let _ = kernel.because("without us it cannot begin").pidfd_send_signal(self.pidfd.as_fd(), Signal::SIGKILL);
        let _ = self.wait(kernel);
    }
}

/// What a user sends to the container by sending it to us.
const PASSED_ON: [Signal; 7] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
];

/// Who asks three times means it: PID 1 ignores what it has no handler for.
const PATIENCE: usize = 3;

/// Signals for the container, kept for it from before it begins; dropped, they mean us again.
#[derive(Debug)]
pub struct Signals {
    mask: SigSet,
    /// Readable when there is one.
    queue: SignalFd,
}

impl Signals {
    /// From here on, none of them ends us.
    ///
    /// # Errors
    /// EMFILE.
    pub fn hold() -> Result<Self> {
        let mask: SigSet = PASSED_ON.into_iter().collect();
        let queue = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC)?;
        mask.thread_block()?;
        Ok(Self { mask, queue })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let _ = self.mask.thread_unblock();
    }
}

/// Passes signals on, and moves bytes between `terminal` and our own, until the child ends.
///
/// # Errors
/// EIO and the like from our own terminal.
pub fn until_it_ends(kernel: &Kernel, child: &Child, signals: &Signals, terminal: Option<OwnedFd>) -> Result<Waited> {
    if kernel.is_rehearsing() {
        return child.wait(kernel);
    }
    let mut desk = Desk { kernel, child, signals, terminal: terminal.map(File::from), keys_end: false, asked: 0 };
    let raw = desk.terminal.as_ref().map(|_| RawMode::enter()).transpose()?;
    desk.fit_window();
    while desk.serve()? {}
    drop(raw);
    child.wait(kernel)
}

struct Desk<'a> {
    kernel: &'a Kernel,
    child: &'a Child,
    signals: &'a Signals,
    terminal: Option<File>,
    /// True once our standard input has ended.
    keys_end: bool,
    asked: usize,
}

impl Desk<'_> {
    /// Waits for something to do and does it. False when the child has ended and has nothing left to say.
    fn serve(&mut self) -> Result<bool> {
        let mut waiting = vec![
            PollFd::new(self.child.pidfd.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.queue.as_fd(), PollFlags::POLLIN),
        ];
        if let Some(terminal) = &self.terminal {
            waiting.push(PollFd::new(terminal.as_fd(), PollFlags::POLLIN));
            if !self.keys_end {
                waiting.push(PollFd::new(stdin(), PollFlags::POLLIN));
            }
        }
        match poll(&mut waiting, PollTimeout::NONE) {
            Err(Errno::EINTR) => return Ok(true),
            other => other?,
        };
        let is_ready = |at: usize| waiting.get(at).is_some_and(|one| one.any().unwrap_or(false));
        let (ended, signal, output, keys) = (is_ready(0), is_ready(1), is_ready(2), is_ready(3));
        if signal {
            self.pass_on_signal()?;
        }
        if keys {
            self.pass_on_keys(stdin())?;
        }
        let more = output && self.pass_on_output()?;
        Ok(more || !ended)
    }

    fn pass_on_signal(&mut self) -> Result<()> {
        let Some(info) = self.signals.queue.read_signal()? else { return Ok(()) };
        let signal = Signal::try_from(info.ssi_signo as i32)?;
        if signal == Signal::SIGWINCH {
            self.fit_window();
            return Ok(());
        }
        self.asked += 1;
        let signal = if self.asked >= PATIENCE { Signal::SIGKILL } else { signal };
        let sent = self
            .kernel
            .because("who signals us means the container")
            .pidfd_send_signal(self.child.pidfd.as_fd(), signal);
        // It may have ended a moment ago; we are about to learn so.
        sent.or_else(
            |error| if groundwork::Refused::errno_of(&error) == Some(Errno::ESRCH) { Ok(()) } else { Err(error) },
        )
    }

    fn pass_on_keys(&mut self, keys: BorrowedFd<'_>) -> Result<()> {
        let mut bytes = [0; 4096];
        let count = nix::unistd::read(keys, &mut bytes)?;
        self.keys_end = count == 0;
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        if self.keys_end {
            // What ^D is to a terminal: the program reads an end, as it would from a pipe.
            terminal.write_all(b"\x04")?;
        }
        Ok(terminal.write_all(&bytes[..count])?)
    }

    /// False when the other end of the terminal is closed, which a read says with EIO.
    fn pass_on_output(&mut self) -> Result<bool> {
        let Some(terminal) = &mut self.terminal else { return Ok(false) };
        let mut bytes = [0; 16 * 1024];
        match terminal.read(&mut bytes) {
            Ok(0) => self.terminal = None,
            Ok(count) => {
                std::io::stdout().write_all(&bytes[..count])?;
                std::io::stdout().flush()?;
                return Ok(true);
            }
            Err(error) if error.raw_os_error() == Some(nix::libc::EIO) => self.terminal = None,
            Err(error) => return Err(error.into()),
        }
        Ok(false)
    }

    fn fit_window(&self) {
        if let Some(terminal) = &self.terminal {
            crate::terminal::fit(terminal.as_fd());
        }
    }
}
