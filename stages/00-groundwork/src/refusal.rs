//! What an errno means for the call that got it, and what to try: the hint line.

use std::fmt::{Display, Formatter};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;

use crate::arguments::{Argument, Spelling};

/// A call that the kernel refused.
#[derive(Debug)]
pub struct Refused {
    /// The call's name in section 2 of the manual.
    pub name: &'static str,
    /// The call with its true arguments.
    pub call: String,
    /// The kernel's answer.
    pub errno: Errno,
    /// What that means here, and what to try.
    pub hint: Option<String>,
}

impl Refused {
    /// Looks for the hint at once: a moment later this process may have another root, or be gone.
    pub(crate) fn new(name: &'static str, arguments: &[&dyn Argument], errno: Errno) -> Self {
        let spelling = Spelling { rehearsing: false };
        let words: Vec<_> = arguments.iter().map(|one| one.spell(spelling)).collect();
        let path = arguments.first().and_then(|argument| argument.path());
        let hint = hint(name, &words, path, errno);
        Self { name, call: format!("{name}({})", words.join(", ")), errno, hint }
    }

    /// The kernel's answer behind an error, if a call was refused.
    pub fn errno_of(error: &anyhow::Error) -> Option<Errno> {
        error.downcast_ref::<Self>().map(|refused| refused.errno)
    }
}

impl Display for Refused {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let mut words = self.errno.desc().to_owned();
        // The field writes errors in lower case, names such as "RFS" aside.
        if words.chars().nth(1).is_some_and(char::is_lowercase) {
            words[..1].make_ascii_lowercase();
        }
        write!(formatter, "{}: {:?}: {words}", self.call, self.errno)
    }
}

impl std::error::Error for Refused {}

fn hint(name: &str, words: &[String], path: Option<&Path>, errno: Errno) -> Option<String> {
    let said = |fragment: &str| words.iter().any(|word| word.contains(fragment));
    Some(match (name, errno) {
        ("execve", Errno::ENOENT) => return path.and_then(missing_interpreter),
        _ if said("CLONE_NEWUSER") && errno == Errno::EPERM => {
            "this host forbids user namespaces; run `cargo run -p groundwork --bin doctor` to learn who does".to_owned()
        }
        _ => return None,
    })
}

/// execve(2) says ENOENT of a program that exists when its loader or interpreter does not.
fn missing_interpreter(program: &Path) -> Option<String> {
    let content = std::fs::read(program).ok()?;
    let interpreter = interpreter(&content)?;
    let interpreter = Path::new(std::ffi::OsStr::from_bytes(interpreter));
    (!interpreter.exists()).then(|| {
        format!(
            "{} is there, but what runs it is not: {} is missing in this root; copy it there, with the libraries it loads",
            program.display(),
            interpreter.display(),
        )
    })
}

/// The interpreter that a program names: after `#!`, or in the PT_INTERP header of a 64-bit ELF file, see elf(5).
fn interpreter(content: &[u8]) -> Option<&[u8]> {
    if let Some(line) = content.strip_prefix(b"#!") {
        let line = line.split(|byte| *byte == b'\n').next()?.trim_ascii_start();
        return line.split(u8::is_ascii_whitespace).next().filter(|name| !name.is_empty());
    }
    const PT_INTERP: u64 = 3;
    let number = |at: usize, size: usize| -> Option<u64> {
        let bytes = content.get(at..at.checked_add(size)?)?;
        Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    };
    let is_elf64_little_endian = content.starts_with(b"\x7fELF\x02\x01");
    if !is_elf64_little_endian {
        return None;
    }
    let (table, entry, entries) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    let header = (0..entries)
        .filter_map(|index| usize::try_from(table.checked_add(index * entry)?).ok())
        .find(|header| number(*header, 4) == Some(PT_INTERP))?;
    let (start, size) = (usize::try_from(number(header + 8, 8)?).ok()?, usize::try_from(number(header + 32, 8)?).ok()?);
    content.get(start..start.checked_add(size)?)?.split(|byte| *byte == 0).next()
}
