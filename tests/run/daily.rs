//! Daily use: statuses, streams, and every verb.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::rootfs;

use super::{background, first_process, listening, run};

#[test]
fn exit_status_is_that_of_the_program() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    for options in [&[][..], &["--init"]] {
        for (words, status) in [("exit 0", 0), ("exit 1", 1), ("exit 77", 77), ("exit 255", 255)] {
            assert_eq!(run(&room, options, words).status(), status, "{options:?} {words}");
        }
        // PID 1 cannot be killed by itself; what it starts can.
        assert_eq!(run(&room, options, "sh -c 'kill -TERM $$'; exit $?").status(), 143, "{options:?}");
    }
    assert_eq!(run(&room, &["--init"], "kill -KILL $$").status(), 137);
}

#[test]
fn a_missing_command_is_127_one_that_cannot_be_run_126_and_our_own_failure_125() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    let status = |words: &[&str]| room.run("boxwright", ["run", "--rm"].iter().chain(words)).status();
    for options in [&[][..], &["--init"]] {
        let with = |words: &[&'static str]| [options, &[root, "--"], words].concat();
        assert_eq!(status(&with(&["no-such-command"])), 127, "{options:?}");
        assert_eq!(status(&with(&["/no/such/command"])), 127, "{options:?}");
        assert_eq!(status(&with(&["/etc/passwd"])), 126, "{options:?}");
        assert_eq!(status(&with(&["/etc"])), 126, "{options:?}");
    }
    assert_eq!(status(&["/no/such/root", "--", "true"]), 125);
    assert_eq!(status(&["--no-such-option"]), 125);
}

#[test]
fn standard_streams_are_ours() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let mut running = room.start("boxwright", super::command(&[], "cat; echo complaint >&2"));
    running.say("one\ntwo\n").hush();
    let ran = running.end();
    assert_eq!((ran.stdout().as_str(), ran.stderr().as_str()), ("one\ntwo\n", "complaint\n"));
}

#[test]
fn nothing_of_ours_is_open_inside() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    // A descriptor of a directory outside is a way out: whoever starts us may have left one open.
    let folder = room.folder("outside");
    let root = rootfs().to_str().unwrap();
    let script = format!("exec 9<{}; exec \"$0\" \"$@\"", folder.display());
    let boxwright = crate::harness::program("boxwright").to_str().unwrap();
    for options in [&["run", "--rm"][..], &["run", "--rm", "--init"]] {
        let list = "for process in /proc/[0-9]*; do readlink $process/fd/*; done; true";
        let words = ["-c", &script, boxwright].into_iter().chain(options.iter().copied());
        let ran = room.run("/bin/sh", words.chain([root, "--", "sh", "-c", list]));
        // Three streams, and the directory that is being read: nothing with a path of the host.
        let seen = ran.ok();
        let of_the_host = seen.lines().filter(|line| line.starts_with('/') && !line.starts_with("/dev/"));
        let leaks: Vec<_> = of_the_host.filter(|line| !line.starts_with("/proc/")).collect();
        assert!(leaks.is_empty(), "{options:?}: {leaks:?}");
    }
}

#[test]
fn a_stream_that_was_closed_is_no_file_of_ours() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    let boxwright = crate::harness::program("boxwright").to_str().unwrap();
    // Its number would be that of the container's record, and whoever writes there would write into that.
    let closed = "exec \"$0\" \"$@\" <&- 2>&-";
    for options in [&["run", "--rm"][..], &["run", "--rm", "--init"]] {
        let words = ["-c", closed, boxwright].into_iter().chain(options.iter().copied());
        let ran =
            room.run("/bin/sh", words.chain([root, "--", "stat", "-L", "-c", "%t:%T", "/dev/stdin", "/dev/stderr"]));
        assert_eq!(ran.ok(), "1:3\n1:3\n", "{options:?}");
    }
}

#[test]
fn signals_that_we_ignore_are_heard_inside() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    let boxwright = crate::harness::program("boxwright").to_str().unwrap();
    for options in [&["run", "--rm"][..], &["run", "--rm", "--init"]] {
        let words = ["--ignore-signal=INT,QUIT,TERM,USR1,CHLD", boxwright];
        let words = words.into_iter().chain(options.iter().copied());
        let ran = room.run("/usr/bin/env", words.chain([root, "--", "grep", "SigIgn", "/proc/self/status"]));
        let ignored = u64::from_str_radix(ran.ok().trim_start_matches("SigIgn:").trim(), 16).unwrap();
        // Those above 31 belong to the C library and to whoever agrees on one.
        assert_eq!(ignored & 0x7fff_ffff, 0, "{options:?}: {ignored:x}");
    }
}

#[test]
fn environment_is_the_containers_own() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let mut command =
        room.command("boxwright", super::command(&["-e", "ONE=1", "-e", "SECRET", "-e", "EMPTY="], "env | sort"));
    command.env("SECRET", "handed over").env("HIDDEN", "not handed over");
    let seen = crate::harness::Running::start(command).end().ok();
    for line in ["ONE=1", "SECRET=handed over", "EMPTY=", "HOME=/root"] {
        assert!(seen.lines().any(|seen| seen == line), "{line:?} is not in {seen}");
    }
    assert!(!seen.contains("HIDDEN") && !seen.contains("BOXWRIGHT"), "{seen}");
}

#[test]
fn work_directory_and_user_are_as_asked() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    assert_eq!(run(&room, &["-w", "/usr"], "pwd").ok(), "/usr\n");
    assert_eq!(run(&room, &[], "id -u; id -g; id -G").ok(), "0\n0\n0\n");
}

#[test]
fn another_user_has_that_users_rights_only() {
    needs!(UserNamespaces, PivotRoot, Overlayfs, SubordinateIds);
    let room = room!();
    let words = "id -u; id -g; touch /file 2>/dev/null || echo refused; grep CapEff /proc/self/status";
    let seen = run(&room, &["-u", "1000:1001"], words).ok();
    assert_eq!(seen.split_whitespace().collect::<Vec<_>>(), ["1000", "1001", "refused", "CapEff:", "0000000000000000"]);
    assert_eq!(run(&room, &["-u", "nobody"], "id -u").ok(), "65534\n");
}

#[test]
fn a_name_can_be_taken_once() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = room.name("taken");
    let running = listening(&room, &["--name", &name]);
    let refused = run(&room, &["--name", &name], "true").fails_with(125);
    assert!(refused.contains(&name) && refused.contains("another name"), "{refused}");
    assert_eq!(running.end().status(), 0);
}

#[test]
fn init_reaps_orphans() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    // Each `sh -c '… &'` leaves an orphan that ends at once; a zombie would keep its number in /proc.
    let words = "for n in 1 2 3 4 5; do sh -c 'read -r line < /proc/self/stat &'; done; \
                 until test \"$(cat /proc/[0-9]*/stat | wc -l)\" -le 4; do :; done; grep -l 'State:.Z' /proc/[0-9]*/status";
    assert_eq!(run(&room, &["--init"], words).stdout(), "");
}

#[test]
fn a_signal_for_boxwright_is_one_for_the_program() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    for options in [&[][..], &["--init"]] {
        let words = "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.1; done";
        let mut running = room.start("boxwright", super::command(options, words));
        assert_eq!(running.line(), "ready");
        let pid = nix::unistd::Pid::from_raw(running.process().0 as i32);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        let ran = running.end();
        assert_eq!((ran.stdout().as_str(), ran.status()), ("caught\n", 9), "{options:?}");
    }
}

#[test]
fn the_end_of_boxwright_is_the_end_of_its_container() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = room.name("orphaned");
    let running = listening(&room, &["--name", &name]);
    let first = first_process(&room);
    drop(running); // SIGKILL
    assert!(first.ends_before(Instant::now() + Duration::from_secs(10)));
    room.run("boxwright", ["rm", &name]).ok();
}

#[test]
fn a_container_in_the_background_is_listed_entered_logged_stopped_and_removed() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = background(&room, "back", &[]);
    let listed: Value = serde_json::from_str(&room.run("boxwright", ["ps", "--json"]).ok()).unwrap();
    assert!(listed.to_string().contains(&name), "{listed}");
    assert!(room.run("boxwright", ["ps"]).ok().contains(&name));
    assert_eq!(room.run("boxwright", ["exec", &name, "--", "hostname"]).ok().trim(), name);
    assert_eq!(room.run("boxwright", ["exec", &name, "--", "sh", "-c", "exit 5"]).status(), 5);
    assert_eq!(room.run("boxwright", ["exec", &name, "--", "no-such-command"]).status(), 127);
    room.run("boxwright", ["rm", &name]).fails_with(125);
    room.run("boxwright", ["stop", &name]).ok();
    assert!(!room.run("boxwright", ["ps"]).ok().contains(&name));
    assert!(room.run("boxwright", ["ps", "--all"]).ok().contains(&name));
    room.run("boxwright", ["rm", &name]).ok();
    assert!(!room.run("boxwright", ["ps", "--all"]).ok().contains(&name));
    room.run("boxwright", ["rm", &name]).fails_with(125);
}

#[test]
fn what_exec_starts_is_behind_every_wall() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = background(&room, "walls", &[]);
    let first = first_process(&room);
    let words =
        "for link in /proc/self/ns/*; do readlink $link; done; cat /proc/self/cgroup; grep -c . /proc/self/mountinfo";
    let seen = room.run("boxwright", ["exec", &name, "--", "sh", "-c", words]).ok();
    for (kind, inode) in crate::harness::namespaces_of(first) {
        assert!(seen.contains(&format!("{kind}:[{inode}]")), "{kind} of PID 1 is not in {seen}");
    }
    let outside = room.run("boxwright", ["exec", &name, "--", "cat", "/proc/self/cgroup"]).ok();
    assert!(outside.lines().all(|line| line.ends_with(":/")), "{outside}");
    room.run("boxwright", ["rm", "--force", &name]).ok();
}

#[test]
fn logs_hold_what_was_written_on_both_streams() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = room.name("logged");
    let root = rootfs().to_str().unwrap();
    let words = "echo one; echo two >&2; echo three";
    room.run("boxwright", ["run", "-d", "--name", &name, root, "--", "sh", "-c", words]).ok();
    assert_eq!(room.run("boxwright", ["logs", "--follow", &name]).ok(), "one\ntwo\nthree\n");
    assert_eq!(room.run("boxwright", ["logs", &name]).ok(), "one\ntwo\nthree\n");
    room.run("boxwright", ["rm", "--force", &name]).ok();
}

#[test]
fn a_failure_in_the_background_is_reported_in_the_foreground() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    let ran = room.run("boxwright", ["run", "-d", root, "--", "no-such-command"]);
    assert!(ran.fails_with(127).contains("no-such-command"));
    assert_eq!(ran.stdout(), "");
}

#[test]
fn stop_asks_first_and_insists_later() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let polite = background(&room, "polite", &[]);
    let before = Instant::now();
    room.run("boxwright", ["stop", &polite]).ok();
    assert!(before.elapsed() < Duration::from_secs(9), "it ended when asked");
    let stubborn = room.name("stubborn");
    let root = rootfs().to_str().unwrap();
    let words = "trap '' TERM; echo ready; while :; do sleep 1000; done";
    room.run("boxwright", ["run", "-d", "--name", &stubborn, root, "--", "sh", "-c", words]).ok();
    super::is_ready(&room, &stubborn);
    room.run("boxwright", ["stop", "--time", "1", &stubborn]).ok();
    let listed = room.run("boxwright", ["ps", "--all", "--json"]).ok();
    assert!(listed.contains("137"), "{listed}");
    room.run("boxwright", ["rm", &polite, &stubborn]).ok();
}

#[test]
fn kill_sends_the_signal_that_is_named() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = room.name("killed");
    let root = rootfs().to_str().unwrap();
    let words = "trap 'echo USR1; exit 3' USR1; echo ready; while :; do sleep 0.1; done";
    room.run("boxwright", ["run", "-d", "--name", &name, root, "--", "sh", "-c", words]).ok();
    let mut log = room.start("boxwright", ["logs", "--follow", &name]);
    assert_eq!(log.line(), "ready");
    room.run("boxwright", ["kill", "--signal", "USR1", &name]).ok();
    assert_eq!(log.end().stdout(), "USR1\n");
    room.run("boxwright", ["rm", "--force", &name]).ok();
}

#[test]
fn commit_writes_what_the_container_changed_and_nothing_else() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = room.name("changed");
    let root = rootfs().to_str().unwrap();
    let words = "echo new > /new; rm /etc/group; echo x >> /etc/hosts; mkdir /data; echo d > /data/d";
    room.run("boxwright", ["run", "--name", &name, root, "--", "sh", "-c", words]).ok();
    let archive = room.path("layer.tar");
    let archive = archive.to_str().unwrap();
    room.run("boxwright", ["commit", &name, archive]).ok();
    let listed = room.run("/bin/tar", ["-tf", archive]).ok();
    for entry in ["new", "etc/.wh.group", "data/d"] {
        assert!(listed.lines().any(|line| line.trim_start_matches("./") == entry), "{entry} is not in {listed}");
    }
    for entry in ["hosts", "hostname", "resolv.conf"] {
        assert!(!listed.contains(entry), "{entry} is in {listed}");
    }
    room.run("boxwright", ["rm", &name]).ok();
}

#[test]
fn sizes_are_what_was_written_and_what_is_shown() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = room.name("sized");
    let root = rootfs().to_str().unwrap();
    room.run(
        "boxwright",
        ["run", "--name", &name, root, "--", "dd", "if=/dev/zero", "of=/file", "bs=1000", "count=3000"],
    )
    .ok();
    let listed: Value = serde_json::from_str(&room.run("boxwright", ["ps", "-a", "-s", "--json"]).ok()).unwrap();
    let numbers: Vec<_> = listed[0].as_object().unwrap().values().filter_map(Value::as_u64).collect();
    assert!(numbers.iter().any(|size| (3_000_000..3_200_000).contains(size)), "{listed}");
    assert!(numbers.iter().any(|size| (20_000_000..1_000_000_000).contains(size)), "{listed}");
    room.run("boxwright", ["rm", &name]).ok();
}
