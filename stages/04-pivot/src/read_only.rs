//! Mounts that nobody can write through, whatever the files' own permissions say: mount_setattr(2).

use std::os::fd::BorrowedFd;
use std::path::Path;

use anyhow::{Context, Result};
use groundwork::{Kernel, Refused, mountinfo};
use nix::errno::Errno;
use nix::mount::MsFlags;
use nix::sys::statvfs::{FsFlags, statvfs};

// ANCHOR: make_read_only
/// Forbids writing to the mount at `path`; mounts below it keep their own word.
///
/// # Errors
/// Those of mount_setattr(2).
pub fn make_read_only(kernel: &Kernel, path: &Path) -> Result<()> {
    // EXERCISE pivot-3
    let done =
        kernel.because("a root that nobody can write to stays what its layers are").mount_setattr_rdonly(path, false);
    if is_unknown(&done) { remount(kernel, path) } else { done }
    // END pivot-3
}
// ANCHOR_END: make_read_only

/// Forbids writing to the mount in the hand and to all below it. False where the kernel knows no such call: then it can only
/// be done once the mount is attached, by [`make_tree_read_only`].
///
/// # Errors
/// Those of mount_setattr(2).
pub(crate) fn make_held_read_only(kernel: &Kernel, mount: BorrowedFd<'_>, reason: &'static str) -> Result<bool> {
    let done = kernel.because(reason).mount_setattr_rdonly_held(mount);
    if is_unknown(&done) { Ok(false) } else { done.map(|()| true) }
}

/// Forbids writing to the mount at `path` and to all below it.
///
/// # Errors
/// Those of mount_setattr(2).
pub(crate) fn make_tree_read_only(kernel: &Kernel, path: &Path, reason: &'static str) -> Result<()> {
    let done = kernel.because(reason).mount_setattr_rdonly(path, true);
    if !is_unknown(&done) {
        return done;
    }
    let path = path.canonicalize().with_context(|| path.display().to_string())?;
    let below = mountinfo::mounts()?.into_iter().filter(|mount| mount.target.starts_with(&path));
    below.into_iter().try_for_each(|mount| remount(kernel, &mount.target))
}

/// ENOSYS: the kernel is older than 5.12, or a seccomp filter does not know the call.
fn is_unknown(done: &Result<()>) -> bool {
    done.as_ref().is_err_and(|error| Refused::errno_of(error) == Some(Errno::ENOSYS))
}

fn remount(kernel: &Kernel, path: &Path) -> Result<()> {
    let flags = statvfs(path).with_context(|| format!("statvfs({path:?})"))?.flags();
    let kept = KEPT.iter().filter(|(there, _)| flags.contains(*there)).map(|(_, flag)| *flag).collect::<MsFlags>();
    kernel
        .because(
            "the older call sets all flags anew: those that are there are named again, for some may not be dropped",
        )
        .mount(None, path, None, MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | kept, None)
}

/// What a mount has, as statvfs(3) and mount(2) name it.
const KEPT: [(FsFlags, MsFlags); 6] = [
    (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
    (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
    (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
    (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
    (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
    (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
];
