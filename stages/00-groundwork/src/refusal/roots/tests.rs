use super::*;
use nix::errno::Errno;

use crate::host::Elsewhere;
use crate::refusal::asked::hint_on;

fn pivot(host: &Elsewhere, new_root: &str, put_old: &str, errno: Errno) -> String {
    hint_on(host, "pivot_root", &[&format!("{new_root:?}"), &format!("{put_old:?}")], errno).unwrap_or_default()
}

fn private() -> Elsewhere {
    let host = Elsewhere::root().without("/proc/self/mountinfo");
    host.mounted("28 1 8:1 / / rw - ext4 /dev/sda1 rw").mounted("60 28 8:1 /new /new rw - ext4 /dev/sda1 rw")
}

#[test]
fn each_invalid_pivot_is_told_apart() {
    let tell = |host: &Elsewhere, new, old| pivot(host, new, old, EINVAL);
    assert!(tell(&private(), "/srv", "/srv").contains("`mount --rbind /srv /srv`"));
    assert!(tell(&private(), "/new", "/old").contains("/old does not lie in /new"));
    assert!(tell(&private(), "/new", "/new").contains("more privileged"));

    let shared = Elsewhere::root().mounted("60 28 8:1 /new /new rw - ext4 /dev/sda1 rw");
    assert!(tell(&shared, "/new", "/new").contains("/ is a shared mount"));

    let initramfs = Elsewhere::root().without("/proc/self/mountinfo").mounted("1 1 0:2 / / rw - rootfs rootfs rw");
    assert!(tell(&initramfs, "/new", "/new").contains("switch_root(8)"));

    let chrooted = Elsewhere::root().without("/proc/self/mountinfo").mounted("9 1 0:2 / /proc rw - proc proc rw");
    assert!(tell(&chrooted, "/new", "/new").contains("in a chroot"));
}

#[test]
fn a_busy_pivot_is_on_the_old_root() {
    assert!(pivot(&private(), "/srv", "/srv", EBUSY).starts_with("/srv lies on the root mount itself"));
    assert!(pivot(&private(), "/new", "/old", EBUSY).starts_with("/old lies on the old root"));
}

#[test]
fn a_mount_that_is_none_and_one_that_is_locked_are_told_apart() {
    let umount = |host: &Elsewhere, at: &str| hint_on(host, "umount2", &[at, "0"], EINVAL).unwrap_or_default();
    assert!(umount(&Elsewhere::root(), "\"/srv\"").contains("/srv is no mount point"));
    assert!(umount(&Elsewhere::root(), "\"/\"").contains("pivot_root(2)"));
    assert!(umount(&Elsewhere::rootless(), "\"/proc\"").contains("mount something over it"));
}

#[test]
fn chroot_without_the_privilege_asks_for_a_user_namespace() {
    let hint = hint_on(&Elsewhere::ordinary(), "chroot", &["\"/srv\""], EPERM).unwrap();
    assert!(hint.contains("unshare(CLONE_NEWUSER) first"), "{hint}");
}
