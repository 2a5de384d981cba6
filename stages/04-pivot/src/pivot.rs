//! Another root mount, and no way back: pivot_root(2).

use std::path::Path;

use anyhow::Result;
use groundwork::Kernel;
use nix::mount::{MntFlags, MsFlags};

use crate::initramfs;

// ANCHOR: make_mount_point
/// Makes a mount of the directory `root`, with all that is mounted below it.
///
/// # Errors
/// Those of mount(2).
pub fn make_mount_point(kernel: &Kernel, root: &Path) -> Result<()> {
    kernel.rehearse_root(vec![root.to_owned()]);
    // EXERCISE pivot-1
    kernel.because("pivot_root(2) moves mounts, and a directory bound on itself is one").mount(
        Some(root),
        root,
        None,
        MsFlags::MS_BIND | MsFlags::MS_REC,
        None,
    )
    // END pivot-1
}
// ANCHOR_END: make_mount_point

// ANCHOR: pivot_into
/// Makes the mount at `root` the root of this mount namespace, and throws the old one away.
///
/// The mount namespace must be the caller's own, and its mounts private. The working directory is "/" afterwards: it was
/// the new root before.
///
/// # Errors
/// Those of pivot_root(2); EINVAL when `root` is no mount point.
pub fn pivot_into(kernel: &Kernel, root: &Path) -> Result<()> {
    if initramfs::is_root() {
        return initramfs::instead(kernel, root);
    }
    // EXERCISE pivot-2
    kernel.because("\".\" will be the new root, and with the old one stacked on it the way to both").chdir(root)?;
    kernel
        .because("the same place twice: the old root lands on top of the new one, and needs no directory of its own")
        .pivot_root(".", ".")?;
    kernel
        .because("what is not mounted cannot be walked to: chroot left the old root where it was, and this is the wall")
        .umount2(".", MntFlags::MNT_DETACH)
    // END pivot-2
}
// ANCHOR_END: pivot_into
