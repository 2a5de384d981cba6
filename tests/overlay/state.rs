//! What one container keeps, and for how long.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Process, Room, program};

use super::tree::names;
use super::{enter, enter_keeping, listening, upper};

#[test]
fn a_named_state_is_kept_and_found_again() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = room.folder("layer");
    fs::write(layer.join("file"), "of the layer\n").unwrap();
    enter_keeping(&room, "box", &[&layer], "echo first > /file; rm /etc/group; mkdir /d; echo x > /d/x").ok();
    let seen = enter_keeping(&room, "box", &[&layer], "cat /file; ls /etc/group; ls /d; echo second >> /file").stdout();
    assert_eq!(seen, "first\nx\n");
    assert_eq!(enter_keeping(&room, "box", &[&layer], "cat /file").ok(), "first\nsecond\n");
    // Another one knows nothing of it, and the same changes lie as well on other layers.
    assert_eq!(enter_keeping(&room, "other", &[&layer], "cat /file; ls /d").stdout(), "of the layer\n");
    assert_eq!(enter_keeping(&room, "box", &[], "cat /file; ls /d").ok(), "first\nsecond\nx\n");
    let mut kept: Vec<_> = fs::read_dir(room.path("box")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    kept.sort();
    assert_eq!(kept, ["init", "upper", "work"]);
}

/// The directories that lie where temporary ones are made.
fn temporary(room: &Room) -> Vec<PathBuf> {
    let entries = fs::read_dir(room.path("../tmp")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_state_without_a_name_is_there_as_long_as_the_command_runs() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let mut running = listening(&room, &[], &[]);
    running.say("echo x > /new; rm -r /var; mkdir /var; mkdir -m 0 /closed\n").line();
    let there = temporary(&room);
    assert_eq!(there.len(), 1, "{there:?}");
    assert!(fs::metadata(there[0].join("upper/new")).is_ok());
    assert_eq!(running.end().status(), 0);
    assert_eq!(temporary(&room), [""; 0].map(PathBuf::from));
    assert_eq!(enter(&room, &[], &[], "ls /new 2>/dev/null; exit 3").status(), 3);
    assert_eq!(temporary(&room), [""; 0].map(PathBuf::from));
}

#[test]
fn whoever_ends_it_before_its_time_finds_nothing_left() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let mut running = listening(&room, &[], &[]);
        running.say("echo x > /new; sleep 1000 & echo\n").line();
        let inside = room.attribution().processes();
        kill(Pid::from_raw(running.process().0 as i32), signal).unwrap();
        assert_eq!(running.end().status(), 128 + signal as i32);
        let soon = Instant::now() + Duration::from_secs(5);
        assert!(inside.iter().all(|process: &Process| process.ends_before(soon)));
        assert_eq!(temporary(&room), [""; 0].map(PathBuf::from), "{signal}");
    }
}

#[test]
fn whoever_ends_the_unpacking_of_a_layer_finds_no_half_of_it() {
    needs!(UserNamespaces);
    let room = room!();
    let content = room.folder("content");
    (0..20).for_each(|number| fs::write(content.join(format!("file-{number}")), "text").unwrap());
    let archive = room.run("/bin/tar", ["-C", content.to_str().unwrap(), "-cf", "-", "."]).ok();
    let unpack = program("unpack-layer").to_str().unwrap();
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let words = "exec \"$0\" --explain - layer 2>&1";
        let mut running = room.start("/bin/sh", ["-c", words, unpack]);
        running.say(&archive[..archive.len() / 2]);
        // It has begun, and waits for the rest.
        while !running.line().contains("/file-") {}
        let group = running.process().children().into_iter().chain([running.process()]);
        // As a terminal does it: all hear it. Other signals come to one.
        let told = group.filter(|process| signal == Signal::SIGINT || *process == running.process());
        told.for_each(|Process(pid)| kill(Pid::from_raw(pid as i32), signal).unwrap());
        // The end of the archive would end it too: it does not come before the signal has had its time.
        assert!(running.process().ends_before(Instant::now() + Duration::from_secs(10)), "{signal}");
        assert_eq!(running.end().status(), 128 + signal as i32);
        let left = fs::read_dir(room.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(left.collect::<Vec<_>>(), ["content"], "{signal}");
    }
}

#[test]
fn a_state_in_use_is_nobody_elses() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let state = room.path("box");
    let mut running = listening(&room, &[], &["--state", state.to_str().unwrap()]);
    let refused = enter_keeping(&room, "box", &[], "echo it ran");
    assert!(refused.fails_with(125).contains("is in use") && refused.stdout().is_empty(), "{}", refused.stderr());
    assert_eq!(running.say("echo still > /here; cat /here\n").line(), "still");
    assert_eq!(running.end().status(), 0);
    assert_eq!(enter_keeping(&room, "box", &[], "cat /here").ok(), "still\n");
    // One that was killed holds nothing any more: the kernel lets go for it.
    let running = listening(&room, &[], &["--state", state.to_str().unwrap()]);
    let inside = room.attribution().processes();
    drop(running); // SIGKILL
    let soon = Instant::now() + Duration::from_secs(5);
    assert!(inside.iter().all(|process| process.ends_before(soon)));
    assert_eq!(enter_keeping(&room, "box", &[], "cat /here").ok(), "still\n");
}

#[test]
fn what_belongs_to_one_container_lies_in_its_init_layer() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = room.folder("layer");
    fs::create_dir(layer.join("etc")).unwrap();
    for name in ["hosts", "hostname", "resolv.conf"] {
        fs::write(layer.join("etc").join(name), "of the image\n").unwrap();
    }
    let words = "cat /etc/hostname; hostname; grep -c localhost /etc/hosts; cat /etc/resolv.conf; echo '127.0.0.1 me' >> /etc/hosts";
    let seen = enter_keeping(&room, "box", &[&layer], words).ok();
    let host = nix::unistd::gethostname().unwrap().into_string().unwrap();
    let resolv = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    assert_eq!(seen, format!("{host}\n{host}\n2\n{resolv}"));
    assert_eq!(
        names(&room.path("box/init")),
        ["dev/", "etc/", "etc/hostname", "etc/hosts", "etc/resolv.conf", "proc/", "sys/"]
    );
    // What it wrote itself lies above, and stays its own.
    assert_eq!(names(&upper(&room, "box")), ["etc/", "etc/hosts"]);
    assert_eq!(enter_keeping(&room, "box", &[&layer], "tail -n 1 /etc/hosts").ok(), "127.0.0.1 me\n");
    assert_eq!(fs::read_to_string(layer.join("etc/hosts")).unwrap(), "of the image\n");
}

#[test]
fn a_state_that_cannot_be_is_refused() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let file = room.file("file", "text");
    for (state, word) in [
        (file, "is not a directory"),
        (room.path("no/such/box"), "there is no directory"),
        ("/proc/box".into(), "proc"),
    ] {
        let ran = enter(&room, &[], &["--state", state.to_str().unwrap()], "echo it ran");
        assert!(ran.fails_with(125).contains(word) && ran.stdout().is_empty(), "{}", ran.stderr());
    }
    assert_eq!(fs::read_to_string(room.path("file")).unwrap(), "text");
}
