//! Where "/" is the initial ramfs: the one mount that pivot_root(2) cannot move, because nothing lies below it.
//!
//! Virtual machines that never leave their initramfs are such hosts, and small systems that run from memory. There the
//! new root is moved onto the old one, as switch_root(8) and `runc --no-pivot` do. It looks the same from inside, and is
//! a weaker wall: the old root stays mounted below the new one. Whoever has CAP_SYS_ADMIN inside can unmount "/" and
//! enter the mount namespace once more with setns(2): that leads to its lowest root.

use std::path::{Path, PathBuf};

use anyhow::Result;
use groundwork::Kernel;
use groundwork::host::{Here, Host};
use groundwork::mountinfo::{Mount, mounts};
use nix::mount::{MntFlags, MsFlags};
use nix::sys::statfs::{FsType, TMPFS_MAGIC, statfs};
use unshare::user;

/// See statfs(2).
const RAMFS_MAGIC: FsType = FsType(0x8584_58f6);

/// True when "/" is the lowest mount of all. A mount whose parent it is itself has none: proc_pid_mountinfo(5).
pub(crate) fn is_root() -> bool {
    let in_memory = [RAMFS_MAGIC, TMPFS_MAGIC];
    // Only such a root is worth reading the list of all mounts for.
    statfs("/").is_ok_and(|root| in_memory.contains(&root.filesystem_type()))
        && is_lowest(&mounts().unwrap_or_default())
}

fn is_lowest(mounts: &[Mount]) -> bool {
    mounts.iter().any(|mount| mount.target == Path::new("/") && mount.id == mount.parent)
}

/// Says what is done instead of a pivot, and does it.
pub(crate) fn instead(kernel: &Kernel, root: &Path) -> Result<()> {
    eprintln!(
        "note: \"/\" is the initial ramfs, which pivot_root(2) cannot move. The new root is moved onto it, which is a \
         weaker wall: whoever has CAP_SYS_ADMIN inside can unmount it, and find the old root below"
    );
    move_onto(kernel, root)
}

// ANCHOR: move_onto
/// Moves the mount at `root` onto "/", and makes it the root of this process.
///
/// # Errors
/// Those of mount(2), MS_MOVE: EINVAL when `root` is no mount point, or lies on a shared one.
pub fn move_onto(kernel: &Kernel, root: &Path) -> Result<()> {
    hide_views(kernel, root)?;
    kernel.because("\".\" still names the new root once it has been moved").chdir(root)?;
    kernel.because("the old root cannot be moved away, so the new one is moved onto it").mount(
        Some(".".as_ref()),
        "/",
        None,
        MsFlags::MS_MOVE,
        None,
    )?;
    kernel
        .because("a root directory does not follow what is mounted over it: this process still has the old one")
        .chroot(".")?;
    kernel.because("and no path of ours begins in the old root").chdir("/")
}
// ANCHOR_END: move_onto

/// The old root's /proc and /sys stay mounted below, and with them a way to the processes and settings of the host.
fn hide_views(kernel: &Kernel, root: &Path) -> Result<()> {
    let (root, host) = (root.canonicalize().unwrap_or_else(|_| root.to_owned()), &Here as &dyn Host);
    // Looked up now: the answer is in /proc.
    let can_detach = host.is_in_first_user_namespace() && !user::is_needed();
    let is_view = |mount: &Mount| matches!(mount.fstype.as_str(), "proc" | "sysfs");
    let views = mounts()?.into_iter().filter(|mount| is_view(mount) && !mount.target.starts_with(&root));
    let mut views: Vec<PathBuf> = views.map(|mount| mount.target).collect();
    // What is mounted below a view goes with it.
    views.dedup_by(|one, before| one.starts_with(before));
    views.iter().try_for_each(|view| hide(kernel, view, can_detach))
}

fn hide(kernel: &Kernel, view: &Path, can_detach: bool) -> Result<()> {
    if can_detach {
        return kernel
            .because("the old root stays below the new one: its view of the host's processes and settings must not")
            .umount2(view, MntFlags::MNT_DETACH);
    }
    kernel.because("what came from a more privileged namespace cannot be detached: an empty directory covers it").mount(
        Some("tmpfs".as_ref()),
        view,
        Some("tmpfs"),
        MsFlags::MS_RDONLY,
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use groundwork::mountinfo::parse;

    #[test]
    fn the_initial_ramfs_is_known_by_having_nothing_below_it() {
        let ramfs = parse(b"40 40 0:2 / / rw - rootfs rootfs rw,size=1k").unwrap();
        let proc = parse(b"41 40 0:22 / /proc rw - proc proc rw").unwrap();
        let disk = parse(b"27 1 254:0 / / rw - ext4 /dev/vda rw").unwrap();
        assert!(is_lowest(&[proc.clone(), ramfs]));
        assert!(!is_lowest(&[proc, disk]));
        assert!(!is_lowest(&[]));
    }
}
