//! What is mounted on one side of the wall is not seen on the other.

use std::fs;

use crate::harness::{Room, Running, program, rootfs};

use super::LISTENING;

/// A host whose mounts are all shared, as systemd makes them, with nobody but those inside: this one's may be private, or
/// shared with everybody. It is a shell that reads lines.
fn shared_host(room: &Room) -> Running {
    let program = program("unshare-mount").display().to_string();
    let alone = ["--propagation", "private", "--", &program];
    let among_themselves = ["--propagation", "shared", "--", "sh", "-c", LISTENING];
    let mut host = room.start("unshare-mount", [&alone[..], &among_themselves].concat());
    assert_eq!(host.line(), "ready");
    assert!(host.say("grep ' / / ' /proc/self/mountinfo\n").line().contains(" shared:"));
    host.line();
    host
}

/// A container that this host starts in the background, and that runs the lines of `room.path("lines")`.
fn container(room: &Room, host: &mut Running, options: &str) {
    let (lines, answers) = (room.path("lines"), room.path("answers"));
    let program = program("enter-pivot").display();
    let (lines, answers) = (lines.display(), answers.display());
    host.say(&format!("mkfifo {lines} {answers}\n")).line();
    let loops = "while read -r line; do eval \\\"\\$line\\\"; done";
    let words = format!("{program} {options} {} -- sh -c \"{loops}\" <>{lines} >{answers} &", rootfs().display());
    host.say(&format!("{words} exec 4<>{answers} 5<>{lines}\n")).line();
}

/// What the container answers, in one line, by way of the host.
fn asks(host: &mut Running, words: &str) -> String {
    let answer = host.say(&format!("echo '{words}' >&5; read -r answer <&4; echo \"$answer\"\n")).line();
    host.line();
    answer
}

#[test]
fn neither_side_sees_what_the_other_mounts() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let (data, word) = (room.folder("data"), room.name("mounted"));
    fs::create_dir_all(data.join("of-the-host")).unwrap();
    fs::create_dir_all(data.join("of-the-box")).unwrap();
    let mut host = shared_host(&room);
    container(&room, &mut host, &format!("--volume {}:/mnt", data.display()));
    let count = format!("grep -c {word} /proc/self/mountinfo");
    // Inside: on the root, and on a volume whose source the host sees.
    let mount = |place: &str| format!("mount -t tmpfs {word} {place} && {count}");
    assert_eq!(asks(&mut host, &mount("/home")), "1");
    assert_eq!(asks(&mut host, &mount("/mnt/of-the-box")), "2");
    assert_eq!(host.say(&format!("{count}\n")).line(), "0");
    host.line();
    // Outside: below the source of the volume, and below the directory that is the root inside.
    for (at, place) in [data.join("of-the-host"), rootfs().join("home")].iter().enumerate() {
        assert_eq!(host.say(&format!("{}\n", mount(place.to_str().unwrap()))).line(), (at + 1).to_string());
        host.line();
    }
    assert_eq!(asks(&mut host, &count), "2");
    assert_eq!(asks(&mut host, "echo > /mnt/file; ls /mnt | xargs"), "file of-the-box of-the-host");
    assert!(data.join("file").exists(), "the files of a volume are the same on both sides");
    host.say("echo exit >&5; wait\n");
    assert_eq!(host.end().status(), 0);
}

#[test]
fn every_mount_inside_is_private() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let mut host = shared_host(&room);
    let words = format!(
        "{} {} -- grep -cE 'shared:|master:' /proc/self/mountinfo",
        program("enter-pivot").display(),
        rootfs().display()
    );
    assert_eq!(host.say(&format!("{words}\n")).line(), "0");
    // While those of the host go on being shared.
    host.line();
    assert!(host.say("grep ' / / ' /proc/self/mountinfo\n").line().contains(" shared:"));
    host.line();
    host.hush();
    assert_eq!(host.end().status(), 0);
}

#[test]
fn what_is_mounted_in_the_root_beforehand_comes_along() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let mut host = shared_host(&room);
    let (root, word) = (rootfs().display(), room.name("before"));
    let words = format!("mount -t tmpfs {word} {root}/home && echo {word} > {root}/home/file");
    host.say(&format!("{words}\n")).line();
    let read = format!("{} {root} -- cat /home/file", program("enter-pivot").display());
    assert_eq!(host.say(&format!("{read}\n")).line(), word);
    host.line();
    assert_eq!(host.end().status(), 0);
    assert!(!rootfs().join("home/file").exists());
}
