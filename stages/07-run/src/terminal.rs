//! Our own terminal while a container sits at it: pty(7), termios(3).

use std::os::fd::BorrowedFd;

use anyhow::{Context, Result};
use rustix::stdio::{stdin, stdout};
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};

/// Our terminal in raw mode: every key goes to the container, `^C` too. Dropped, it is as before.
pub struct RawMode {
    before: Option<Termios>,
}

impl RawMode {
    /// Enters raw mode, if standard input is a terminal.
    ///
    /// # Errors
    /// EIO when the terminal is gone.
    pub fn enter() -> Result<Self> {
        if !isatty(stdin()) {
            return Ok(Self { before: None });
        }
        let before = tcgetattr(stdin()).context("cannot read the settings of the terminal")?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin(), OptionalActions::Now, &raw).context("cannot put the terminal into raw mode")?;
        Ok(Self { before: Some(before) })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(stdin(), OptionalActions::Now, before);
        }
    }
}

/// Gives the container's terminal the size of ours.
pub fn fit(terminal: BorrowedFd<'_>) {
    if let Ok(size) = tcgetwinsize(stdin()).or_else(|_| tcgetwinsize(stdout())) {
        let _ = tcsetwinsize(terminal, size);
    }
}

/// True when someone sits at both ends.
pub fn is_ours() -> bool {
    isatty(stdin()) && isatty(stdout())
}
