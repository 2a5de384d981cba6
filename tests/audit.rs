//! The audit itself is judged: what is left behind on purpose must be named.

use std::process::Command;
use std::time::Duration;

use crate::harness::Room;

/// What the room says, and the word that it should contain.
fn names(room: &Room, what: &str) -> bool {
    let leaks = room.leaks(Duration::ZERO);
    leaks.iter().any(|leak| leak.contains(what)) || panic!("{what:?} is not in {leaks:#?}")
}

#[test]
fn a_file_left_in_the_folder_for_temporary_files_is_named() {
    let room = room!();
    room.command("/bin/sh", ["-c", "mkdir $TMPDIR/forgotten"]).status().unwrap();
    assert!(names(&room, "tmp/forgotten"));
    room.command("/bin/sh", ["-c", "rmdir $TMPDIR/forgotten"]).status().unwrap();
    assert_eq!(room.leaks(Duration::ZERO), [""; 0]);
}

#[test]
fn a_process_left_running_is_named_even_without_its_environment() {
    needs!(UserNamespaces);
    let room = room!();
    for without_environment in [false, true] {
        let mut command = room.command("/bin/sleep", ["1000"]);
        if without_environment {
            command.env_clear();
        }
        let mut child = command.spawn().unwrap();
        assert!(names(&room, "sleep 1000"));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(room.leaks(Duration::ZERO), [""; 0]);
}

#[test]
fn a_mount_left_on_the_host_is_named() {
    needs!(Root);
    let room = room!();
    let place = room.folder("mounted");
    assert!(Command::new("mount").args(["-t", "tmpfs", "none"]).arg(&place).status().unwrap().success());
    assert!(names(&room, "work/mounted"));
    assert!(Command::new("umount").arg(&place).status().unwrap().success());
    assert_eq!(room.leaks(Duration::ZERO), [""; 0]);
}

#[test]
fn a_cgroup_left_on_the_host_is_named() {
    needs!(Root);
    let room = room!();
    let top = crate::harness::cgroups().into_iter().next().expect("a host has a cgroup hierarchy");
    let cgroup = top.join(room.name("forgotten"));
    std::fs::create_dir(&cgroup).unwrap();
    assert!(names(&room, "forgotten"));
    std::fs::remove_dir(&cgroup).unwrap();
    assert_eq!(room.leaks(Duration::ZERO), [""; 0]);
}

#[test]
fn an_object_left_in_the_ipc_namespace_of_the_host_is_named() {
    let room = Room::alone(name!());
    let made = Command::new("ipcmk").args(["--queue"]).output().expect("ipcmk is part of util-linux");
    let text = String::from_utf8_lossy(&made.stdout).into_owned();
    let id = text.rsplit(' ').next().unwrap().trim().to_owned();
    assert!(names(&room, &format!("id {id}")));
    assert!(Command::new("ipcrm").args(["--queue-id", &id]).status().unwrap().success());
    assert_eq!(room.leaks(Duration::ZERO), [""; 0]);
}
