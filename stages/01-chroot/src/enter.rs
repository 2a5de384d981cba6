//! Another root: chroot(2).

use std::path::Path;

use anyhow::Result;
use groundwork::Kernel;

// ANCHOR: enter
/// Makes `root` the "/" of this process and of the children it will have, and goes there.
///
/// # Errors
/// EPERM without CAP_SYS_CHROOT; ENOENT, ENOTDIR and EACCES about the directory.
pub fn enter(kernel: &Kernel, root: &Path) -> Result<()> {
    // EXERCISE chroot-1
    kernel
        .because(
            "a path that begins with / shall begin here: the kernel keeps one starting point a process, and no more",
        )
        .chroot(root)?;
    kernel
        .because("the working directory did not move with the root: it lies outside, and from there .. leads on")
        .chdir("/")
    // END chroot-1
}
// ANCHOR_END: enter
