//! Taking away what keeps a namespace.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

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
/// The namespace goes on living while a process, another mount or a descriptor holds it. What is left of an earlier
/// mount, after the host was restarted or its mount namespace ended, is cleared away too.
///
/// # Errors
/// `file` is no mount of a namespace; EPERM without CAP_SYS_ADMIN in the owner of the present mount namespace.
pub fn let_go(kernel: &Kernel, file: &Path) -> Result<Kept> {
    let path = absolute(file)?;
    let mounts = mounts()?;
    let Layers { kept, bed } = Layers::find(kernel, &mounts, &path)?;
    if kept.is_some() || is_yet_to_be(kernel, &path) {
        unmount(kernel, &path, "whoever has the file open keeps it; for everybody else the mount is gone at once")?;
    }
    if bed.is_some() {
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

/// What `ns-keep` puts on a file: the namespace, and under a mount namespace the file bound on itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct Layers<'a> {
    kept: Option<&'a Mount>,
    bed: Option<&'a Mount>,
}

impl<'a> Layers<'a> {
    fn find(kernel: &Kernel, mounts: &'a [Mount], path: &Path) -> Result<Self> {
        let shown = path.display();
        let top = mount_at(mounts, path);
        let kept = top.filter(|mount| mount.fstype == "nsfs");
        let under = kept.map_or(top, |kept| mounts.iter().find(|mount| mount.id == kept.parent));
        let bed = under.filter(|mount| mount.target == path && is_bed(mounts, mount));
        // Alone, it may be somebody's own mount of their own file.
        let bed = bed.filter(|_| kept.is_some() || is_ours(path));
        match top {
            _ if kept.is_some() || bed.is_some() => Ok(Self { kept, bed }),
            Some(top) => {
                bail!("{shown} is a mount of {}, not of a namespace; `ns-show --kept` lists those", top.fstype)
            }
            None if is_yet_to_be(kernel, path) || is_ours(path) => Ok(Self::default()),
            None => bail!(
                "nothing is mounted on {shown}, so it keeps no namespace; `ns-show --kept` lists the files that do"
            ),
        }
    }
}

/// In a rehearsal, `ns-keep` may have been rehearsed before.
fn is_yet_to_be(kernel: &Kernel, path: &Path) -> bool {
    kernel.is_rehearsing() && !path.exists()
}

/// True for a private mount of a file on itself: the same file of the same file system.
fn is_bed(mounts: &[Mount], bed: &Mount) -> bool {
    let around = mounts.iter().find(|mount| mount.id == bed.parent);
    around.is_some_and(|around| {
        let file = bed.target.strip_prefix(&around.target).map(|below| around.root.join(below));
        let is_same_file_system = bed.fstype == around.fstype && bed.source == around.source;
        bed.propagation.is_empty() && is_same_file_system && file.is_ok_and(|file| file == bed.root)
    })
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
        let is_bed = |line: &str| is_bed(&[root.clone(), mount(line)], &mount(line));
        assert!(is_bed("8 1 254:0 /@/run/k /run/k rw - btrfs /dev/vda rw"));
        assert!(!is_bed("8 1 254:0 /@/etc/k /run/k rw - btrfs /dev/vda rw"), "another file");
        assert!(!is_bed("8 1 254:0 /@/run/k /run/k rw shared:2 - btrfs /dev/vda rw"), "shared");
        assert!(!is_bed("8 1 254:0 /@/run/k /run/k rw - btrfs /dev/vdb rw"), "another device");
    }

    #[test]
    fn what_lies_under_a_namespace_is_taken_away_only_when_it_is_a_bed() {
        let root = mount("1 0 254:0 / / rw shared:1 - ext4 /dev/vda rw");
        let kept = mount("9 8 0:4 mnt:[7] /run/k rw - nsfs nsfs rw");
        let find = |below: &str| {
            let mounts = [root.clone(), mount(below), kept.clone()];
            let layers = Layers::find(&Kernel::quiet(), &mounts, Path::new("/run/k")).unwrap();
            (layers.kept.is_some(), layers.bed.is_some())
        };
        assert_eq!(find("8 1 254:0 /run/k /run/k rw - ext4 /dev/vda rw"), (true, true));
        assert_eq!(find("8 1 254:0 /etc/k /run/k rw - ext4 /dev/vda rw"), (true, false), "somebody's own bind mount");
        assert_eq!(find("8 1 0:30 / /run rw - tmpfs tmpfs rw"), (true, false), "the file system around it");
    }

    #[test]
    fn a_mount_of_something_else_is_not_touched() {
        let mounts = [mount("1 0 254:0 / / rw - ext4 /dev/vda rw"), mount("8 1 0:30 / /run/k rw - tmpfs tmpfs rw")];
        let refused = Layers::find(&Kernel::quiet(), &mounts, Path::new("/run/k")).unwrap_err();
        assert!(refused.to_string().contains("/run/k is a mount of tmpfs"), "{refused}");
    }
}
