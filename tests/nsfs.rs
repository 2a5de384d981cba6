//! Stage 03: a namespace lives while something holds it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Process, Room, Running, is_root, namespace_of, namespaces_of};

const KINDS: [&str; 8] = ["user", "mnt", "uts", "ipc", "net", "pid", "cgroup", "time"];

fn asleep(room: &Room, program: &str, options: &[&str]) -> Running {
    let words = options.iter().copied().chain(["--", "sh", "-c", "echo ready; read -r line || :"]);
    let mut running = room.start(program, words);
    assert_eq!(running.line(), "ready");
    running
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn me() -> Process {
    Process::with(std::process::id())
}

#[test]
fn every_link_says_its_own_kind() {
    needs!(TimeNamespace);
    let room = room!();
    let shown = room.run("ns-show", ["--json", &me().0.to_string()]).ok();
    for (kind, inode) in namespaces_of(me()) {
        assert!(shown.contains(&inode.to_string()), "{kind} {inode} is not in {shown}");
    }
    let _ = json(&shown);
}

#[test]
fn equal_inodes_are_shown_as_shared_and_others_as_different() {
    needs!(UserNamespaces);
    let room = room!();
    let running = asleep(&room, "unshare-uts", &[]);
    let (there, here) = (running.process().0.to_string(), me().0.to_string());
    let compared = json(&room.run("ns-show", ["--json", "--compare", &here, &there]).ok());
    let text = compared.to_string();
    for kind in KINDS {
        let (one, other) = (namespace_of(me(), kind), namespace_of(running.process(), kind));
        assert_eq!(one == other, !(kind == "uts" || (kind == "user" && !is_root())), "{kind}");
        assert!(one.is_none_or(|inode| text.contains(&inode.to_string())), "{kind}: {text}");
        assert!(other.is_none_or(|inode| text.contains(&inode.to_string())), "{kind}: {text}");
    }
}

#[test]
fn only_a_user_namespace_has_an_owner_uid() {
    needs!(UserNamespaces);
    let room = room!();
    let running = asleep(&room, "unshare-user", &[]);
    let told = room.run("ns-show", ["--explain", "--tree", &running.process().0.to_string()]);
    told.assert().success();
    let asked: Vec<_> =
        told.stderr().lines().filter(|line| line.contains("NS_GET_OWNER_UID")).map(str::to_owned).collect();
    assert!(!asked.is_empty(), "{}", told.stderr());
    let owner = format!("[{}]) = 0", nix::unistd::geteuid());
    assert!(asked.iter().all(|line| line.contains("<user:[")), "{asked:#?}");
    assert!(asked.iter().any(|line| line.ends_with(&owner)), "{asked:#?}");
}

#[test]
fn a_namespace_is_entered_through_its_process() {
    needs!(UserNamespaces);
    let room = room!();
    for (program, kind) in
        [("unshare-uts", "uts"), ("unshare-ipc", "ipc"), ("unshare-net", "net"), ("unshare-cgroup", "cgroup")]
    {
        let running = asleep(&room, program, &[]);
        let inode = namespace_of(running.process(), kind).unwrap();
        let words = [running.process().0.to_string(), "--".into(), "readlink".into(), format!("/proc/self/ns/{kind}")];
        assert_eq!(room.run("ns-enter", words).ok(), format!("{kind}:[{inode}]\n"));
        assert_ne!(namespace_of(me(), kind), Some(inode));
    }
}

#[test]
fn a_pid_namespace_is_entered_by_being_born_into_it() {
    needs!(UserNamespaces);
    let room = room!();
    let running = asleep(&room, "unshare-pid", &[]);
    let first = Process::all().into_iter().find(|process| {
        room.attribution().has(*process) && process.status("NSpid").is_some_and(|numbers| numbers.ends_with(" 1"))
    });
    let first = first.expect("there is a PID 1");
    // The first is 1; whoever enters gets the numbers that follow.
    let seen = room.run("ns-enter", [&first.0.to_string(), "--", "sh", "-c", "echo $$; ps -o pid= -p 1"]).ok();
    assert_eq!(seen.split_whitespace().next(), Some("2"), "{seen}");
    assert_eq!(seen.split_whitespace().last(), Some("1"), "{seen}");
    assert_eq!(running.end().status(), 0);
}

#[test]
fn a_kept_namespace_outlives_its_last_process() {
    needs!(Root);
    let room = room!();
    for (program, kind) in [("unshare-uts", "uts"), ("unshare-net", "net"), ("unshare-ipc", "ipc")] {
        let file = room.path(kind);
        let file = file.to_str().unwrap();
        let running = asleep(&room, program, &[]);
        let inode = namespace_of(running.process(), kind).unwrap();
        room.run("ns-keep", [&running.process().0.to_string(), kind, file]).ok();
        running.end();
        let nobody = Process::all().into_iter().filter(|process| namespace_of(*process, kind) == Some(inode)).count();
        assert_eq!(nobody, 0);
        assert_eq!(fs::metadata(file).map(|about| std::os::unix::fs::MetadataExt::ino(&about)).unwrap(), inode);
        let link = format!("/proc/self/ns/{kind}");
        assert_eq!(room.run("ns-enter", [file, "--", "readlink", &link]).ok(), format!("{kind}:[{inode}]\n"));
        room.run("ns-drop", [file]).ok();
        assert!(!Path::new(file).exists());
    }
}

#[test]
fn a_host_name_survives_in_a_kept_namespace() {
    needs!(Root);
    let room = room!();
    let file = room.path("kept");
    let file = file.to_str().unwrap();
    let running = asleep(&room, "unshare-uts", &["--hostname", "kept.example"]);
    room.run("ns-keep", [&running.process().0.to_string(), "uts", file]).ok();
    running.end();
    assert_eq!(room.run("ns-enter", [file, "--", "hostname"]).ok(), "kept.example\n");
    room.run("ns-drop", [file]).ok();
    room.run("ns-enter", [file, "--", "hostname"]).fails_with(125);
}

#[test]
fn a_pid_namespace_may_be_kept_but_nobody_is_born_into_it_any_more() {
    needs!(Root);
    let room = room!();
    let file = room.path("pids");
    let file = file.to_str().unwrap();
    let running = asleep(&room, "unshare-pid", &[]);
    let first = running.process().children()[0];
    room.run("ns-keep", [&first.0.to_string(), "pid", file]).ok();
    running.end();
    assert!(first.ends_before(Instant::now() + Duration::from_secs(5)));
    let refused = room.run("ns-enter", [file, "--", "true"]).fails_with(125);
    assert!(refused.contains("ENOMEM") && refused.contains("hint:"), "{refused}");
    room.run("ns-drop", [file]).ok();
}

#[test]
fn a_namespace_held_by_a_descriptor_ends_with_it() {
    needs!(UserNamespaces);
    let room = room!();
    let running = asleep(&room, "unshare-uts", &["--hostname", "held.example"]);
    let pid = running.process().0.to_string();
    let words = ["--hold", &pid, "uts", "--", "sh", "-c", "echo ready; read -r line || :"];
    let mut holder = room.start("ns-keep", words);
    assert_eq!(holder.line(), "ready");
    let inode = namespace_of(running.process(), "uts").unwrap();
    running.end();
    let shown = room.run("ns-show", ["--kept", "--json"]).ok();
    assert!(shown.contains(&inode.to_string()), "{shown}");
    assert_eq!(holder.end().status(), 0);
    assert!(!room.run("ns-show", ["--kept", "--json"]).ok().contains(&inode.to_string()));
}

#[test]
fn a_mount_namespace_can_be_kept_and_entered() {
    needs!(Root);
    let room = room!();
    let running = asleep(&room, "unshare-mount", &[]);
    let inode = namespace_of(running.process(), "mnt").unwrap();
    let file = room.path("mounts");
    let file = file.to_str().unwrap();
    room.run("ns-keep", [&running.process().0.to_string(), "mnt", file]).ok();
    running.end();
    assert_eq!(room.run("ns-enter", [file, "--", "readlink", "/proc/self/ns/mnt"]).ok(), format!("mnt:[{inode}]\n"));
    room.run("ns-drop", [file]).ok();
}
