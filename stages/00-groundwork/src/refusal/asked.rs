//! What was asked of the kernel when it refused, as the families of hints look at it.

use std::ffi::OsString;
use std::fmt::Display;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::host::Host;

/// A refused request, and the host that refused it.
pub(super) struct Asked<'a> {
    pub(super) name: &'a str,
    /// The arguments as strace(1) writes them.
    pub(super) words: &'a [String],
    pub(super) errno: Errno,
    /// What the file system being made said about it: see fsopen(2).
    pub(super) said: Option<String>,
    pub(super) host: &'a dyn Host,
}

impl<'a> Asked<'a> {
    pub(super) fn word(&self, index: usize) -> &'a str {
        self.words.get(index).map_or("", String::as_str)
    }

    /// True when an argument contains these letters: a flag, most often.
    pub(super) fn says(&self, letters: &str) -> bool {
        self.words.iter().any(|word| word.contains(letters))
    }

    /// The file that an argument names, for people to read.
    pub(super) fn shown(&self, index: usize) -> String {
        self.path(index).map_or_else(|| self.word(index).to_owned(), |path| path.display().to_string())
    }

    /// The string that an argument is, without its quotes.
    pub(super) fn text(&self, index: usize) -> Option<String> {
        Some(String::from_utf8_lossy(&unquote(self.word(index))?).into_owned())
    }

    /// The file that an argument names, or is open on.
    pub(super) fn path(&self, index: usize) -> Option<PathBuf> {
        let word = self.word(index);
        if let Some(quoted) = unquote(word) {
            return Some(PathBuf::from(OsString::from_vec(quoted)));
        }
        let open_on = word.split_once('<')?.1.strip_suffix('>')?;
        open_on.starts_with('/').then(|| PathBuf::from(open_on))
    }
}

/// A hint: why the kernel refused, and what to do about it.
#[expect(clippy::unnecessary_wraps, reason = "each row of a table is a hint or none")]
pub(super) fn say(why: impl Display, remedy: impl Display) -> Option<String> {
    Some(format!("{why}; {remedy}"))
}

/// The plain bytes of a C string literal.
fn unquote(word: &str) -> Option<Vec<u8>> {
    let inside = word.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    let mut plain = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let [first, after @ ..] = rest {
        let (byte, after) = if *first == b'\\' { escaped(after)? } else { (*first, after) };
        plain.push(byte);
        rest = after;
    }
    Some(plain)
}

/// The byte that an escape stands for, and what comes after it.
fn escaped(rest: &[u8]) -> Option<(u8, &[u8])> {
    let digits = rest.iter().take(3).take_while(|byte| (b'0'..b'8').contains(byte)).count();
    if digits > 0 {
        let value = rest[..digits].iter().fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
        return Some((u8::try_from(value).ok()?, &rest[digits..]));
    }
    let (letter, after) = rest.split_first()?;
    let byte = match letter {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'v' => 0x0b,
        b'f' => 0x0c,
        plain => *plain,
    };
    Some((byte, after))
}

/// A file system that is being made answers read(2) with what it has to say, one message each time: see fsopen(2).
pub(super) fn said_by_file_system(descriptor: BorrowedFd<'_>) -> Option<String> {
    use std::os::fd::AsRawFd;
    let link = std::fs::read_link(format!("/proc/self/fd/{}", descriptor.as_raw_fd())).ok()?;
    if link.as_os_str() != "anon_inode:[fscontext]" {
        return None;
    }
    let mut message = [0; 1024];
    let mut last = None;
    while let Ok(length @ 1..) = nix::unistd::read(descriptor, &mut message) {
        let text = String::from_utf8_lossy(&message[..length]);
        // The first letter tells an error from a warning.
        last = text.trim().get(2..).map(str::to_owned);
    }
    last
}

/// Asks for the hint of a call written as strace(1) writes it, on a host made up of files.
#[cfg(test)]
pub(super) fn hint_on(host: &dyn Host, name: &str, words: &[&str], errno: Errno) -> Option<String> {
    let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
    super::hint(&Asked { name, words: &words, errno, said: None, host })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::quote;

    #[test]
    fn unquoting_undoes_quoting() {
        for bytes in [b"plain".as_slice(), b"\"\\\n\t\r\x0b\x0c", b"\x001\xff9\xc3\xa9", b""] {
            assert_eq!(unquote(&quote(bytes)).as_deref(), Some(bytes));
        }
        assert_eq!(unquote("MS_BIND"), None);
    }

    #[test]
    fn a_path_is_read_from_a_string_and_from_a_descriptor() {
        let words = ["\"/a b\"".to_owned(), "5</proc/7/uid_map>".to_owned(), "3<uts:[402]>".to_owned()];
        let host = crate::host::Elsewhere::ordinary();
        let asked = Asked { name: "", words: &words, errno: Errno::EPERM, said: None, host: &host };
        assert_eq!(asked.path(0), Some("/a b".into()));
        assert_eq!(asked.path(1), Some("/proc/7/uid_map".into()));
        assert_eq!(asked.path(2), None);
        assert_eq!(asked.path(3), None);
    }
}
