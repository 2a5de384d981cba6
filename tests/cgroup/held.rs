//! Stopping everybody inside, letting them go on, and killing them.

use std::time::{Duration, Instant};

use crate::harness::{Process, Room};

use super::{file, inside, limited, listening};

/// Nanoseconds on a processor so far: see schedstat in proc(5).
fn used(process: Process) -> u64 {
    process.read("schedstat").split(' ').next().and_then(|time| time.parse().ok()).expect("the kernel counts it")
}

/// The same of each, once it stands still: a process counts as frozen just before it leaves its processor.
fn used_at_last(everybody: &[Process]) -> Vec<u64> {
    let all = || everybody.iter().map(|process| used(*process)).collect::<Vec<_>>();
    let later = || {
        std::thread::sleep(Duration::from_millis(10));
        all()
    };
    (0..100).map(|_| (all(), later())).find_map(|(now, then)| (now == then).then_some(then)).unwrap_or_else(all)
}

/// Something that takes a while, so that whoever runs has run in the meantime.
fn meanwhile(room: &Room) {
    room.run("/bin/sh", ["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"]).ok();
}

fn is_frozen(room: &Room, name: &str) -> bool {
    let state = file(room, name, &["cgroup.events", "freezer.state"]);
    state.contains("frozen 1") || state == "FROZEN"
}

#[test]
fn the_frozen_do_nothing_and_go_on_where_they_were() {
    needs!(Freeze, PidsLimit);
    // Whoever hands a controller down in the directory above has the kernel put everybody in it anew, and for that it wakes
    // the frozen for a moment.
    let room = Room::alone(name!());
    let cgroup = format!("boxwright/{}", room.name("frozen"));
    let mut running = listening(&room, "frozen", &["--pids", "50"]);
    // One that computes, one that waits, and their children.
    running.say("(while :; do :; done) & (sleep 1000 & echo up; wait) &\n");
    assert!([running.line(), running.line()].contains(&"up".to_owned()));
    let everybody = inside(&room, "frozen");
    assert_eq!(everybody.len(), 4, "{everybody:?}");
    let busy = *everybody.iter().max_by_key(|process| used(**process)).unwrap();
    let said = room.run("freeze", [&cgroup]).ok();
    assert!(said.starts_with(&format!("frozen: {} processes in ", inside(&room, "frozen").len())), "{said}");
    assert!(is_frozen(&room, "frozen"));
    let before = used_at_last(&everybody);
    // It is spoken to, and computes as fast as it can, while others get on with their work.
    running.say("echo heard at last\n");
    meanwhile(&room);
    assert_eq!(everybody.iter().map(|process| used(*process)).collect::<Vec<_>>(), before);
    assert!(everybody.iter().all(|process| !process.read("stat").is_empty()), "they are all there");
    let shown = room.run("usage", [&cgroup]).ok();
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["state", "frozen"])), "{shown}");
    let said = room.run("thaw", [&cgroup]).ok();
    assert!(said.starts_with("thawed: ") && !is_frozen(&room, "frozen"), "{said}");
    assert_eq!(running.line(), "heard at last");
    meanwhile(&room);
    assert!(used(busy) > before[everybody.iter().position(|one| *one == busy).unwrap()]);
    let told = running.end();
    assert_eq!(told.status(), 0);
    assert!(told.stderr().contains("processes behind, killed now"), "{}", told.stderr());
}

#[test]
fn a_process_names_the_cgroup_that_it_is_in() {
    needs!(Freeze, PidsLimit);
    let room = room!();
    let mut running = listening(&room, "by-pid", &["--pids", "50"]);
    let shell = running.process().children()[0].0.to_string();
    room.run("freeze", [&shell]).ok();
    assert!(is_frozen(&room, "by-pid"));
    room.run("thaw", [&shell]).ok();
    assert_eq!(running.say("echo on\n").line(), "on");
    let shown = room.run("usage", [&shell]).ok();
    assert!(shown.contains(&room.name("by-pid")), "{shown}");
    assert_eq!(running.end().status(), 0);
}

#[test]
fn everybody_inside_is_killed_and_nobody_else() {
    needs!(Freeze, PidsLimit);
    let room = room!();
    let mut other = listening(&room, "other", &["--pids", "50"]);
    let mut running = listening(&room, "killed", &["--pids", "50"]);
    // Children, a session of its own, and an orphan whose parent has ended: no process group holds them all.
    running.say("sleep 1000 & setsid sleep 1001 & setsid sh -c 'sleep 1002 & sleep 1003 &' & wait $!\n").line();
    let inside_before = inside(&room, "killed");
    assert_eq!(inside_before.len(), 5, "{inside_before:?}");
    let cgroup = format!("boxwright/{}", room.name("killed"));
    let said = room.run("kill-cgroup", [&cgroup]).ok();
    assert!(said.starts_with("killed: 5 processes in "), "{said}");
    let soon = Instant::now() + Duration::from_secs(5);
    assert!(inside_before.iter().all(|process| process.ends_before(soon)));
    // The command was ended by SIGKILL, and `limit` has removed what it had made.
    assert_eq!(running.end().status(), 137);
    assert_eq!(super::directories(&room, "killed"), [""; 0].map(std::path::PathBuf::from));
    assert_eq!(other.say("echo alive\n").line(), "alive");
    assert_eq!(other.end().status(), 0);
}

#[test]
fn the_frozen_can_be_killed() {
    needs!(Freeze, PidsLimit);
    let room = room!();
    let cgroup = format!("boxwright/{}", room.name("ice"));
    let running = listening(&room, "ice", &["--pids", "50"]);
    room.run("freeze", [&cgroup]).ok();
    room.run("kill-cgroup", [&cgroup]).ok();
    assert_eq!(running.end().status(), 137);
}

#[test]
fn a_signal_for_limit_is_one_for_the_command() {
    needs!(PidsLimit);
    let room = room!();
    let words = "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.1; done";
    let mut running = room.start("limit", super::command(&room.name("told"), &["--pids", "50"], words));
    assert_eq!(running.line(), "ready");
    let pid = nix::unistd::Pid::from_raw(running.process().0 as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    let ran = running.end();
    assert_eq!((ran.stdout().as_str(), ran.status()), ("caught\n", 9));
    // A command that does not listen is ended by the second one.
    let words = "trap '' TERM; echo ready; sleep 1000; sleep 1000";
    let mut running = room.start("limit", super::command(&room.name("told"), &["--pids", "50"], words));
    assert_eq!(running.line(), "ready");
    let limit = running.process();
    let pid = nix::unistd::Pid::from_raw(limit.0 as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    // Two that wait at once are one: the first must have been taken from the queue.
    let end = Instant::now() + Duration::from_secs(10);
    while limit.status("ShdPnd").is_some_and(|pending| !pending.trim_start_matches('0').is_empty()) {
        assert!(Instant::now() < end, "it does not hear the signal");
        std::thread::yield_now();
    }
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert_eq!(running.end().status(), 137);
}

#[test]
fn nobody_stops_or_kills_what_they_are_in_themselves() {
    needs!(Freeze, PidsLimit);
    let room = room!();
    let programs = ["freeze", "kill-cgroup"].map(|name| crate::harness::program(name).display().to_string());
    let cgroup = format!("boxwright/{}", room.name("own"));
    for program in programs {
        let ran = limited(&room, "own", &["--pids", "50"], &format!("{program} {cgroup}; echo $?"));
        assert_eq!(ran.ok(), "125\n");
        assert!(ran.stderr().contains("holds this program too"), "{}", ran.stderr());
    }
}
