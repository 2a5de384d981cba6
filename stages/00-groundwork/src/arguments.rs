//! How an argument is written: as strace(1) writes it, so that the two can be compared.

mod flags;
mod text;

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::signal::Signal;
use nix::unistd::{Gid, Pid, Uid};

pub use text::{Strings, quote};

/// How to spell what only a real run can know.
#[derive(Clone, Copy, Debug)]
pub struct Spelling {
    /// True when PIDs and descriptors are written as fixed words.
    pub rehearsing: bool,
}

/// Something that can stand between the parentheses of a call.
pub trait Argument {
    /// The argument as strace(1) writes it.
    fn spell(&self, spelling: Spelling) -> String;

    /// The descriptor that it is, if it is one.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// Words that strace(1) writes bare: a flag, a structure.
pub struct Bare<T>(pub T);

/// An environment, of which only the size is told.
pub struct Environment(pub usize);

/// The number of a descriptor, be it open or not.
pub struct Number(pub u32);

/// Permission bits, written in octal as chmod(1) takes them.
pub struct Mode(pub u32);

impl<T: AsRef<str>> Argument for Bare<T> {
    fn spell(&self, spelling: Spelling) -> String {
        text::fixed_words(self.0.as_ref(), spelling)
    }
}

impl Argument for Environment {
    fn spell(&self, _: Spelling) -> String {
        format!("/* {} {} */", self.0, if self.0 == 1 { "var" } else { "vars" })
    }
}

impl Argument for Number {
    fn spell(&self, spelling: Spelling) -> String {
        let is_the_same_everywhere = self.0 <= 3 || self.0 == u32::MAX;
        if spelling.rehearsing && !is_the_same_everywhere { "FD".to_owned() } else { self.0.to_string() }
    }
}

impl Argument for Mode {
    fn spell(&self, _: Spelling) -> String {
        // As "%#03o" of printf(3), which strace(1) uses: one zero leads, and there are three digits at least.
        let octal = if self.0 == 0 { String::new() } else { format!("0{:o}", self.0) };
        format!("{octal:0>3}")
    }
}

impl<T: Argument> Argument for Option<T> {
    fn spell(&self, spelling: Spelling) -> String {
        self.as_ref().map_or_else(|| "NULL".to_owned(), |argument| argument.spell(spelling))
    }
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Argument for $kind {
            fn spell(&self, _: Spelling) -> String {
                self.to_string()
            }
        }
    )*};
}

numbers!(i32, u32, i64, u64, usize, Uid, Gid);

impl Argument for Pid {
    fn spell(&self, spelling: Spelling) -> String {
        if spelling.rehearsing && self.as_raw() > 0 { "PID".to_owned() } else { self.to_string() }
    }
}

impl Argument for Signal {
    fn spell(&self, _: Spelling) -> String {
        self.as_str().to_owned()
    }
}

impl Argument for BorrowedFd<'_> {
    /// The number and what it is open on, as `strace -y` writes it.
    fn spell(&self, spelling: Spelling) -> String {
        let number = self.as_raw_fd();
        if number == nix::libc::AT_FDCWD {
            return "AT_FDCWD".to_owned();
        }
        if spelling.rehearsing {
            return "FD".to_owned();
        }
        match std::fs::read_link(format!("/proc/self/fd/{number}")) {
            Ok(file) => format!("{number}<{}>", file.display()),
            Err(_) => number.to_string(),
        }
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(*self)
    }
}

impl Argument for OwnedFd {
    fn spell(&self, spelling: Spelling) -> String {
        use std::os::fd::AsFd;
        self.as_fd().spell(spelling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUE: Spelling = Spelling { rehearsing: false };
    const FIXED: Spelling = Spelling { rehearsing: true };

    #[test]
    fn permissions_are_octal_with_one_leading_zero() {
        let spelled = [0, 0o7, 0o17, 0o755, 0o4755].map(|mode| Mode(mode).spell(TRUE));
        assert_eq!(spelled, ["000", "007", "017", "0755", "04755"]);
    }

    #[test]
    fn a_rehearsal_writes_a_fixed_word_for_a_pid() {
        let spelled = [FIXED, TRUE].map(|spelling| Pid::from_raw(7).spell(spelling));
        assert_eq!(spelled, ["PID", "7"]);
        assert_eq!(Pid::from_raw(-1).spell(FIXED), "-1");
    }
}
