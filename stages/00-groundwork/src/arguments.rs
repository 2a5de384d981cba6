//! How an argument is written: as strace(1) writes it, so that the two can be compared.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::fmt::Write;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags};
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Pid, Uid};

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

/// A list of strings, as execve(2) takes it.
pub struct Strings<'a>(pub &'a [CString]);

/// An environment, of which only the size is told.
pub struct Environment(pub usize);

/// Permission bits, written in octal as chmod(1) takes them.
pub struct Mode(pub u32);

impl<T: AsRef<str>> Argument for Bare<T> {
    fn spell(&self, spelling: Spelling) -> String {
        fixed_words(self.0.as_ref(), spelling)
    }
}

impl Argument for Strings<'_> {
    fn spell(&self, _: Spelling) -> String {
        let quoted: Vec<_> = self.0.iter().map(|text| quote(text.to_bytes())).collect();
        format!("[{}]", quoted.join(", "))
    }
}

impl Argument for Environment {
    fn spell(&self, _: Spelling) -> String {
        format!("/* {} {} */", self.0, if self.0 == 1 { "var" } else { "vars" })
    }
}

impl Argument for Mode {
    fn spell(&self, _: Spelling) -> String {
        // As "%#03o" of printf(3), which strace(1) uses: one zero leads, and there are three digits at least.
        let octal = if self.0 == 0 { String::new() } else { format!("0{:o}", self.0) };
        format!("{octal:0>3}")
    }
}

impl Argument for [u8] {
    fn spell(&self, spelling: Spelling) -> String {
        fixed_words(&quote(self), spelling)
    }
}

macro_rules! quoted {
    ($($kind:ty => $bytes:expr),* $(,)?) => {$(
        impl Argument for $kind {
            fn spell(&self, spelling: Spelling) -> String {
                let bytes: fn(&Self) -> &[u8] = $bytes;
                bytes(self).spell(spelling)
            }
        }
    )*};
}

quoted! {
    &[u8] => |bytes| bytes,
    &str => |text| text.as_bytes(),
    &OsStr => |text| text.as_bytes(),
    &CStr => |text| text.to_bytes(),
    &Path => |path| path.as_os_str().as_bytes(),
    OsString => |text| text.as_bytes(),
    PathBuf => |path| path.as_os_str().as_bytes(),
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

macro_rules! flags {
    ($($kind:ty),*) => {$(
        impl Argument for $kind {
            fn spell(&self, _: Spelling) -> String {
                let known: Vec<_> = self.iter_names().map(|(name, _)| name.to_owned()).collect();
                join_flags(known, u64::from(self.bits() as u32), u64::from(self.iter_names().fold(0, |all, (_, one)| all | one.bits()) as u32))
            }
        }
    )*};
}

flags!(MsFlags, MntFlags);

impl Argument for CloneFlags {
    fn spell(&self, _: Spelling) -> String {
        let mut known: Vec<_> = self.iter_names().map(|(name, _)| name.to_owned()).collect();
        let mut told = self.iter_names().fold(0, |all, (_, one)| all | one.bits());
        // nix 0.31 has no name for it: the bit lies where clone(2) keeps its exit signal.
        if self.bits() & nix::libc::CLONE_NEWTIME != 0 {
            known.push("CLONE_NEWTIME".to_owned());
            told |= nix::libc::CLONE_NEWTIME;
        }
        join_flags(known, u64::from(self.bits() as u32), u64::from(told as u32))
    }
}

fn join_flags(mut names: Vec<String>, all: u64, told: u64) -> String {
    if all & !told != 0 {
        names.push(format!("{:#x}", all & !told));
    }
    if names.is_empty() { "0".to_owned() } else { names.join("|") }
}

/// A C string literal with the escapes that strace(1) uses.
pub fn quote(bytes: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted.push_str("\\\""),
            b'\\' => quoted.push_str("\\\\"),
            b'\n' => quoted.push_str("\\n"),
            b'\t' => quoted.push_str("\\t"),
            b'\r' => quoted.push_str("\\r"),
            0x0b => quoted.push_str("\\v"),
            0x0c => quoted.push_str("\\f"),
            b' '..=b'~' => quoted.push(char::from(byte)),
            // Three digits only where the next byte is a digit too, and would be read as one more.
            _ if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {
                let _ = write!(quoted, "\\{byte:03o}");
            }
            _ => {
                let _ = write!(quoted, "\\{byte:o}");
            }
        }
    }
    quoted.push('"');
    quoted
}

/// While rehearsing, writes `/proc/PID` where a real run would write a number.
fn fixed_words(text: &str, spelling: Spelling) -> String {
    if !spelling.rehearsing {
        return text.to_owned();
    }
    let mut parts = text.split("/proc/");
    let mut fixed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
        fixed.push_str("/proc/");
        fixed.push_str(if rest.len() < part.len() { "PID" } else { "" });
        fixed.push_str(rest);
    }
    fixed
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUE: Spelling = Spelling { rehearsing: false };
    const FIXED: Spelling = Spelling { rehearsing: true };

    #[test]
    fn strings_are_quoted_as_strace_quotes_them() {
        assert_eq!("a\"\\\n\u{e9}".spell(TRUE), r#""a\"\\\n\303\251""#);
        assert_eq!(b"\x011".as_slice().spell(TRUE), r#""\0011""#);
    }

    #[test]
    fn flags_bear_their_names() {
        assert_eq!((MsFlags::MS_REC | MsFlags::MS_PRIVATE).spell(TRUE), "MS_REC|MS_PRIVATE");
        assert_eq!(MsFlags::empty().spell(TRUE), "0");
        let time = CloneFlags::from_bits_retain(nix::libc::CLONE_NEWTIME);
        assert_eq!((time | CloneFlags::CLONE_NEWNET).spell(TRUE), "CLONE_NEWNET|CLONE_NEWTIME");
    }

    #[test]
    fn permissions_are_octal_with_one_leading_zero() {
        let spelled = [0, 0o7, 0o17, 0o755, 0o4755].map(|mode| Mode(mode).spell(TRUE));
        assert_eq!(spelled, ["000", "007", "017", "0755", "04755"]);
    }

    #[test]
    fn a_rehearsal_writes_fixed_words_for_pids() {
        assert_eq!("/proc/123/uid_map".spell(FIXED), r#""/proc/PID/uid_map""#);
        assert_eq!("/proc/self/uid_map".spell(FIXED), r#""/proc/self/uid_map""#);
        assert_eq!("/proc/123/uid_map".spell(TRUE), r#""/proc/123/uid_map""#);
        assert_eq!(Pid::from_raw(7).spell(FIXED), "PID");
    }
}
