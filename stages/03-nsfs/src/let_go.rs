//! Taking away what keeps a namespace.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use groundwork::Kernel;
use groundwork::mountinfo::{Mount, mounts};
use nix::fcntl::AT_FDCWD;
use nix::mount::MntFlags;
use nix::unistd::UnlinkatFlags;

use crate::keep::{Kept, absolute, mount_at};
use crate::link::Identity;
use crate::mounted::MountPoint;

// ANCHOR: let_go
/// Takes away the mount on `file` that keeps a namespace, and the file when [`crate::keep()`] made it.
///
/// The namespace goes on living while a process, another mount or a descriptor holds it.
///
/// # Errors
/// `file` is no mount of a namespace; EPERM without CAP_SYS_ADMIN in the owner of the present mount namespace.
pub fn let_go(kernel: &Kernel, file: &Path) -> Result<Kept> {
    let path = absolute(file)?;
    let mounts = mounts()?;
    let kept = find(kernel, &mounts, &path)?;
    unmount(kernel, &path, "whoever has the file open keeps it; for everybody else the mount is gone at once")?;
    if kept.and_then(|kept| bed_below(&mounts, kept)).is_some() {
        unmount(kernel, &path, "under it lay the file bound on itself, so that nobody shared the mount")?;
    }
    if kernel.is_rehearsing() || is_ours(&path) {
        kernel.because("an empty file without permissions is what ns-keep makes: it has marked its place").unlinkat(
            AT_FDCWD,
            &path,
            UnlinkatFlags::NoRemoveDir,
        )?;
    }
    Ok(Kept { path, identity: kept.and_then(|kept| Identity::parse(kept.root.as_os_str())) })
}
// ANCHOR_END: let_go

fn unmount(kernel: &Kernel, path: &Path, reason: &'static str) -> Result<()> {
    kernel.because(reason).umount2(path, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW)
}

/// None in the rehearsal for a file that is yet to be kept.
fn find<'a>(kernel: &Kernel, mounts: &'a [Mount], path: &Path) -> Result<Option<&'a Mount>> {
    let shown = path.display();
    match mount_at(mounts, path) {
        Some(mount) if mount.fstype == "nsfs" => Ok(Some(mount)),
        Some(mount) => {
            bail!("{shown} is a mount of {}, not of a namespace; `ns-show --kept` lists those", mount.fstype)
        }
        None if kernel.is_rehearsing() && !path.exists() => Ok(None),
        None => {
            bail!("nothing is mounted on {shown}, so it keeps no namespace; `ns-show --kept` lists the files that do")
        }
    }
}

/// The mount under a kept namespace, when it is a file bound on itself: the same file of the same file system.
fn bed_below<'a>(mounts: &'a [Mount], kept: &Mount) -> Option<&'a Mount> {
    let by_id = |id| mounts.iter().find(|mount| mount.id == id);
    let bed = by_id(kept.parent).filter(|bed| bed.target == kept.target && bed.propagation.is_empty())?;
    let around = by_id(bed.parent)?;
    let file: PathBuf = around.root.join(bed.target.strip_prefix(&around.target).ok()?);
    let same = |mount: &Mount| (mount.fstype.clone(), OsStr::to_owned(&mount.source));
    (file == bed.root && same(bed) == same(around)).then_some(bed)
}

fn is_ours(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|about| {
        about.is_file() && about.len() == 0 && about.permissions().mode() & 0o7777 == MountPoint::MODE
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use groundwork::mountinfo::parse;

    fn mount(line: &str) -> Mount {
        parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn the_uppermost_mount_is_the_one_that_nothing_lies_on() {
        let mounts = [
            mount("9 8 0:4 mnt:[7] /k rw - nsfs nsfs rw"),
            mount("8 1 254:0 /k /k rw - ext4 /dev/vda rw"),
            mount("1 0 254:0 / / rw shared:1 - ext4 /dev/vda rw"),
        ];
        assert_eq!(mount_at(&mounts, Path::new("/k")).map(|mount| mount.id), Some(9));
        assert_eq!(mount_at(&mounts, Path::new("/other")), None);
    }

    #[test]
    fn only_a_private_bind_of_the_file_on_itself_is_a_bed() {
        let root = mount("1 0 254:0 /@ / rw shared:1 - btrfs /dev/vda rw");
        let kept = mount("9 8 0:4 mnt:[7] /run/k rw - nsfs nsfs rw");
        let is_bed = |line: &str| bed_below(&[root.clone(), mount(line), kept.clone()], &kept).is_some();
        assert!(is_bed("8 1 254:0 /@/run/k /run/k rw - btrfs /dev/vda rw"));
        assert!(!is_bed("8 1 254:0 /@/etc/k /run/k rw - btrfs /dev/vda rw"), "another file");
        assert!(!is_bed("8 1 254:0 /@/run/k /run/k rw shared:2 - btrfs /dev/vda rw"), "shared");
        assert!(!is_bed("8 1 254:0 /@/run/k /run/k rw - btrfs /dev/vdb rw"), "another device");
        assert!(!is_bed("8 1 254:0 /@/run /run rw - btrfs /dev/vda rw"), "the directory");
    }
}
