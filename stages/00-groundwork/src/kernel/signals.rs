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
        let names: Vec<_> = signals.iter().map(|signal| signal.as_str().trim_start_matches("SIG")).collect();
        let set: SigSet = signals.iter().copied().collect();
        let words = format!("[{}]", names.join(" "));
        self.ask("rt_sigprocmask", &[&Bare("SIG_BLOCK"), &Bare(words), &Bare("NULL"), &8], || set.thread_block())
    }
}
