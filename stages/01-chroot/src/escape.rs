//! The walk out of a chroot: why another root is not a wall.

use std::fmt::{Display, Formatter};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use groundwork::Kernel;

/// Which directory is "/": a device and an inode on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    device: u64,
    inode: u64,
}

/// Where a walk began, and where it ended.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    /// What "/" was.
    pub before: Root,
    /// What "/" is now.
    pub after: Root,
}

/// A name that nothing has.
const STEP: &str = ".way-out";
/// More steps up than most roots lie deep.
const UP: &str = "../../../../../../../../../../../../../../../..";

// ANCHOR: walk_out
/// Tries to leave the root that this process has.
///
/// The kernel stops ".." at the root directory of the process, and nowhere else. So the root is moved below the working
/// directory, which chroot(2) leaves where it is; from there ".." is free.
///
/// # Errors
/// EPERM without CAP_SYS_CHROOT; a root in which there is no directory and none can be made.
pub fn walk_out(kernel: &Kernel) -> Result<Walk> {
    let before = Root::of("/")?;
    kernel.because("the walk begins at the top of this root").chdir("/")?;
    step_down(kernel)?;
    step_up(kernel)?;
    kernel.because("the top of the tree becomes our root: we are out, if this was only a chroot").chroot(".")?;
    // A rehearsal has walked nowhere: what it looks up from here on lies outside.
    kernel.rehearse_root(vec![PathBuf::from("/")]);
    Ok(Walk { before, after: Root::of("/")? })
}

/// Moves the root below the working directory.
fn step_down(kernel: &Kernel) -> Result<()> {
    // EXERCISE lab-walk-out
    let made = kernel.because("any directory will do, and a new one is no one else's").mkdir(STEP, 0o700);
    let step = if made.is_ok() { PathBuf::from(STEP) } else { some_directory()? };
    let entered = kernel
        .because("the root moves down, and the working directory does not: it is above the root now, where .. is free")
        .chroot(&step);
    if made.is_ok() {
        kernel.because("a root needs no name: nothing is left behind").rmdir(STEP)?;
    }
    entered
    // END lab-walk-out
}

/// Follows ".." until it leads nowhere.
fn step_up(kernel: &Kernel) -> Result<()> {
    // EXERCISE lab-walk-out
    loop {
        kernel.because("nothing stops this any more; at the very top, .. is the top itself").chdir(UP)?;
        if kernel.is_rehearsing() || Root::of(".")? == Root::of("..")? {
            return Ok(());
        }
    }
    // END lab-walk-out
}
// ANCHOR_END: walk_out

/// In a root that cannot be written to.
fn some_directory() -> Result<PathBuf> {
    let entries = std::fs::read_dir("/").context("cannot list /")?;
    let directory = entries.flatten().find(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    directory.map(|entry| entry.path()).context("this root has no directory, and none can be made")
}

impl Root {
    fn of(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let about = std::fs::metadata(path).with_context(|| format!("stat({path:?})"))?;
        Ok(Self { device: about.dev(), inode: about.ino() })
    }
}

impl Walk {
    /// True when "/" is another directory than before.
    pub fn is_escape(&self) -> bool {
        self.before != self.after
    }
}

impl Display for Root {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let (major, minor) = (nix::sys::stat::major(self.device), nix::sys::stat::minor(self.device));
        write!(formatter, "inode {} of device {major}:{minor}", self.inode)
    }
}
