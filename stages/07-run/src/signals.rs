//! Signals that come to us and are meant for the container, and when it is enough of them.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

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

    /// One that has come; waits for it unless this can be read.
    ///
    /// # Errors
    /// None for a signal that was held.
    pub fn next(&self) -> Result<Option<Signal>> {
        Ok(self.queue.read_signal()?.map(|info| Signal::try_from(info.ssi_signo.cast_signed())).transpose()?)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let _ = self.mask.thread_unblock();
    }
}

/// Who asks three times means it: PID 1 ignores what it has no handler for.
const TIMES: usize = 3;

/// Within this time. Who asked an hour ago may have meant something else.
const A_WHILE: Duration = Duration::from_secs(5);

/// Remembers who asked, and when.
#[derive(Debug, Default)]
pub struct Patience {
    asked: Vec<Instant>,
}

impl Patience {
    /// True when `signal`, which came `now`, is the last of several that ask for an end. SIGHUP is none of them: to many
    /// programs it says "read your settings again", and SIGUSR1 whatever they have made of it.
    pub fn ends_with(&mut self, signal: Signal, now: Instant) -> bool {
        if !matches!(signal, Signal::SIGINT | Signal::SIGQUIT | Signal::SIGTERM) {
            return false;
        }
        self.asked.retain(|before| now.duration_since(*before) < A_WHILE);
        self.asked.push(now);
        self.asked.len() >= TIMES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it ended with the last of these, each at its second.
    fn ends(signals: &[(Signal, u64)]) -> bool {
        let (start, mut patience) = (Instant::now(), Patience::default());
        let ends = |(signal, second): &(Signal, u64)| patience.ends_with(*signal, start + Duration::from_secs(*second));
        signals.iter().map(ends).last() == Some(true)
    }

    #[test]
    fn three_at_once_are_enough() {
        assert!(!ends(&[(Signal::SIGTERM, 0), (Signal::SIGTERM, 0)]));
        assert!(ends(&[(Signal::SIGTERM, 0), (Signal::SIGINT, 1), (Signal::SIGQUIT, 2)]));
    }

    #[test]
    fn three_in_an_hour_are_not() {
        assert!(!ends(&[(Signal::SIGTERM, 0), (Signal::SIGTERM, 1800), (Signal::SIGTERM, 3600)]));
        assert!(!ends(&[(Signal::SIGINT, 0), (Signal::SIGINT, 4), (Signal::SIGINT, 8)]));
        assert!(ends(&[(Signal::SIGINT, 0), (Signal::SIGINT, 100), (Signal::SIGINT, 101), (Signal::SIGINT, 102)]));
    }

    #[test]
    fn other_signals_ask_for_something_else() {
        assert!(!ends(&[(Signal::SIGHUP, 0); 9]));
        assert!(!ends(&[(Signal::SIGTERM, 0), (Signal::SIGTERM, 0), (Signal::SIGUSR1, 0)]));
    }
}
