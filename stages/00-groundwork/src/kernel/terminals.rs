//! Terminals, and which descriptor a program finds them on: ioctl_tty(2), dup2(2).

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use anyhow::Result;
use nix::errno::Errno;
use nix::libc;
use rustix::pty::OpenptFlags;

use crate::arguments::{Argument, Bare};
use crate::kernel::Because;
use crate::kernel::files::Count;
use crate::kernel::mounts::errno;

impl Because<'_> {
    /// ioctl_tty(2), TIOCSPTLCK with 0: let the other end of a new pseudoterminal be opened.
    ///
    /// # Errors
    /// ENOTTY when it is none.
    pub fn ioctl_tiocsptlck(self, terminal: BorrowedFd<'_>) -> Result<()> {
        self.ask("ioctl", &[&terminal, &Bare("TIOCSPTLCK"), &Bare("[0]")], || {
            rustix::pty::unlockpt(terminal).map_err(errno)
        })
    }

    /// ioctl_tty(2), TIOCGPTPEER: the other end of a pseudoterminal. Since Linux 4.13.
    ///
    /// # Errors
    /// EIO while it is locked.
    pub fn ioctl_tiocgptpeer(self, terminal: BorrowedFd<'_>) -> Result<OwnedFd> {
        let flags = Bare("O_RDWR|O_NOCTTY|O_CLOEXEC");
        self.ask("ioctl", &[&terminal, &Bare("TIOCGPTPEER"), &flags], || {
            let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
            rustix::pty::ioctl_tiocgptpeer(terminal, flags).map_err(errno)
        })
    }

    /// ioctl_tty(2), TIOCSCTTY: make it the controlling terminal of this session.
    ///
    /// # Errors
    /// EPERM when this process leads no session, or when another session has the terminal.
    pub fn ioctl_tiocsctty(self, terminal: BorrowedFd<'_>) -> Result<()> {
        self.ask("ioctl", &[&terminal, &Bare("TIOCSCTTY"), &Bare("0")], || {
            rustix::process::ioctl_tiocsctty(terminal).map_err(errno)
        })
    }

    /// ioctl_tty(2), TIOCNOTTY: have no controlling terminal. When the leader of a session asks, nobody in it has one any
    /// more, and who is in the foreground is sent SIGHUP and SIGCONT.
    ///
    /// # Errors
    /// ENOTTY when it is not the controlling terminal.
    #[expect(unsafe_code, reason = "this ioctl has no safe form; watched by a_key_is_one_signal_below_init_too")]
    pub fn ioctl_tiocnotty(self, terminal: BorrowedFd<'_>) -> Result<()> {
        self.ask("ioctl", &[&terminal, &Bare("TIOCNOTTY")], || {
            // SAFETY: the request takes no argument, and touches no memory of ours.
            Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCNOTTY) }).map(drop)
        })
    }

    /// dup2(2) to 0, 1 or 2: what a program finds its terminal, its files or its pipes on.
    ///
    /// # Errors
    /// None for a descriptor that is open.
    #[expect(unsafe_code, reason = "a descriptor is replaced under its owner; watched by a_terminal_is_handed_over")]
    pub fn dup2(self, descriptor: BorrowedFd<'_>, number: i32) -> Result<()> {
        let words: &[&dyn Argument] = &[&descriptor, &number];
        let make = || {
            // SAFETY: only the three standard descriptors are replaced, which std never closes and treats as shared.
            Errno::result(unsafe { libc::dup2(descriptor.as_raw_fd(), number) })
        };
        let answer = if self.kernel.is_rehearsing() { Ok(number) } else { make() };
        self.answered("dup2", words, answer.map(|number| Count(number as usize))).map(drop)
    }
}
