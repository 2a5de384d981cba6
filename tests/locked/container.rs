//! Inside another container, with fewer and fewer walls around it: as the flags of a dev container take them down.

use nix::errno::Errno;
use nix::libc;
use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use serde_json::Value;

use super::cgroups::one_tree;
use super::filter::{Answer, Filter};
use super::hidden::masks;
use super::host::{Host, Who};
use super::lock::{Lock, Says};
use super::step::Step;
use crate::harness::{Room, repository, rootfs};

/// What docker refuses to who has no CAP_SYS_ADMIN: the calls of the course that are in no list of moby's profile.
const REFUSED: [libc::c_long; 12] = [
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_pivot_root,
    libc::SYS_setns,
    libc::SYS_sethostname,
    libc::SYS_umount2,
    libc::SYS_unshare,
];
/// What clone(2) makes besides a child.
const NAMESPACES: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u32;
/// The capabilities that both leave: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
/// net_bind_service, sys_chroot, setfcap; docker a few more, of no use here. See containers.conf(5).
const LEFT: [libc::c_ulong; 11] = [0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 31];
const LAST_CAPABILITY: libc::c_ulong = 40;

/// The same of podman(1), whose profile allows containers in containers: seccomp.json of containers-common.
const REFUSED_BY_PODMAN: [libc::c_long; 3] = [libc::SYS_setdomainname, libc::SYS_sethostname, libc::SYS_setns];

fn filter_of_podman() -> Step {
    Step::Filter(Filter::of(&REFUSED_BY_PODMAN.map(|call| (call, Answer::Errno(Errno::EPERM)))))
}

/// The default filter of docker(1), as far as the course meets it.
fn filter() -> Step {
    let refused = REFUSED.map(|call| (call, Answer::Errno(Errno::EPERM)));
    // Its arguments lie in memory, where no filter looks: the C library shall try clone(2).
    let calls = [&refused[..], &[(libc::SYS_clone3, Answer::Errno(Errno::ENOSYS))]].concat();
    Step::Filter(Filter::with_flags(&calls, &[(libc::SYS_clone, NAMESPACES, Errno::EPERM)]))
}

/// A container as an engine makes it: its /proc, its cgroups, and a mark whose it is.
fn inside(engine: &str, host: Host, masks: Vec<Step>) -> Host {
    let steps = [
        Step::Unshare(CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS),
        Step::Fork,
        Step::mount("proc", "/proc", ""),
        Step::mount("tmpfs", "/run", ""),
        Step::mkdir("/run/systemd"),
        Step::write("/run/systemd/container", engine),
        one_tree(),
        Step::remount("/sys/fs/cgroup", MsFlags::MS_RDONLY),
    ];
    let given_up = (0..=LAST_CAPABILITY).filter(|capability| !LEFT.contains(capability)).collect();
    host.with(steps).with(masks).lastly([Step::GiveUp(given_up)])
}

/// What is to be read and not written.
fn read_only(place: &str) -> [Step; 2] {
    [Step::bind(place, place), Step::remount(place, MsFlags::MS_RDONLY)]
}

/// The masks of an engine, besides.
fn masked() -> Vec<Step> {
    [masks(), read_only("/proc/sys").into()].concat()
}

const NOT_ROOT: Says = Says {
    needs: &["device-nodes", "keep-namespace"],
    verdict: "limited",
    kind: "not-root",
    why: "only",
    remedy: "run it with sudo, outside of this container",
};
const SECCOMP: Says = Says {
    needs: &[
        "cgroup-namespace",
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
    ],
    verdict: "blocked",
    kind: "seccomp",
    why: "a seccomp filter is at work, as container engines set it up",
    remedy: "start the outer container with `docker run --security-opt seccomp=unconfined …`",
};
const MASKED: Says = Says {
    needs: &["proc-mount"],
    verdict: "blocked",
    kind: "masked-proc",
    why: "is covered, as container engines do, and /proc may not be shown anew",
    remedy: "start the outer container with `docker run --security-opt systempaths=unconfined …`",
};
const MASKED_INSIDE: Says = Says { needs: &["user-namespaces"], verdict: "limited", ..MASKED };

#[test]
fn inside_a_container_without_privileges_its_filter_is_named() {
    needs!(UserNamespaces);
    let room = room!();
    let host = inside("docker", Host::root(), masked()).lastly([filter()]);
    let lock = Lock::new("inside docker, with its defaults", host, [SECCOMP, READ_ONLY]);
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.is_told_by(&room, &["unshare-uts", "--", "true"]);
    lock.is_told_by(&room, &["enter-pivot", root, "--", "true"]);
    lock.is_told_by(&room, &["boxwright", "run", "--rm", root, "--", "true"]);
    // CAP_SYS_CHROOT is among those that engines leave.
    lock.runs(&room, &["enter-chroot", root, "--", "echo", "inside"], "inside\n");
}

#[test]
fn inside_a_container_without_a_filter_its_masks_are_named() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let name = "inside docker, --security-opt seccomp=unconfined";
    let lock = Lock::new(name, inside("docker", Host::root(), masked()), [MASKED, MASKED_INSIDE, NOT_ROOT, READ_ONLY]);
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.is_told_by(&room, &["unshare-pid", "--", "true"]);
    lock.is_told_by(&room, &["enter-pivot", root, "--", "true"]);
    lock.is_told_by(&room, &["boxwright", "run", "--rm", root, "--", "true"]);
    lock.runs(&room, &["unshare-uts", "--hostname", "box", "--", "hostname"], "box\n");
}

#[test]
fn inside_a_container_without_filter_and_masks_containers_run() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = "inside docker, --security-opt seccomp=unconfined --security-opt systempaths=unconfined";
    let lock = Lock::new(name, inside("docker", Host::root(), Vec::new()), [NOT_ROOT, READ_ONLY]);
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.runs(&room, &["unshare-pid", "--", "sh", "-c", "echo $$"], "1\n");
    lock.runs(&room, &["enter-pivot", root, "--", "echo", "inside"], "inside\n");
    lock.runs(&room, &["boxwright", "run", "--rm", root, "--", "echo", "inside"], "inside\n");
}

#[test]
fn inside_podman_what_it_refuses_is_named_and_the_rest_works() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let filtered = Says {
        needs: &["keep-namespace", "pidfd-setns", "setns", "uts-namespace"],
        remedy: "start the outer container with `podman run --security-opt seccomp=unconfined …`",
        ..SECCOMP
    };
    let masks = "start the outer container with `podman run --security-opt unmask=ALL …`";
    let says = [
        filtered,
        Says { remedy: masks, ..MASKED },
        Says { remedy: masks, ..MASKED_INSIDE },
        Says { needs: &["device-nodes"], ..NOT_ROOT },
        Says { remedy: "start the outer container with `podman run --privileged …`", ..READ_ONLY },
    ];
    let host = inside("podman", Host::root(), masked()).lastly([filter_of_podman()]);
    let lock = Lock::new("inside podman, with its defaults", host, says);
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.is_told_by(&room, &["unshare-uts", "--hostname", "box", "--", "true"]);
    lock.runs(&room, &["unshare-pid", "--no-proc", "--", "sh", "-c", "echo $$"], "1\n");
    lock.runs(&room, &["enter-chroot", root, "--", "echo", "inside"], "inside\n");
}

/// What doctor says inside a container of the real one's, by need.
fn inside_real_podman(room: &Room, root: &str, flags: &[&str]) -> Value {
    let words = [&["podman", "run", "--rm", "--network", "none"], flags, &["--rootfs", root, "/doctor", "--json"]];
    let ran = room.run("/usr/bin/env", words.concat());
    serde_json::from_str(&ran.stdout()).unwrap_or_else(|_| panic!("{}", ran.transcript()))
}

#[test]
fn inside_podman_itself_it_is_as_on_the_host_that_we_make() {
    needs!(UserNamespaces, PivotRoot, Podman);
    let room = room!();
    let root = room.root(&["doctor"]).display().to_string();
    let found = |report: &Value, need: &str| {
        let needs = report["needs"].as_array().expect("doctor writes lists").iter();
        let mut found = needs
            .filter(|one| one["need"] == need)
            .map(|one| ["verdict", "cause"].map(|field| one[field].as_str().unwrap_or_default().to_owned()).join(" "));
        found.next().unwrap_or_default()
    };
    let defaults = inside_real_podman(&room, &root, &[]);
    assert_eq!(found(&defaults, "uts-namespace"), "blocked seccomp");
    assert_eq!(found(&defaults, "setns"), "blocked seccomp");
    assert_eq!(found(&defaults, "proc-mount"), "blocked masked-proc");
    let unconfined = ["--security-opt", "seccomp=unconfined", "--security-opt", "unmask=ALL"];
    let open = inside_real_podman(&room, &root, &unconfined);
    for need in ["uts-namespace", "setns", "proc-mount", "user-namespaces", "pivot-root"] {
        assert_eq!(found(&open, need), "works ", "{need}");
    }
}

/// The walls that `.devcontainer/devcontainer.json` takes down, in docker's words.
fn flags() -> Vec<String> {
    let file = repository().join(".devcontainer/devcontainer.json");
    let text = std::fs::read_to_string(file).expect("there is a dev container");
    let described: Value = serde_json::from_str(&text).expect("it is described in JSON");
    let words = described["runArgs"].as_array().expect("it has flags").iter();
    words.filter_map(Value::as_str).filter(|word| !word.starts_with("--")).map(str::to_owned).collect()
}

#[test]
fn the_dev_container_takes_down_the_walls_that_are_in_the_way() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let (room, flags) = (room!(), flags());
    let stands = |flag: &str| !flags.iter().any(|one| one == flag);
    let masks = if stands("systempaths=unconfined") { masked() } else { Vec::new() };
    let filter = stands("seccomp=unconfined").then(filter);
    let lock =
        Lock::new("the dev container", inside("docker", Host::ordinary(), masks).lastly(filter), [NOT_ROOT, READ_ONLY]);
    let root = rootfs().to_str().expect("paths are UTF-8");
    assert!(!stands("apparmor=unconfined"), "docker's own profile forbids every mount");
    lock.is_told_by_doctor(&room);
    lock.runs(&room, &["unshare-pid", "--", "sh", "-c", "echo $$"], "1\n");
    lock.runs(&room, &["enter-chroot", root, "--", "echo", "inside"], "inside\n");
    lock.runs(&room, &["enter-pivot", root, "--", "echo", "inside"], "inside\n");
    lock.runs(&room, &["enter-overlay", "--layer", root, "--", "echo", "inside"], "inside\n");
    lock.runs(&room, &["boxwright", "run", "--rm", root, "--", "echo", "inside"], "inside\n");
}

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
    verdict: "blocked",
    kind: "cgroup-unreachable",
    why: "no cgroup file system is mounted where this process can see it",
    remedy: "mount it",
};
/// As engines show them.
const READ_ONLY: Says = Says {
    why: "/sys/fs/cgroup is mounted read-only, as container engines do",
    remedy: "start the outer container with `docker run --privileged …`",
    ..NO_CGROUPS
};
const ON_OVERLAY: Says = Says {
    needs: &["overlayfs"],
    verdict: "limited",
    kind: "file-system",
    why: "lies on overlay, which cannot carry an upper layer",
    remedy: "set BOXWRIGHT_HOME to a directory on ext4, xfs, btrfs or tmpfs; inside a container, on a volume",
};

#[test]
fn inside_boxwright_there_is_room_for_another() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let programs = ["doctor", "unshare-uts", "enter-pivot", "boxwright", "limit"];
    let root = room.root(&programs).display().to_string();
    let inner = format!("{}:/mnt:ro", rootfs().display());
    let words =
        ["boxwright", "run", "--rm", "--no-cgroup", "--tmpfs", "/tmp", "-v", &inner, &root, "--"].map(str::to_owned);
    let host = Host::ordinary().within(words, Who::Root);
    let lock = Lock::new("inside boxwright", host, [NO_CGROUPS, ON_OVERLAY]);
    // With version 2 alone the container sees its cgroup, to read.
    if std::fs::exists("/sys/fs/cgroup/cgroup.procs").is_ok_and(|is_there| is_there) {
        let refused = lock.host.run(&room, "limit", &["--pids", "10", "--", "true"]).fails_with(125);
        assert!(refused.contains(READ_ONLY.why), "{refused}");
    } else {
        lock.is_told_by_doctor(&room);
        lock.is_told_by(&room, &["limit", "--pids", "10", "--", "true"]);
    }
    lock.runs(&room, &["enter-pivot", "/mnt", "--", "echo", "inside"], "inside\n");
    let nested = "BOXWRIGHT_HOME=/tmp/boxes /boxwright run --rm /mnt -- sh -c 'echo $$ $(hostname | cut -c 1-4)'";
    lock.runs(&room, &["/bin/sh", "-c", nested], "1 box-\n");
}
