//! User namespaces that cannot be made, or not used.

use nix::errno::Errno;
use nix::libc;

use super::filter::{Answer, Filter};
use super::host::{Host, filtered};
use super::lock::{Lock, Says};
use super::step::Step;
use super::warden::Rule;
use crate::harness::rootfs;

/// What an ordinary user has by way of a user namespace.
pub const BY_USER_NAMESPACE: &[&str] = &[
    "cgroup-namespace",
    "chroot",
    "clone3",
    "device-nodes",
    "ipc-namespace",
    "keep-namespace",
    "layers-by-new-mount-api",
    "mount-namespace",
    "mqueue-mount",
    "net-namespace",
    "overlayfs",
    "pid-namespace",
    "pidfd-setns",
    "pivot-root",
    "proc-mount",
    "pty",
    "setns",
    "sysfs-mount",
    "time-namespace",
    "user-namespaces",
    "uts-namespace",
];
/// What mounts something.
const BY_MOUNT: &[&str] = &[
    "device-nodes",
    "keep-namespace",
    "layers-by-new-mount-api",
    "mount-namespace",
    "mqueue-mount",
    "overlayfs",
    "pivot-root",
    "proc-mount",
    "pty",
    "sysfs-mount",
    "user-namespaces",
];

const SYSCTL: Says = Says {
    needs: BY_USER_NAMESPACE,
    verdict: "blocked",
    kind: "sysctl",
    why: "user.max_user_namespaces is 0, which allows no user namespace",
    remedy: "`sudo sysctl -w user.max_user_namespaces=15000`",
};
const APPARMOR: Says = Says {
    needs: BY_USER_NAMESPACE,
    verdict: "blocked",
    kind: "apparmor",
    why: "AppArmor lets ordinary users create a user namespace here, and takes away every privilege inside it",
    remedy: "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`",
};
const SECCOMP: Says = Says {
    needs: BY_MOUNT,
    verdict: "blocked",
    kind: "seccomp",
    why: "a seccomp filter is at work",
    remedy: "run it outside of what set the filter",
};

/// No user namespace at all.
pub fn by_sysctl() -> Lock {
    let none = Step::write("/proc/sys/user/max_user_namespaces", "0");
    Lock::new("user namespaces forbidden by a sysctl", Host::ordinary().lastly([none]), [SYSCTL])
}

/// As on Ubuntu since 24.04: whoever makes a user namespace gets a profile that takes everything away.
pub fn by_apparmor() -> Lock {
    let host = Host::ordinary()
        .ruled(Rule::NoWriteInside("uid_map", Errno::EPERM))
        .ruled(Rule::NoMountOf("", Errno::EACCES))
        .ruled(Rule::Shows("/sys/module/apparmor/parameters/enabled", "Y\n".to_owned()))
        .ruled(Rule::Shows("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n".to_owned()))
        .ruled(Rule::ShowsInside("/proc/self/attr/apparmor/current", "unprivileged_userns (enforce)\n".to_owned()))
        .ruled(Rule::Shows("/proc/self/attr/apparmor/current", "unconfined\n".to_owned()));
    Lock::new("user namespaces restricted by AppArmor, as on Ubuntu 24.04", host, [APPARMOR])
}

/// A user namespace can be made, and nothing mounted in it.
pub fn by_filter() -> Lock {
    let refused = [(libc::SYS_mount, Answer::Errno(Errno::EPERM))];
    let host = Host::ordinary().lastly(filtered(Filter::of(&refused)));
    Lock::new("mount(2) refused by a seccomp filter", host, [SECCOMP])
}

#[test]
fn a_sysctl_that_forbids_user_namespaces_is_named() {
    needs!(UserNamespaces);
    let (room, lock) = (room!(), by_sysctl());
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.is_told_by(&room, &["unshare-uts", "--", "true"]);
    lock.is_told_by(&room, &["unshare-user", "--", "true"]);
    lock.is_told_by(&room, &["enter-chroot", root, "--", "true"]);
    lock.is_told_by(&room, &["enter-pivot", root, "--", "true"]);
    lock.is_told_by(&room, &["enter-overlay", "--layer", root, "--", "true"]);
    lock.is_told_by(&room, &["boxwright", "run", "--rm", root, "--", "true"]);
}

#[test]
fn apparmors_restriction_is_named_at_the_step_after_creation() {
    needs!(UserNamespaces);
    let (room, lock) = (room!(), by_apparmor());
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.is_told_by(&room, &["unshare-uts", "--", "true"]);
    lock.is_told_by(&room, &["enter-chroot", root, "--", "true"]);
    lock.is_told_by(&room, &["enter-pivot", root, "--", "true"]);
    lock.is_told_by(&room, &["boxwright", "run", "--rm", root, "--", "true"]);
}

#[test]
fn a_filter_on_mount_is_named_and_leaves_what_mounts_nothing() {
    needs!(UserNamespaces);
    let (room, lock) = (room!(), by_filter());
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.is_told_by(&room, &["unshare-pid", "--", "true"]);
    lock.is_told_by(&room, &["enter-pivot", root, "--", "true"]);
    lock.is_told_by(&room, &["boxwright", "run", "--rm", root, "--", "true"]);
    lock.runs(&room, &["unshare-uts", "--hostname", "box", "--", "hostname"], "box\n");
    lock.runs(&room, &["enter-chroot", root, "--", "echo", "inside"], "inside\n");
}
