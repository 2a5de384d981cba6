//! Another root mount, and no way back: pivot_root(2).

use std::path::Path;

use anyhow::Result;
use groundwork::Kernel;
use nix::mount::MntFlags;

// ANCHOR: pivot_into
/// Makes the mount at `root` the root of this mount namespace, and detaches the old one.
///
/// The mount namespace must be the caller's own, and its mounts private.
///
/// # Errors
/// Those of pivot_root(2); EINVAL when `root` is no mount point.
pub fn pivot_into(kernel: &Kernel, root: &Path) -> Result<()> {
    kernel.because("after the move, only \".\" still names the new root and, below it, the old one").chdir(root)?;
    kernel
        .because("the same place twice: the old root lands on top of the new one, and needs no directory of its own")
        .pivot_root(".", ".")?;
    kernel
        .because("what is not mounted cannot be walked to: this is what chroot lacks")
        .umount2(".", MntFlags::MNT_DETACH)?;
    kernel.because("the working directory still was in the old root").chdir("/")
}
// ANCHOR_END: pivot_into

/// Forbids writing to the mount at `path`; mounts below it keep their own word.
///
/// # Errors
/// Those of mount_setattr(2).
pub fn make_read_only(kernel: &Kernel, path: &Path) -> Result<()> {
    kernel.because("a root that nobody can write to stays what its layers are").mount_setattr_rdonly(path, false)
}
