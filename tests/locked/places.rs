//! Homes, disks and temporary folders in which nothing can be made, or from which nothing can be run.

use std::path::Path;

use nix::mount::MsFlags;

use super::host::Host;
use super::lock::{Lock, Says};
use super::step::Step;
use crate::harness::{Room, rootfs};

const READ_ONLY: Says = Says {
    needs: &["store"],
    verdict: "blocked",
    kind: "file-system",
    why: "is mounted read-only",
    remedy: "set BOXWRIGHT_HOME to a directory elsewhere",
};
const FULL: Says = Says {
    why: "is full, or has no inodes left",
    remedy: "make room there (`df -h` and `df -i`), or set BOXWRIGHT_HOME to a directory elsewhere",
    ..READ_ONLY
};
const NO_PROGRAMS: Says = Says { verdict: "limited", why: "is mounted noexec", ..READ_ONLY };
const NO_PROGRAMS_IN_TMP: Says = Says { remedy: "name another directory for roots, or set TMPDIR", ..NO_PROGRAMS };

/// A home that can be read.
fn read_only(home: &Path) -> Lock {
    let steps = [Step::bind(home, home), Step::remount(home, MsFlags::MS_RDONLY)];
    Lock::new("a read-only home", at_home(home).with(steps), [READ_ONLY])
}

/// A home without a byte to spare.
fn full(home: &Path) -> Lock {
    let steps = [Step::mount("tmpfs", home, "size=4k,nr_inodes=8"), Step::write(home.join("all"), [0; 4096])];
    Lock::new("a full disk", at_home(home).with(steps), [FULL])
}

/// A home, or a folder for what is temporary, from which nothing is run.
fn noexec(place: &Path) -> Vec<Step> {
    vec![Step::bind(place, place), Step::remount(place, MsFlags::MS_NOEXEC)]
}

fn at_home(home: &Path) -> Host {
    Host::ordinary().variable("HOME", Some(home)).variable("BOXWRIGHT_HOME", Some(&home.join("boxes")))
}

/// A root that lies in a place.
fn root_in(room: &Room, place: &Path) -> String {
    let root = room.root(&[]);
    let there = place.join("root");
    std::fs::rename(root, &there).expect("a root can be moved");
    there.display().to_string()
}

#[test]
fn a_read_only_home_is_told_and_another_place_will_do() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let (home, root) = (room.folder("home"), rootfs().to_str().expect("paths are UTF-8"));
    let lock = read_only(&home);
    lock.is_told_by_doctor(&room);
    is_refused(&room, &lock, root, "is mounted read-only");
    // The remedy works.
    let remedied = Lock { host: lock.host.variable("BOXWRIGHT_HOME", Some(&room.boxes())), ..lock };
    remedied.runs(&room, &["boxwright", "run", "--rm", root, "--", "echo", "inside"], "inside\n");
}

#[test]
fn a_full_disk_is_told_from_one_that_cannot_carry_layers() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let (home, root) = (room.folder("home"), rootfs().to_str().expect("paths are UTF-8"));
    let lock = full(&home);
    lock.is_told_by_doctor(&room);
    is_refused(&room, &lock, root, "is full, or has no inodes left");
    let remedied = Lock { host: lock.host.variable("BOXWRIGHT_HOME", Some(&room.boxes())), ..lock };
    remedied.runs(&room, &["boxwright", "run", "--rm", root, "--", "echo", "inside"], "inside\n");
}

/// boxwright cannot begin, and its hint names the cause and the variable that doctor names.
fn is_refused(room: &Room, lock: &Lock, root: &str, words: &str) {
    let complaint = lock.host.run(room, "boxwright", &["run", "--rm", root, "--", "true"]).fails_with(125);
    assert!(complaint.contains(words) && complaint.contains("BOXWRIGHT_HOME"), "{complaint}");
}

#[test]
fn a_home_from_which_nothing_is_run_is_no_place_for_a_root() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let home = room.folder("home");
    let lock = Lock::new("a noexec home", at_home(&home).with(noexec(&home)), [NO_PROGRAMS]);
    lock.is_told_by_doctor(&room);
    refuses_programs(&room, &lock, &home);
}

#[test]
fn a_temporary_folder_from_which_nothing_is_run_is_told() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let temporary = room.folder("tmp");
    let host = Host::ordinary().with(noexec(&temporary)).variable("TMPDIR", Some(&temporary));
    let lock = Lock::new("a noexec /tmp", host, [NO_PROGRAMS_IN_TMP]);
    lock.is_told_by_doctor(&room);
    refuses_programs(&room, &lock, &temporary);
}

fn refuses_programs(room: &Room, lock: &Lock, place: &Path) {
    let root = root_in(room, place);
    for program in ["enter-chroot", "enter-pivot"] {
        let complaint = lock.host.run(room, program, &[&root, "--", "true"]).fails_with(126);
        assert!(complaint.contains("which is mounted noexec"), "{complaint}");
    }
    // An overlay is a mount of its own, on which programs run.
    lock.runs(room, &["boxwright", "run", "--rm", &root, "--", "echo", "inside"], "inside\n");
}
