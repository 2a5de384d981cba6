//! Limits of a container, and holding it still.

use crate::harness::{Process, program, rootfs};

use super::{background, first_process, run};

#[test]
fn memory_ends_at_its_limit() {
    needs!(PivotRoot, Overlayfs, MemoryLimit);
    let room = room!();
    let ran = run(&room, &["--memory", "32M", "--swap", "0"], "tail /dev/zero; exit $?");
    assert_eq!(ran.status(), 137, "{}", ran.stderr());
}

#[test]
fn a_fork_bomb_meets_its_limit() {
    needs!(PivotRoot, Overlayfs, PidsLimit);
    let room = room!();
    let words = "n=0; while test $n -lt 40; do sleep 1000 & n=$((n+1)); done";
    let ran = run(&room, &["--pids", "10"], words);
    assert!(!ran.output.status.success(), "{}", ran.stderr());
    assert!(ran.stderr().contains("fork"), "{}", ran.stderr());
}

#[test]
fn a_paused_container_does_nothing_and_goes_on_afterwards() {
    needs!(PivotRoot, Overlayfs, Freeze);
    let room = room!();
    let name = background(&room, "paused", &[]);
    room.run("boxwright", ["pause", &name]).ok();
    assert!(is_frozen(first_process(&room)));
    assert!(room.run("boxwright", ["ps"]).ok().to_lowercase().contains("paused"));
    room.run("boxwright", ["unpause", &name]).ok();
    assert!(!is_frozen(first_process(&room)));
    room.run("boxwright", ["pause", &name]).ok();
    // Who is asked to end must be able to hear it.
    room.run("boxwright", ["stop", &name]).ok();
    room.run("boxwright", ["rm", &name]).ok();
}

#[test]
fn a_paused_container_can_be_ended_on_a_host_with_version_1_alone() {
    needs!(Root, PivotRoot, Overlayfs, Freeze, CgroupV1Trees);
    let room = room!();
    let (boxwright, root) = (program("boxwright").display().to_string(), rootfs().display().to_string());
    // Version 1 lets nobody end who is frozen, not even the killed.
    let words = "for place in $(findmnt -n -t cgroup2 -o TARGET); do umount $place; done
                 boxwright() { \"$0\" \"$@\"; }
                 boxwright run --detach --name \"$1\" \"$2\" -- sleep 1000 && boxwright pause \"$1\" && eval \"$3\"";
    for (name, end) in [
        ("removed", "boxwright rm --force $1"),
        ("killed", "boxwright kill $1; until boxwright rm $1 2>/dev/null; do sleep 0.1; done"),
    ] {
        let arguments = ["--mount", "sh", "-c", words, &boxwright, &room.name(name), &root, end];
        room.run("/usr/bin/unshare", arguments).ok();
        assert!(!room.run("boxwright", ["ps", "--all"]).ok().contains(name));
    }
}

fn is_frozen(process: Process) -> bool {
    let groups = process.read("cgroup");
    let tops = crate::harness::cgroups();
    groups.lines().filter_map(|line| line.splitn(3, ':').nth(2)).filter(|path| *path != "/").any(|path| {
        let here = tops.iter().filter(|top| top.ends_with(path.trim_start_matches('/')));
        here.flat_map(|top| ["cgroup.freeze", "freezer.state"].map(|file| top.join(file)))
            .filter_map(|file| std::fs::read_to_string(file).ok())
            .any(|state| matches!(state.trim(), "1" | "FROZEN"))
    })
}
