//! The walls of the stages before, which stand here too.

use std::fs;

use crate::harness::{Process, is_root, namespaces_of, program, rootfs};

use super::{command, enter, enter_keeping, listening};

#[test]
fn nothing_is_mounted_outside_and_only_mounts_of_its_own_are_inside() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let me = Process::with(std::process::id());
    let before = (me.read("mountinfo"), namespaces_of(me));
    let mut running = listening(&room, &[], &["--tmpfs", "/home"]);
    assert_eq!((me.read("mountinfo"), namespaces_of(me)), before);
    let targets = running.say("cut -d' ' -f5 /proc/self/mountinfo | grep -v -e ^/sys/ -e ^/dev/ | xargs\n").line();
    assert_eq!(targets, "/ /proc /sys /dev /home");
    let inside = Process::all().into_iter().find(|process| {
        room.attribution().has(*process) && process.status("NSpid").is_some_and(|numbers| numbers.ends_with(" 1"))
    });
    for (kind, inode) in namespaces_of(inside.expect("there is a PID 1")) {
        let is_new = ["mnt", "pid", "ipc"].contains(&kind.as_str()) || (kind == "user" && !is_root());
        assert_eq!(before.1[&kind] != inode, is_new, "{kind}");
    }
    assert_eq!(running.end().status(), 0);
}

#[test]
fn no_path_and_no_descriptor_leads_out() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let word = room.name("secret");
    let secret = room.file("secret", &word);
    let escape = format!("{}:/escape:ro", program("escape-chroot").display());
    let words = format!(
        "cat {0} /proc/1/root{0} /proc/1/cwd{0} ../../../../../..{0} /proc/self/fd/7/secret; /escape -- cat {0}; readlink /proc/1/fd/*",
        secret.display()
    );
    let script = format!("exec 7<{}; exec \"$0\" \"$@\"", room.path("").display());
    let program = program("enter-overlay").as_os_str();
    let words = command(&[], &["--volume", &escape], &words);
    let ran = room
        .run("/bin/sh", ["-c".as_ref(), script.as_ref(), program].into_iter().chain(words.iter().map(AsRef::as_ref)));
    assert!(!ran.stdout().contains(&word) && !ran.stdout().contains("work"), "{}", ran.stdout());
    assert!(ran.stdout().contains("contained: "), "{}", ran.transcript());
    assert!(fs::read_to_string(secret).unwrap() == word && !rootfs().join(".way-out").exists());
}

#[test]
fn a_read_only_root_writes_nothing_above_either() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let (state, data) = (room.path("box"), room.folder("data"));
    let volume = format!("{}:/data", data.display());
    let options = ["--read-only", "--state", state.to_str().unwrap(), "--volume", &volume, "--tmpfs", "/scratch"];
    let words = "for place in / /etc /data /scratch /dev/shm; do touch $place/new 2>/dev/null && echo $place; done; rm /etc/passwd";
    let ran = enter(&room, &[], &options, words);
    assert_eq!(ran.stdout(), "/data\n/scratch\n/dev/shm\n");
    assert!(ran.stderr().contains("Read-only file system"), "{}", ran.stderr());
    assert_eq!(super::tree::names(&state.join("upper")), [""; 0]);
    assert!(data.join("new").exists());
}

#[test]
fn exit_status_is_that_of_the_command() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    for (words, status) in [("exit 0", 0), ("exit 7", 7), ("sh -c 'kill -KILL $$'; exit $?", 137)] {
        assert_eq!(enter(&room, &[], &[], words).status(), status, "{words}");
        assert_eq!(enter_keeping(&room, "box", &[], words).status(), status, "{words}");
    }
    let root = rootfs().to_str().unwrap();
    for (command, status) in [("no-such-command", 127), ("/etc", 126), ("/etc/passwd", 126)] {
        assert_eq!(room.run("enter-overlay", ["--layer", root, "--", command]).status(), status, "{command}");
    }
}
