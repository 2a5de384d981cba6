//! Signals: which of them may interrupt.

use anyhow::Result;
use nix::sys::signal::{SigSet, Signal};

use crate::arguments::Bare;
use crate::kernel::Because;

impl Because<'_> {
    /// sigprocmask(2), SIG_BLOCK: let these signals wait instead of ending this process.
    ///
    /// # Errors
    /// None for valid signals.
    pub fn sigprocmask_block(self, signals: &[Signal]) -> Result<()> {
        self.sigprocmask("SIG_BLOCK", signals, SigSet::thread_block)
    }

    /// sigprocmask(2), SIG_UNBLOCK: let them through again. A program that is executed keeps what its caller blocked.
    ///
    /// # Errors
    /// None for valid signals.
    pub fn sigprocmask_unblock(self, signals: &[Signal]) -> Result<()> {
        self.sigprocmask("SIG_UNBLOCK", signals, SigSet::thread_unblock)
    }

    fn sigprocmask(self, how: &str, signals: &[Signal], make: fn(&SigSet) -> nix::Result<()>) -> Result<()> {
        let names: Vec<_> = signals.iter().map(|signal| signal.as_str().trim_start_matches("SIG")).collect();
        let set: SigSet = signals.iter().copied().collect();
        let words = format!("[{}]", names.join(" "));
        self.ask("rt_sigprocmask", &[&Bare(how), &Bare(words), &Bare("NULL"), &8], || make(&set))
    }
}
