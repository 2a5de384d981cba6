//! From one verb to the next: what is kept, what is taken away, and whose it is.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Process, Ran, Room, Running, program, rootfs};

use super::{background, first_process};

/// `boxwright` below a shell that has given its streams away as `streams` says.
fn with_streams(room: &Room, streams: &str, words: &[&str]) -> Ran {
    let script = format!("exec \"$0\" \"$@\" {streams}");
    let boxwright = program("boxwright").to_str().expect("paths are UTF-8");
    room.run("/bin/sh", ["-c", &script, boxwright].into_iter().chain(words.iter().copied()))
}

#[test]
fn what_was_written_survives_a_failure_of_ours() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = room.name("precious");
    let root = rootfs().to_str().unwrap();
    let words = "echo precious >/data; echo hello; exec sleep 1000";
    let ran =
        with_streams(&room, "</dev/null >/dev/full", &["run", "--name", &name, "-t", root, "--", "sh", "-c", words]);
    assert!(ran.fails_with(125).to_lowercase().contains("no space left"), "{}", ran.stderr());
    let data = room.boxes().join("containers").join(&name).join("upper/data");
    assert_eq!(std::fs::read_to_string(data).unwrap(), "precious\n");
    assert!(room.run("boxwright", ["ps", "--all"]).ok().contains(&name));
    room.run("boxwright", ["rm", &name]).ok();
}

#[test]
fn files_of_ids_that_only_root_inside_has_are_taken_away_by_root_of_another_user_namespace() {
    needs!(OrdinaryUser, SubordinateIds, PivotRoot, Overlayfs);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    let user_namespaces = |command: &str| {
        let ran = room.run("boxwright", ["run", "--rm", "--explain", root, "--", "sh", "-c", command]);
        ran.ok();
        assert_eq!(std::fs::read_dir(room.boxes().join("containers")).unwrap().count(), 0);
        ran.stderr().lines().filter(|line| line.contains("clone3(") && line.contains("CLONE_NEWUSER")).count()
    };
    // What the owner has closed, as overlayfs does, the owner can open again.
    assert_eq!(user_namespaces("mkdir /closed && echo 1 >/closed/file && chmod 0 /closed/file"), 1);
    assert_eq!(user_namespaces("mkdir -m 700 /closed && echo 1 >/closed/file && chown -R 7:7 /closed"), 2);
}

#[test]
fn a_name_that_cannot_be_printed_is_no_reason_to_lose_a_container() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    for options in [&["-d"][..], &["-d", "--rm"]] {
        let name = room.name("nameless");
        let words = ["run", "--name", &name].into_iter().chain(options.iter().copied());
        let words: Vec<_> = words.chain([root, "--", "sleep", "1000"]).collect();
        assert!(with_streams(&room, ">/dev/full", &words).fails_with(125).contains("print the name"));
        assert!(room.run("boxwright", ["ps"]).ok().contains(&name), "{options:?}");
        room.run("boxwright", ["rm", "--force", &name]).ok();
    }
}

#[test]
fn what_dies_slowly_is_waited_for_before_its_cgroup_goes() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = background(&room, "dying", &[]);
    let first = first_process(&room);
    let parent = parent_of(first);
    let mut guest = room.start("boxwright", ["exec", &name, "--", "sh", "-c", "echo here; exec sleep 1000"]);
    assert_eq!(guest.line(), "here");
    // PID 1 ends after everybody else, and one that nobody collects has not ended.
    send(guest.process(), Signal::SIGSTOP);
    send(parent, Signal::SIGKILL);
    assert!(parent.ends_before(soon()));
    let removing = room.start("boxwright", ["rm", "--force", &name]);
    let has_returned = removing.process().ends_before(Instant::now() + Duration::from_secs(1));
    assert!(!has_returned, "what is left of PID 1 is still there: {:?}", first.status("State"));
    send(guest.process(), Signal::SIGCONT);
    removing.end().ok();
    guest.end();
}

#[test]
fn a_container_of_another_home_is_nobody_elses_to_end() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = background(&room, "twin", &[]);
    for record in ["", "nothing that boxwright has written\n"] {
        let home = room.folder("another-home");
        room.file(Path::new("another-home/records").join(&name), record);
        let mut command = room.command("boxwright", ["rm", &name]);
        command.env("BOXWRIGHT_HOME", &home);
        Running::start(command).end().ok();
        assert_eq!(room.run("boxwright", ["exec", &name, "--", "echo", "alive"]).ok(), "alive\n", "{record:?}");
    }
    room.run("boxwright", ["rm", "--force", &name]).ok();
}

#[test]
fn a_container_whose_record_was_removed_while_it_was_made_begins_again() {
    needs!(UserNamespaces, PivotRoot, Overlayfs, Strace);
    let room = room!();
    let name = room.name("ghost");
    let record = room.boxes().join("records").join(&name);
    // Stopped between making the record and taking its lock.
    let root = rootfs().to_str().unwrap();
    let boxwright = program("boxwright").to_str().unwrap();
    let stop = ["-qq", "-o", "/dev/null", "-P", record.to_str().unwrap(), "-e", "inject=openat:signal=SIGSTOP:when=1"];
    let words = stop.into_iter().chain([boxwright, "run", "--name", &name, root, "--", "true"]);
    let making = room.start("/usr/bin/strace", words);
    let made = wait_for(|| making.process().children().into_iter().find(|_| record.exists()));
    wait_for(|| made.status("State").filter(|state| state.starts_with(['t', 'T'])));
    assert!(record.exists());
    room.run("boxwright", ["rm", &name]).ok();
    send(made, Signal::SIGCONT);
    making.end().ok();
    room.run("boxwright", ["rm", &name]).ok();
}

#[test]
fn one_that_is_being_made_keeps_none_of_the_others() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = background(&room, "other", &[]);
    // Last of all by its name: the others come before it.
    let making = room.name("zz-making");
    let record = File::create(room.boxes().join("records").join(&making)).unwrap();
    record.lock().unwrap();
    let refused = room.run("boxwright", ["rm", "--force", &name, &making]).fails_with(125);
    assert!(refused.contains(&making) && refused.contains("being made"), "{refused}");
    assert!(room.run("boxwright", ["ps"]).ok().contains(&name), "nobody is ended before it is certain that all may be");
    let refused = room.run("boxwright", ["rm", "--all", "--force"]).fails_with(125);
    assert!(refused.contains(&making) && refused.contains("being made"), "{refused}");
    assert!(!room.run("boxwright", ["ps", "--all"]).ok().contains(&name));
    drop(record);
    room.run("boxwright", ["rm", "--all"]).ok();
}

#[test]
fn a_container_goes_on_when_nobody_reads_its_layer_to_the_end() {
    needs!(PivotRoot, Overlayfs, Freeze);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    let name = room.name("read");
    let words = "dd if=/dev/zero of=/file bs=1000000 count=9 2>/dev/null; echo ready; while :; do sleep 0.1; done";
    room.run("boxwright", ["run", "-d", "--name", &name, root, "--", "sh", "-c", words]).ok();
    super::is_ready(&room, &name);
    with_streams(&room, "| head -c 1 >/dev/null", &["commit", &name, "-"]);
    assert!(!room.run("boxwright", ["ps"]).ok().to_lowercase().contains("paused"));

    // Nobody reads yet: it is held still for as long as the pipe is full.
    let committing = room.start("boxwright", ["commit", &name, "-"]);
    wait_for(|| room.run("boxwright", ["ps"]).ok().to_lowercase().contains("paused").then_some(()));
    send(committing.process(), Signal::SIGTERM);
    assert_eq!(committing.end().status(), 143);
    assert!(!room.run("boxwright", ["ps"]).ok().to_lowercase().contains("paused"));
    room.run("boxwright", ["rm", "--force", &name]).ok();
}

/// The process that `process` is a child of.
fn parent_of(process: Process) -> Process {
    Process(process.status("PPid").and_then(|pid| pid.parse().ok()).expect("it has a parent"))
}

fn send(process: Process, signal: Signal) {
    kill(Pid::from_raw(process.0.cast_signed()), signal).expect("it is there");
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// Asks until there is an answer.
fn wait_for<T>(ask: impl Fn() -> Option<T>) -> T {
    let end = soon();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "nothing comes of it");
        std::thread::yield_now();
    }
}
