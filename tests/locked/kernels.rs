//! Kernels that have no overlay for everybody.

use nix::errno::Errno;

use super::host::Host;
use super::lock::{Lock, Says};
use super::warden::Rule;
use crate::harness::rootfs;

const BY_OVERLAY: &[&str] = &["layers-by-new-mount-api", "overlayfs"];

const FOR_ROOT: Says = Says {
    needs: BY_OVERLAY,
    verdict: "blocked",
    kind: "kernel",
    why: "before Linux 5.11 only root of the host may mount an overlay",
    remedy: "run it with sudo, or boot a newer kernel",
};
const NOT_LOADED: Says = Says {
    needs: BY_OVERLAY,
    verdict: "blocked",
    kind: "kernel",
    why: "this kernel knows no overlay: it is not in /proc/filesystems",
    remedy: "load it with `sudo modprobe overlay`",
};

/// Debian 11 and others of that age.
pub fn of_2020() -> Lock {
    let host = Host::ordinary()
        .ruled(Rule::NoMountOf("overlay", Errno::EPERM))
        .ruled(Rule::Shows("/proc/sys/kernel/osrelease", "5.10.0-28-amd64\n".to_owned()));
    Lock::new("no overlays in user namespaces (before Linux 5.11)", host, [FOR_ROOT])
}

/// A module that nobody has loaded yet, which an ordinary user's mount does not load either.
pub fn without_module() -> Lock {
    let host = Host::ordinary()
        .ruled(Rule::NoMountOf("overlay", Errno::ENODEV))
        .ruled(Rule::Shows("/proc/filesystems", "nodev\tproc\nnodev\ttmpfs\n\text4\n".to_owned()));
    Lock::new("overlayfs not loaded", host, [NOT_LOADED])
}

#[test]
fn overlays_for_root_alone_are_told_by_the_age_of_the_kernel() {
    needs!(UserNamespaces, Overlayfs);
    is_told(of_2020());
}

#[test]
fn a_module_that_is_not_loaded_is_named() {
    needs!(UserNamespaces, Overlayfs);
    is_told(without_module());
}

fn is_told(lock: Lock) {
    let room = crate::harness::Room::new(lock.name);
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.is_told_by(&room, &["enter-overlay", "--layer", root, "--", "true"]);
    lock.is_told_by(&room, &["boxwright", "run", "--rm", root, "--", "true"]);
    // What needs no overlay works, and so does what is next to it in the same chapter.
    lock.runs(&room, &["enter-pivot", root, "--", "echo", "inside"], "inside\n");
    let root = room.root(&[]);
    let used = lock.host.run(&room, "layer-usage", &[root.to_str().expect("paths are UTF-8")]);
    assert_eq!(used.status(), 0, "{}", used.transcript());
}
