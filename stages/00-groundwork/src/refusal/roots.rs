//! pivot_root(2), umount2(2) and chroot(2): leaving one root for another.

use std::path::Path;

use nix::errno::Errno::{EACCES, EBUSY, EINVAL, ENOENT, ENOTDIR, EPERM};

use crate::cause::{Cause, Kind};
use crate::host::Capability;
use crate::mountinfo::Mount;
use crate::refusal::asked::{Asked, say};

pub(super) fn hint(asked: &Asked<'_>) -> Option<String> {
    let shown = asked.shown(0);
    match (asked.name, asked.errno) {
        ("pivot_root", EINVAL) => invalid_pivot(asked),
        ("pivot_root", EBUSY) => busy_pivot(asked),
        ("pivot_root", EPERM | EACCES) => forbidden(asked, Capability::SysAdmin, "CLONE_NEWUSER|CLONE_NEWNS"),
        ("umount2", EINVAL) => invalid_umount(asked),
        ("umount2", EBUSY) => say(
            format!("a file, a working directory or another mount on {shown} is in use"),
            format!("end what uses it (`fuser -vm {shown}`), or detach it with MNT_DETACH"),
        ),
        ("umount2", EPERM) => forbidden(asked, Capability::SysAdmin, "CLONE_NEWUSER|CLONE_NEWNS"),
        ("chroot", EPERM) => forbidden(asked, Capability::SysChroot, "CLONE_NEWUSER"),
        ("chroot" | "chdir" | "pivot_root" | "umount2", ENOENT) => {
            say(format!("there is no {shown} as this process sees it"), "name a directory that exists")
        }
        ("chroot" | "chdir" | "pivot_root", ENOTDIR) => {
            say(format!("{shown} is no directory"), "name the directory that holds the root file system")
        }
        ("chroot" | "chdir", EACCES) => {
            say(format!("this user may not search {shown}"), format!("`namei -l {shown}` shows which part forbids it"))
        }
        _ => None,
    }
}

fn forbidden(asked: &Asked<'_>, capability: Capability, flags: &str) -> Option<String> {
    if asked.host.may(capability) {
        return Cause::of_a_guard(asked.host, asked.errno).map(|cause| cause.sentence());
    }
    let name = asked.name;
    say(
        format!("{name}(2) is for root, be it root of a user namespace of one's own"),
        format!("unshare({flags}) first"),
    )
}

// ANCHOR: pivot
/// The kernel has one errno for many reasons; each can be told by looking.
fn invalid_pivot(asked: &Asked<'_>) -> Option<String> {
    let (new_root, put_old) = (asked.path(0)?, asked.path(1)?);
    let (host, shown) = (asked.host, new_root.display());
    if host.has_initramfs_root() {
        return Some(initramfs().sentence());
    }
    if host.is_chrooted() {
        return say("\"/\" is no mount point, because this process is in a chroot", "leave the chroot first");
    }
    if host.mount_at(&new_root).is_none() {
        return say(
            format!("{shown} is no mount point"),
            format!("bind it on itself: `mount --rbind {shown} {shown}`"),
        );
    }
    if let Some(mount) = shared_around(asked, &new_root, &put_old) {
        let shared = mount.target.display();
        return say(
            format!("{shared} is a shared mount, so that its peers would lose their root too"),
            "`mount --make-rprivate /` first, in a mount namespace of one's own",
        );
    }
    if !host.real(&put_old).starts_with(host.real(&new_root)) {
        let put_old = put_old.display();
        return say(format!("{put_old} does not lie in {shown}"), "name a place in the new root for the old one");
    }
    say(
        format!("{shown} came from a more privileged mount namespace, and cannot be moved"),
        format!("bind it on itself first, with all below it: `mount --rbind {shown} {shown}`"),
    )
}
// ANCHOR_END: pivot

/// None of three may be shared: what the present root lies on, what the new one lies on, and where the old one goes.
fn shared_around(asked: &Asked<'_>, new_root: &Path, put_old: &Path) -> Option<Mount> {
    let mounts = asked.host.mounts();
    let parent = |path: &Path| {
        let mount = asked.host.mount_at(path)?;
        mounts.iter().find(|one| one.id == mount.parent).cloned()
    };
    let around = [parent(new_root), parent(Path::new("/")), asked.host.mount_under(put_old)];
    around.into_iter().flatten().find(Mount::is_shared)
}

/// What to say of the root that cannot be moved.
pub(crate) fn initramfs() -> Cause {
    let why = "\"/\" is the initial ramfs, which lies at the bottom of all mounts and cannot be moved";
    Cause::new(
        Kind::Initramfs,
        why,
        "move the new root onto it with MS_MOVE and chroot(2), as switch_root(8) and `enter-pivot --no-pivot` do",
    )
}

fn busy_pivot(asked: &Asked<'_>) -> Option<String> {
    let (new_root, put_old) = (asked.path(0)?, asked.path(1)?);
    let root = asked.host.mount_at(Path::new("/"))?;
    let is_on_root = |path: &Path| asked.host.mount_under(path).is_some_and(|mount| mount.id == root.id);
    let (shown, old) = (new_root.display(), put_old.display());
    if is_on_root(&new_root) {
        return say(
            format!("{shown} lies on the root mount itself"),
            format!("make it a mount of its own: `mount --rbind {shown} {shown}`"),
        );
    }
    if is_on_root(&put_old) {
        return say(format!("{old} lies on the old root"), format!("name a directory in {shown}, or {shown} itself"));
    }
    None
}

fn invalid_umount(asked: &Asked<'_>) -> Option<String> {
    let (target, shown) = (asked.path(0)?, asked.shown(0));
    let Some(mount) = asked.host.mount_at(&target) else {
        return say(format!("{shown} is no mount point"), "`findmnt` lists those that this process sees");
    };
    if mount.target == Path::new("/") {
        return say("\"/\" holds everything up", "move to another root first, with pivot_root(2)");
    }
    if asked.host.is_in_first_user_namespace() {
        return None;
    }
    say(
        format!("{shown} came from a more privileged mount namespace, and may hide what lies below it"),
        "mount something over it instead",
    )
}

#[cfg(test)]
mod tests;
