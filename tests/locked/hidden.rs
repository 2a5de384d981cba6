//! /proc and /dev/pts, hidden in part or as a whole.

use nix::sched::CloneFlags;

use super::forbidden::BY_USER_NAMESPACE;
use super::host::Host;
use super::lock::{Lock, Says};
use super::step::Step;
use crate::harness::rootfs;

const MASKED: Says = Says {
    needs: &["proc-mount"],
    verdict: "blocked",
    kind: "masked-proc",
    why: "is covered, as container engines do, and /proc may not be shown anew",
    remedy: "run it outside of what covers it",
};
/// A user namespace is still of use.
const MASKED_INSIDE: Says = Says { needs: &["user-namespaces"], verdict: "limited", ..MASKED };

const ABSENT: Says = Says {
    needs: BY_USER_NAMESPACE,
    verdict: "blocked",
    kind: "masked-proc",
    why: "/proc is not mounted here",
    remedy: "mount it: `sudo mount -t proc proc /proc`",
};
/// Where cgroups are mounted stands in /proc too.
const NO_CGROUPS: Says = Says {
    needs: &[
        "cgroup-v2",
        "clone-into-cgroup",
        "cpu-limit",
        "cpuset-limit",
        "freeze",
        "io-limit",
        "memory-limit",
        "pids-limit",
    ],
    ..ABSENT
};

/// Files of /proc that engines cover: of their list, the one that every kernel has.
pub fn masks() -> Vec<Step> {
    vec![Step::bind("/dev/null", "/proc/interrupts")]
}

/// A /proc of its own, in which everybody sees their own processes only.
pub fn others() -> Lock {
    let own = [Step::Unshare(CloneFlags::CLONE_NEWPID), Step::Fork, Step::mount("proc", "/proc", "hidepid=invisible")];
    Lock::new("/proc hides other users' processes (hidepid)", Host::ordinary().with(own), [])
}

pub fn in_part() -> Lock {
    Lock::new("/proc masked in part", Host::ordinary().with(masks()), [MASKED, MASKED_INSIDE])
}

pub fn whole() -> Lock {
    let covered = [Step::Unshare(CloneFlags::CLONE_NEWNS), Step::mount("tmpfs", "/proc", "")];
    Lock::new("/proc not mounted", Host::ordinary().lastly(covered), [ABSENT, NO_CGROUPS])
}

pub fn terminals() -> Lock {
    let covered = [Step::mount("tmpfs", "/dev/pts", "")];
    Lock::new("no /dev/pts", Host::ordinary().with(covered), [])
}

#[test]
fn hidden_processes_of_others_take_nothing_away() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let (room, lock) = (room!(), others());
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    // It is hidden: PID 1 is this program itself.
    lock.runs(&room, &["/bin/sh", "-c", "tr '\\0' ' ' </proc/1/cmdline; grep -c hidepid=2 /proc/mounts || grep -c hidepid=invisible /proc/mounts"], "/bin/sh -c tr '\\0' ' ' </proc/1/cmdline; grep -c hidepid=2 /proc/mounts || grep -c hidepid=invisible /proc/mounts 0\n1\n");
    lock.runs(&room, &["unshare-pid", "--", "sh", "-c", "echo $$"], "1\n");
    lock.runs(&room, &["boxwright", "run", "--rm", root, "--", "sh", "-c", "echo $$"], "1\n");
}

#[test]
fn a_masked_proc_is_named_by_the_file_that_is_covered() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let (room, lock) = (room!(), in_part());
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.is_told_by(&room, &["unshare-pid", "--", "true"]);
    lock.is_told_by(&room, &["enter-pivot", root, "--", "true"]);
    lock.is_told_by(&room, &["enter-overlay", "--layer", root, "--", "true"]);
    lock.is_told_by(&room, &["boxwright", "run", "--rm", root, "--", "true"]);
    lock.runs(&room, &["unshare-pid", "--no-proc", "--", "sh", "-c", "echo $$"], "1\n");
    lock.runs(&room, &["enter-chroot", root, "--", "echo", "inside"], "inside\n");
}

#[test]
fn without_proc_everything_says_so() {
    needs!(UserNamespaces);
    let (room, lock) = (room!(), whole());
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.is_told_by(&room, &["unshare-uts", "--", "true"]);
    lock.is_told_by(&room, &["enter-pivot", root, "--", "true"]);
    lock.is_told_by(&room, &["limit", "--pids", "10", "--", "true"]);
    lock.is_told_by(&room, &["boxwright", "run", "--rm", root, "--", "true"]);
}

#[test]
fn without_terminals_on_the_host_a_container_has_its_own() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let (room, lock) = (room!(), terminals());
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.runs(&room, &["/bin/ls", "/dev/pts"], "");
    lock.runs(&room, &["enter-pivot", root, "--", "ls", "/dev/pts"], "ptmx\n");
    lock.runs(&room, &["boxwright", "run", "--rm", "-t", root, "--", "tty"], "/dev/pts/0\r\n");
}
