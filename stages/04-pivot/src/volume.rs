//! Volumes: directories of the host that outlive the container.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use groundwork::Kernel;

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
    /// A part is missing, DST is not absolute, or the last word is neither `ro` nor `rw`.
    pub fn parse(text: &OsStr) -> Result<Self> {
        let parts: Vec<&[u8]> = text.as_bytes().split(|byte| *byte == b':').collect();
        let (source, target, read_only) = match parts[..] {
            [source, target] | [source, target, b"rw"] => (source, target, false),
            [source, target, b"ro"] => (source, target, true),
            [_, _, other] => bail!("{:?} is neither ro nor rw", String::from_utf8_lossy(other)),
            _ => bail!("{text:?} is not of the form SRC:DST or SRC:DST:ro"),
        };
        let path = |bytes: &[u8]| PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()));
        let (source, target) = (path(source), path(target));
        ensure!(target.is_absolute(), "{target:?} is not absolute; the place inside begins with \"/\"");
        ensure!(target != Path::new("/"), "\"/\" is the root itself; name a directory below it");
        Ok(Self { source, target, read_only })
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
        kernel
            .because("what is written here stays on the host when the container is gone")
            .move_mount(self.mount.as_fd(), &self.target)?;
        if self.read_only {
            kernel.because("this volume was asked for as read-only").mount_setattr_rdonly(&self.target, true)?;
        }
        Ok(())
    }
}
// ANCHOR_END: attach
