//! Ctrl-C in the middle of a layer: what is half done is taken away before the program ends.

use std::fmt::{Display, Formatter};
use std::io::{Error, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::ExitCode;

use anyhow::Result;
use groundwork::Kernel;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGPIPE, Signal::SIGTERM];

/// Signals that would end this process, held back until somebody asks.
pub struct Signals(SignalFd);

/// Bytes that come from somewhere or go there, until a signal says that it is enough.
pub struct Interruptible<T> {
    bytes: T,
    signals: SignalFd,
}

/// The signal that came; on its way up through code that reads or writes, it is an error like any other.
#[derive(Debug)]
pub struct Interrupted(Signal);

impl Signals {
    /// From here on they wait.
    ///
    /// # Errors
    /// EMFILE past the limit on descriptors.
    pub fn hold(kernel: &Kernel) -> Result<Self> {
        kernel
            .because("a signal that ended us would leave something half done: these wait until we ask for them")
            .sigprocmask_block(&ENDING)?;
        let ending: SigSet = ENDING.into_iter().collect();
        Ok(Self(SignalFd::with_flags(&ending, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?))
    }

    /// Makes an error of the next read or write when one has come.
    pub fn interrupt<T>(self, bytes: T) -> Interruptible<T> {
        Interruptible { bytes, signals: self.0 }
    }
}

impl<T> Interruptible<T> {
    fn check(&self) -> std::io::Result<()> {
        let Ok(Some(signal)) = self.signals.read_signal() else { return Ok(()) };
        let signal = Signal::try_from(signal.ssi_signo.cast_signed()).unwrap_or(Signal::SIGTERM);
        Err(Error::other(Interrupted(signal)))
    }

    /// Waits until there are bytes, or a signal: a pipe may have nothing to say for a long time. True for a signal.
    fn wait(&self, bytes: BorrowedFd<'_>) -> std::io::Result<bool> {
        let mut waited = [bytes, self.signals.as_fd()].map(|file| PollFd::new(file, PollFlags::POLLIN));
        poll(&mut waited, PollTimeout::NONE)?;
        Ok(waited[1].any() == Some(true))
    }
}

impl<T: Read + AsFd> Read for Interruptible<T> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.wait(self.bytes.as_fd())? {
            self.check()?;
        }
        self.bytes.read(into)
    }
}

impl<T: Write> Write for Interruptible<T> {
    fn write(&mut self, from: &[u8]) -> std::io::Result<usize> {
        self.check()?;
        // Who read from us may have ended: SIGPIPE comes with the refusal, and says it better.
        self.bytes.write(from).or_else(|error| self.check().and(Err(error)))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.bytes.flush()
    }
}

/// The status that a shell gives a program which a signal has ended, if that is what this error is.
///
/// # Errors
/// Any other error.
pub fn or_interrupted(error: anyhow::Error) -> Result<ExitCode> {
    let from_io = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<Error>()?.get_ref()?.downcast_ref::<Interrupted>().map(|interrupted| interrupted.0)
    };
    match error.chain().find_map(from_io) {
        Some(signal) => Ok(ExitCode::from(128 + signal as u8)),
        None => Err(error),
    }
}

impl Display for Interrupted {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "interrupted by {}", self.0)
    }
}

impl std::error::Error for Interrupted {}
