//! A cgroup outlives its processes unless somebody removes it: nothing stays.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{directories, inside, limited, listening};

const NOTHING: [PathBuf; 0] = [];

#[test]
fn the_cgroup_is_gone_and_the_status_is_that_of_the_command() {
    needs!(PidsLimit);
    let room = room!();
    for (words, status) in
        [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137), ("no-such-command", 127)]
    {
        assert_eq!(limited(&room, "ended", &["--pids", "50"], words).status(), status, "{words}");
        assert_eq!(directories(&room, "ended"), NOTHING, "{words}");
    }
    let name = room.name("ended");
    for (command, status) in [("no-such-command", 127), ("/etc", 126), ("/etc/passwd", 126)] {
        assert_eq!(room.run("limit", ["--name", &name, "--pids", "50", "--", command]).status(), status, "{command}");
        assert_eq!(directories(&room, "ended"), NOTHING, "{command}");
    }
}

#[test]
fn whoever_is_left_behind_is_named_and_killed() {
    needs!(PidsLimit);
    let room = room!();
    let ran = limited(
        &room,
        "left",
        &["--pids", "50"],
        "setsid sleep 1000 & echo $!; setsid sh -c 'sleep 1001 & sleep 1002' & echo $!",
    );
    let pids = ran.ok();
    let line = ran.stderr().lines().last().unwrap().to_owned();
    assert!(line.starts_with("limit: the command left ") && line.contains(" behind, killed now: "), "{line}");
    let soon = Instant::now() + Duration::from_secs(5);
    for pid in pids.lines() {
        assert!(line.split([' ', ',']).any(|word| word == pid), "{pid} is not in {line}");
        assert!(crate::harness::Process::with(pid.parse().unwrap()).ends_before(soon));
    }
    assert_eq!(directories(&room, "left"), NOTHING);
}

#[test]
fn a_name_is_one_cgroup_at_a_time() {
    needs!(PidsLimit);
    let room = room!();
    let mut running = listening(&room, "taken", &["--pids", "17"]);
    let refused = limited(&room, "taken", &["--pids", "99"], "echo it ran");
    assert!(
        refused.fails_with(125).contains(&room.name("taken")) && refused.stdout().is_empty(),
        "{}",
        refused.stderr()
    );
    assert_eq!(super::file(&room, "taken", &["pids.max"]), "17");
    assert_eq!(running.say("echo still here\n").line(), "still here");
    assert_eq!(running.end().status(), 0);
    for odd in ["a/b", "..", "", ".x", "a b"] {
        let ran = room.run("limit", ["--name", odd, "--pids", "9", "--", "echo", "it ran"]);
        assert!(
            ran.fails_with(125).contains("cannot name a cgroup") && ran.stdout().is_empty(),
            "{odd}: {}",
            ran.stderr()
        );
    }
}

#[test]
fn cgroups_that_were_made_inside_go_too() {
    needs!(Root, PidsLimit);
    let room = room!();
    let mut running = listening(&room, "outer", &["--pids", "50"]);
    for directory in directories(&room, "outer") {
        running.say(&format!("mkdir -p {}/one/two && echo made\n", directory.display()));
        assert_eq!((running.line().as_str(), running.line().as_str()), ("made", ""));
    }
    assert!(directories(&room, "outer").iter().all(|directory| directory.join("one/two").is_dir()));
    assert_eq!(running.end().status(), 0);
    assert_eq!(directories(&room, "outer"), NOTHING);
}

#[test]
fn one_limit_runs_in_another() {
    needs!(PidsLimit);
    let room = room!();
    let limit = crate::harness::program("limit").display();
    let words = format!(
        "{limit} --name {} --pids 5 -- sh -c 'grep -c {} /proc/self/cgroup; exit 6'; echo $?",
        room.name("inner"),
        room.name("inner")
    );
    let ran = limited(&room, "outer", &["--pids", "50"], &words);
    assert!(ran.ok().ends_with("\n6\n") && !ran.stdout().starts_with('0'), "{}", ran.transcript());
    assert!(ran.stderr().contains(" of 5 allowed") && ran.stderr().contains(" of 50 allowed"), "{}", ran.stderr());
    assert_eq!((directories(&room, "outer"), directories(&room, "inner")), (NOTHING.to_vec(), NOTHING.to_vec()));
}

#[test]
fn what_a_killed_limit_has_left_can_be_taken_away() {
    needs!(PidsLimit, Freeze);
    let room = room!();
    let cgroup = format!("boxwright/{}", room.name("orphaned"));
    for is_half_removed in [false, true] {
        let running = listening(&room, "orphaned", &["--pids", "50"]);
        let orphans = inside(&room, "orphaned");
        drop(running); // SIGKILL
        let left = directories(&room, "orphaned");
        assert!(!left.is_empty());
        if is_half_removed {
            // Its shell ends, for it reads nothing more. Then whoever removes it is killed in the middle.
            let soon = Instant::now() + Duration::from_secs(5);
            assert!(orphans.iter().all(|process| process.ends_before(soon)));
            let end = Instant::now() + Duration::from_secs(5);
            while fs::remove_dir(&left[0]).is_err() {
                assert!(Instant::now() < end, "{} stays", left[0].display());
            }
        }
        if directories(&room, "orphaned").is_empty() {
            continue;
        }
        room.run("kill-cgroup", ["--remove", &cgroup]).ok();
        assert_eq!(directories(&room, "orphaned"), NOTHING);
        let soon = Instant::now() + Duration::from_secs(5);
        assert!(orphans.iter().all(|process| process.ends_before(soon)));
    }
    assert!(room.run("kill-cgroup", [&cgroup]).fails_with(125).contains("no such cgroup"));
}
