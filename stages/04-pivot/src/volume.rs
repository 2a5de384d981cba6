//! Volumes: files and directories of the host that outlive the container.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail, ensure};
use groundwork::{Kernel, Refused, WithHint};
use nix::errno::Errno;
use nix::mount::MsFlags;

use crate::read_only::{make_held_read_only, make_tree_read_only};

/// `SRC:DST` or `SRC:DST:ro`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// A file or directory of the host.
    pub source: PathBuf,
    /// Where it appears inside.
    pub target: PathBuf,
    /// True when it may not be written from inside.
    pub read_only: bool,
}

/// A volume in the hand: taken from the host, and attached nowhere yet.
#[derive(Debug)]
pub struct Held {
    mount: OwnedFd,
    target: PathBuf,
    read_only: bool,
}

impl Volume {
    /// Reads `SRC:DST[:ro]`.
    ///
    /// # Errors
    /// A part is missing, DST is no plain absolute path, or the last word is neither `ro` nor `rw`.
    pub fn parse(text: &OsStr) -> Result<Self> {
        let parts: Vec<&[u8]> = text.as_bytes().split(|byte| *byte == b':').collect();
        let (source, target, read_only) = match parts[..] {
            [source, target] | [source, target, b"rw"] => (source, target, false),
            [source, target, b"ro"] => (source, target, true),
            [_, _, other] => bail!("{:?} is neither ro nor rw", String::from_utf8_lossy(other)),
            _ => bail!("{text:?} is not of the form SRC:DST or SRC:DST:ro"),
        };
        let path = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
        ensure!(!source.is_empty(), "SRC is empty; name a file or directory of this host");
        Ok(Self { source: path(source), target: place(path(target))?, read_only })
    }

    // ANCHOR: hold
    /// Takes the volume in the hand while the host can still be seen.
    ///
    /// # Errors
    /// Those of open_tree(2).
    pub fn hold(&self, kernel: &Kernel) -> Result<Held> {
        let mount = kernel
            .because("its place lies in the new root, and its source in the old one: both are never seen at once")
            .open_tree(&self.source)?;
        Ok(Held { mount, target: self.target.clone(), read_only: self.read_only })
    }
    // ANCHOR_END: hold
}

// ANCHOR: attach
impl Held {
    /// Puts the volume at its place, after the old root is gone: a symbolic link in the image leads nowhere else.
    ///
    /// # Errors
    /// ENOENT when there is no such place; those of move_mount(2) and mount_setattr(2).
    pub fn attach(&self, kernel: &Kernel) -> Result<()> {
        // EXERCISE pivot-4
        // Before it has a place: a path could have come to mean another mount by then.
        let is_said = !self.read_only
            || make_held_read_only(kernel, self.mount.as_fd(), "this volume was asked for as read-only")?;
        kernel
            .because("what is written here stays on the host when the container is gone")
            .move_mount_following(self.mount.as_fd(), &self.target)
            .hint_with(|error| self.missing(error))?;
        if is_said { Ok(()) } else { make_tree_read_only(kernel, &self.target, "an older kernel must be told now") }
        // END pivot-4
    }

    fn missing(&self, error: &anyhow::Error) -> Option<String> {
        let is_missing = Refused::errno_of(error) == Some(Errno::ENOENT);
        is_missing.then(|| format!("there is no {} inside; make it in the root first", self.target.display()))
    }
}
// ANCHOR_END: attach

/// Mounts an empty directory that lives in memory.
///
/// # Errors
/// ENOENT when there is no such place; those of mount(2).
pub fn mount_tmpfs(kernel: &Kernel, place: &Path) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    kernel.because("what is written here is gone with the mount namespace").mount(
        Some("tmpfs".as_ref()),
        place,
        Some("tmpfs"),
        flags,
        Some("mode=1777"),
    )
}

/// A place inside: an absolute path without "..", so that the same place always bears the same name.
pub(crate) fn place(path: PathBuf) -> Result<PathBuf> {
    ensure!(path.is_absolute(), "{path:?} is not absolute; a place inside begins with \"/\"");
    ensure!(!path.components().any(|part| part == Component::ParentDir), "{path:?}: \"..\" has no place in a DST");
    let plain: PathBuf = path.components().collect();
    ensure!(plain != Path::new("/"), "\"/\" is the root itself; name a place below it");
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Volume> {
        Volume::parse(text.as_ref())
    }

    #[test]
    fn a_volume_has_a_source_a_target_and_perhaps_a_word() {
        let volume =
            |source: &str, target: &str, read_only| Volume { source: source.into(), target: target.into(), read_only };
        assert_eq!(parsed("/srv/data:/data").unwrap(), volume("/srv/data", "/data", false));
        assert_eq!(parsed("data:/data:ro").unwrap(), volume("data", "/data", true));
        assert_eq!(parsed(".:/a//b/./c/:rw").unwrap(), volume(".", "/a/b/c", false));
    }

    #[test]
    fn a_path_need_not_be_utf8() {
        let volume = Volume::parse(OsStr::from_bytes(b"/srv/\xff:/\xfe:ro")).unwrap();
        assert_eq!(volume.source.as_os_str().as_bytes(), b"/srv/\xff");
        assert_eq!(volume.target.as_os_str().as_bytes(), b"/\xfe");
    }

    #[test]
    fn what_is_no_volume_is_refused_in_words() {
        for (text, words) in [
            ("/data", "not of the form"),
            ("a:/b:ro:more", "not of the form"),
            ("a:/b:rx", "neither ro nor rw"),
            ("a:b", "not absolute"),
            ("a:/", "the root itself"),
            ("a:/b/../c", "\"..\""),
            (":/b", "SRC is empty"),
        ] {
            let error = parsed(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
