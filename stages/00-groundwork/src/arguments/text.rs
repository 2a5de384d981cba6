//! Names, paths and other text: quoted as strace(1) quotes it, with fixed words where a rehearsal cannot know the number.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::arguments::{Argument, Spelling};

/// A list of strings, as execve(2) takes it.
pub struct Strings<'a>(pub &'a [CString]);

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

impl Argument for Strings<'_> {
    fn spell(&self, _: Spelling) -> String {
        let quoted: Vec<_> = self.0.iter().map(|text| quote(text.to_bytes())).collect();
        format!("[{}]", quoted.join(", "))
    }
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
pub(super) fn fixed_words(text: &str, spelling: Spelling) -> String {
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
    fn a_rehearsal_writes_fixed_words_in_paths() {
        assert_eq!("/proc/123/uid_map".spell(FIXED), r#""/proc/PID/uid_map""#);
        assert_eq!("/proc/self/uid_map".spell(FIXED), r#""/proc/self/uid_map""#);
        assert_eq!("/proc/123/uid_map".spell(TRUE), r#""/proc/123/uid_map""#);
    }
}
