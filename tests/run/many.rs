//! Several containers at once, and the end of all of them.

use crate::harness::Room;

use super::background;

fn listed(room: &Room) -> Vec<String> {
    let listed = room.run("boxwright", ["ps", "--all"]).ok();
    listed.lines().skip(1).filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn all_can_be_removed_with_one_command() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let ended = room.name("ended");
    let root = crate::harness::rootfs().to_str().unwrap();
    room.run("boxwright", ["run", "--name", &ended, root, "--", "true"]).ok();
    let running: Vec<_> = ["one", "two", "three"].iter().map(|name| background(&room, name, &["--rm"])).collect();
    // Those that run are left alone, unless they are meant.
    room.run("boxwright", ["rm", "--all"]).ok();
    let mut left = listed(&room);
    left.sort();
    let mut expected = running.clone();
    expected.sort();
    assert_eq!(left, expected);
    room.run("boxwright", ["rm", "--all", "--force"]).ok();
    assert_eq!(listed(&room), [""; 0]);
    room.run("boxwright", ["rm", "--all"]).ok();
}

#[test]
fn one_that_runs_keeps_all_that_are_named() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let ended = room.name("ended");
    let root = crate::harness::rootfs().to_str().unwrap();
    room.run("boxwright", ["run", "--name", &ended, root, "--", "true"]).ok();
    let running = background(&room, "running", &[]);
    let refused = room.run("boxwright", ["rm", &ended, &running]).fails_with(125);
    assert!(refused.contains("--force"), "{refused}");
    assert_eq!(listed(&room).len(), 2);
    room.run("boxwright", ["rm", "--force", &ended, &running]).ok();
    assert_eq!(listed(&room), [""; 0]);
}

#[test]
fn nobody_stays_with_an_unattended_container() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = room.name("alone");
    let root = crate::harness::rootfs().to_str().unwrap();
    let words = ["run", "-d", "--unattended", "--user", "0:0", "--name", &name, root, "--", "sleep", "1000"];
    assert_eq!(room.run("boxwright", words).ok().trim(), name);
    let left: Vec<_> = room.attribution().processes().iter().map(|process| process.command()).collect();
    assert_eq!(left, ["sleep 1000"], "whoever asked for it has left");
    assert!(room.run("boxwright", ["ps"]).ok().contains("running"));
    assert_eq!(room.run("boxwright", ["exec", &name, "--", "echo", "in here"]).ok(), "in here\n");
    let streams =
        room.run("boxwright", ["exec", &name, "--", "sh", "-c", "cd /proc/1/fd; for i in *; do readlink $i; done"]);
    assert_eq!(streams.ok(), "/dev/null\n/dev/null\n/dev/null\n", "nobody reads what it says");
    assert!(room.run("boxwright", ["logs", &name]).fails_with(125).contains("--unattended"));
    assert!(room.run("boxwright", ["rm", &name]).fails_with(125).contains("is running"));
    room.run("boxwright", ["stop", "--time", "0", &name]).ok();
    let listed = room.run("boxwright", ["ps", "--all", "--json"]).ok();
    assert!(listed.contains("\"standing\": \"ended\""), "that, and not how: {listed}");
    assert!(room.run("boxwright", ["exec", &name, "--", "true"]).fails_with(125).contains("nobody was to stay"));
    // Its cgroup too: the room counts what is left.
    room.run("boxwright", ["rm", &name]).ok();
}

#[test]
fn an_unattended_container_that_cannot_begin_is_reported_and_leaves_nothing() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let root = crate::harness::rootfs().to_str().unwrap();
    let ran = room.run("boxwright", ["run", "-d", "--unattended", root, "--", "no-such-command"]);
    assert!(ran.fails_with(127).contains("no-such-command"));
    assert_eq!(listed(&room), [""; 0]);
    for options in [&["--unattended"][..], &["-d", "--rm", "--unattended"]] {
        let words = ["run"].into_iter().chain(options.iter().copied()).chain([root]);
        assert!(room.run("boxwright", words).fails_with(125).contains("--unattended"), "{options:?}");
    }
}

#[test]
fn a_parent_that_stays_is_small() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = background(&room, "small", &["--rm"]);
    let parents = room.attribution().processes().into_iter().filter(|process| process.command().contains("boxwright"));
    let sizes: Vec<_> = parents
        .filter_map(|parent| {
            let about = parent.read("smaps_rollup");
            let line = about.lines().find_map(|line| line.strip_prefix("Private_Dirty:"))?;
            line.trim_end_matches("kB").trim().parse::<u32>().ok()
        })
        .collect();
    assert!(!sizes.is_empty() && sizes.iter().all(|kilobytes| *kilobytes < 1000), "{sizes:?}");
    room.run("boxwright", ["rm", "--force", &name]).ok();
}
