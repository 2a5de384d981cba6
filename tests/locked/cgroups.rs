//! Cgroups of each generation, to a user who has been handed none.

use std::fs;
use std::path::{Path, PathBuf};

use nix::mount::MsFlags;

use super::host::Host;
use super::lock::{Lock, Says};
use super::step::Step;
use super::warden::Rule;
use crate::harness::Room;

const LIMITS: &[&str] = &["cpu-limit", "cpuset-limit", "io-limit", "memory-limit", "pids-limit"];
const PLACES: &[&str] = &["cgroup-v2", "clone-into-cgroup", "freeze"];
const TOP: &str = "/sys/fs/cgroup";

const FIRST: Says = Says {
    needs: LIMITS,
    verdict: "blocked",
    kind: "cgroup-v1",
    why: "the controllers are in cgroup v1 trees, which only root may use",
    remedy: "run it with sudo, or start the kernel with `cgroup_no_v1=all`, and mount cgroup2 on /sys/fs/cgroup",
};
const BOTH: Says = Says {
    kind: "cgroup-hybrid",
    why: "the controllers are in cgroup v1 trees, and the cgroup2 tree lacks them",
    ..FIRST
};
const SECOND: Says = Says {
    needs: LIMITS,
    verdict: "blocked",
    kind: "cgroup-undelegated",
    why: "is delegated to this user",
    remedy: "run it with sudo, or have root make a cgroup, give it to you with chown and start your shell in it",
};
const NONE: Says = Says {
    needs: LIMITS,
    verdict: "blocked",
    kind: "cgroup-unreachable",
    why: "no cgroup file system is mounted where this process can see it",
    remedy: "mount it: `sudo mount -t cgroup2 none /sys/fs/cgroup`",
};
const NONE_TO_WRITE: Says = Says {
    kind: "cgroup-unreachable",
    why: "is mounted read-only, as container engines do",
    remedy: "start the outer container with `docker run --privileged …`",
    ..NONE
};

/// The mounts of cgroups on this machine: their kinds and places.
fn mounts() -> Vec<(String, PathBuf)> {
    let text = fs::read_to_string("/proc/self/mountinfo").expect("mounts can be read");
    let mount = |line: &str| {
        let (place, kind) = (line.split(' ').nth(4)?, line.split(" - ").nth(1)?.split(' ').next()?);
        kind.starts_with("cgroup").then(|| (kind.to_owned(), PathBuf::from(place)))
    };
    text.lines().filter_map(mount).collect()
}

/// An ordinary user, with these cgroups alone, and without systemd, which would know better remedies.
fn with_trees(room: &Room, trees: &[(&Path, &Path)]) -> Host {
    let stage = room.folder("stage");
    let mut steps = vec![Step::mount("tmpfs", "/run", ""), Step::mount("tmpfs", &stage, "")];
    for (tree, place) in trees {
        let target = stage.join(place);
        steps.extend([Step::mkdir(&target), Step::bind(tree, &target)]);
    }
    steps.push(Step::moved(&stage, TOP));
    Host::ordinary().with(steps)
}

/// The tree of version 2, at the top, as on a machine that has no other.
pub fn one_tree() -> Step {
    let (tree, _) = trees_of(&["cgroup2"]).remove(0);
    Step::bind(tree, TOP)
}

/// The same with one tree for all: this machine's, with all of the controllers.
fn with_one_tree() -> Host {
    let controllers = "cpuset cpu io memory pids\n".to_owned();
    Host::ordinary()
        .with([Step::mount("tmpfs", "/run", ""), one_tree()])
        // A hybrid's tree lacks the controllers.
        .ruled(Rule::Shows("/sys/fs/cgroup/cgroup.controllers", controllers))
}

fn trees_of(kinds: &[&str]) -> Vec<(PathBuf, PathBuf)> {
    let below = |place: &Path| place.strip_prefix(TOP).map(Path::to_owned).unwrap_or_default();
    let wanted = mounts().into_iter().filter(|(kind, place)| kinds.contains(&kind.as_str()) && place.exists());
    wanted.map(|(_, place)| (place.clone(), below(&place))).collect()
}

fn lock(room: &Room, name: &'static str, kinds: &[&str], words: &'static str, says: Vec<Says>) -> Lock {
    let trees = trees_of(kinds);
    let trees: Vec<_> = trees.iter().map(|(from, to)| (from.as_path(), to.as_path())).collect();
    Lock::new(name, with_trees(room, &trees), says).of_cgroups(words)
}

fn is_told(room: &Room, lock: &Lock) {
    lock.is_told_by_doctor(room);
    lock.is_told_by(room, &["limit", "--pids", "10", "--", "true"]);
    lock.is_told_by(room, &["limit", "--memory", "64M", "--", "true"]);
}

#[test]
fn cgroup_v1_alone_is_told() {
    needs!(OrdinaryUser, UserNamespaces, CgroupV1Trees);
    let room = room!();
    let lock = lock(&room, "cgroup v1 alone", &["cgroup"], "v1", vec![FIRST, Says { needs: PLACES, ..FIRST }]);
    is_told(&room, &lock);
}

#[test]
fn cgroups_of_both_generations_are_told() {
    needs!(OrdinaryUser, UserNamespaces, CgroupV1Trees);
    let room = room!();
    let lock = lock(
        &room,
        "cgroup v1 and v2 (hybrid)",
        &["cgroup", "cgroup2"],
        "hybrid",
        vec![BOTH, Says { needs: PLACES, ..SECOND }],
    );
    is_told(&room, &lock);
}

#[test]
fn cgroup_v2_without_delegation_is_told() {
    needs!(OrdinaryUser, UserNamespaces);
    let room = room!();
    // A session of systemd has a part of its own.
    let host = with_one_tree().ruled(Rule::Shows("/proc/self/cgroup", "0::/\n".to_owned()));
    let says = [SECOND, Says { needs: PLACES, ..SECOND }];
    let lock = Lock::new("cgroup v2 without delegation", host, says).of_cgroups("v2");
    is_told(&room, &lock);
}

#[test]
fn cgroups_that_are_not_mounted_are_told() {
    needs!(UserNamespaces);
    let room = room!();
    let lock = lock(&room, "no cgroups mounted", &[], "none", vec![NONE, Says { needs: PLACES, ..NONE }]);
    is_told(&room, &lock);
}

#[test]
fn cgroups_that_can_only_be_read_are_told() {
    needs!(UserNamespaces);
    let room = room!();
    let host = with_one_tree().with([Step::remount(TOP, MsFlags::MS_RDONLY)]);
    let says = [NONE_TO_WRITE, Says { needs: PLACES, ..NONE_TO_WRITE }];
    let lock = Lock::new("cgroups mounted read-only", host, says).of_cgroups("v2");
    is_told(&room, &lock);
}
