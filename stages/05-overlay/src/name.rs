//! A name in an archive is a wish, written by whoever made the archive.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

/// The beginning of every name that is an instruction and not a file.
pub(crate) const WHITEOUT: &[u8] = b".wh.";

// ANCHOR: below_root
/// The path below the root of the layer that `name` asks for; empty for the root itself.
///
/// "/etc/passwd" and "./etc//passwd" are "etc/passwd", as for tar(1).
///
/// # Errors
/// The name has ".." in it: what it means depends on links, so no honest archive has one.
pub(crate) fn below_root(name: &[u8]) -> Result<PathBuf> {
    // EXERCISE overlay-4
    let shown = String::from_utf8_lossy(name);
    ensure!(!name.contains(&0), "{shown:?} has a NUL byte in it; no file can be named so");
    let mut path = PathBuf::new();
    for word in name.split(|byte| *byte == b'/') {
        ensure!(word != b"..", "{shown:?} has \"..\" in it: an archive may not climb");
        if !word.is_empty() && word != b"." {
            path.push(OsStr::from_bytes(word));
        }
    }
    Ok(path)
    // END overlay-4
}
// ANCHOR_END: below_root

/// What a name that begins with ".wh." asks for: see the OCI image specification, "Whiteouts".
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// `.wh.NAME`: NAME, brought by a layer below, is gone.
    Hide(PathBuf),
    /// `.wh..wh..opq`: so is everything in this directory that layers below have brought.
    HideAllIn(PathBuf),
    /// Any other `.wh..wh.…`: a note of aufs to itself.
    Bookkeeping,
}

// ANCHOR: instruction
/// The instruction that `path` is, if it is one.
///
/// # Errors
/// It would hide "." or "..", or nothing; or a directory is named like an instruction.
pub(crate) fn instruction(path: &Path) -> Result<Option<Instruction>> {
    let shown = path.display();
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return Ok(None) };
    if path.iter().any(|word| word.as_bytes().starts_with(b".wh..wh.")) {
        let opaque = name == ".wh..wh..opq" && !directory.iter().any(is_instruction);
        let hide_all = || Instruction::HideAllIn(directory.to_owned());
        return Ok(Some(if opaque { hide_all() } else { Instruction::Bookkeeping }));
    }
    ensure!(!directory.iter().any(is_instruction), "{shown}: a directory cannot be named like a whiteout");
    let Some(hidden) = name.as_bytes().strip_prefix(WHITEOUT) else { return Ok(None) };
    ensure!(
        !matches!(hidden, b"" | b"." | b".."),
        "{shown}: a whiteout of {:?}: it must name one file beside it",
        String::from_utf8_lossy(hidden)
    );
    Ok(Some(Instruction::Hide(directory.join(OsStr::from_bytes(hidden)))))
}
// ANCHOR_END: instruction

pub(crate) fn is_instruction(name: &OsStr) -> bool {
    name.as_bytes().starts_with(WHITEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(path: &str) -> Option<Instruction> {
        instruction(Path::new(path)).unwrap()
    }

    #[test]
    fn a_name_is_taken_below_the_root() {
        for (name, path) in [("/a/b", "a/b"), ("./a//b/", "a/b"), (".", ""), ("/", ""), ("", ""), ("...", "...")] {
            assert_eq!(below_root(name.as_bytes()).unwrap(), Path::new(path), "{name}");
        }
    }

    #[test]
    fn a_name_may_not_climb() {
        for name in ["..", "../a", "a/..", "a/../../b", "/..", "./../a", "a/..//"] {
            assert!(below_root(name.as_bytes()).is_err(), "{name}");
        }
        assert!(below_root(b"a\0b").is_err());
    }

    #[test]
    fn a_whiteout_names_one_file_beside_it() {
        assert_eq!(meant("a/.wh.b"), Some(Instruction::Hide("a/b".into())));
        assert_eq!(meant(".wh.b"), Some(Instruction::Hide("b".into())));
        assert_eq!(meant("a/.wh..wh..opq"), Some(Instruction::HideAllIn("a".into())));
        assert_eq!(meant(".wh..wh..opq"), Some(Instruction::HideAllIn("".into())));
        assert_eq!(meant(".wh..wh.plnk/1.2"), Some(Instruction::Bookkeeping));
        assert_eq!(meant("a/.wh"), None);
        assert_eq!(meant("a/b.wh.c"), None);
        assert_eq!(meant(""), None);
    }

    #[test]
    fn a_whiteout_of_the_parent_is_refused() {
        for path in [".wh.", ".wh..", ".wh...", "a/.wh.", "a/.wh..", "a/.wh...", ".wh.a/b"] {
            assert!(instruction(Path::new(path)).is_err(), "{path}");
        }
        assert_eq!(meant(".wh...."), Some(Instruction::Hide("...".into())));
    }
}
