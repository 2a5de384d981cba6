//! What the grader makes of a locked-down host: what it cannot show is *not gradable here*, for the cause that doctor names,
//! and does not count; everything else is judged as ever.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::lock::Lock;
use super::{forbidden, hidden, kernels};
use crate::harness::{Ran, Room, Running, program, repository, target_directory};

/// Nobody failed, and nobody passed.
const NOTHING_TO_GRADE: i32 = 3;

/// The guide, on a workbench of this room. Programs are built where the grader's own tests build them.
fn workshop(room: &Room, words: &[&str]) -> Command {
    // It lies where cargo has put it, also when the programs to judge are elsewhere.
    let beside = program("doctor").with_file_name("workshop");
    let guide = if beside.exists() { beside } else { target_directory().join("debug/workshop") };
    let forge = target_directory().join(format!("tmp/grader-{}/forge", nix::unistd::geteuid()));
    let mut command = room.command(&guide.display().to_string(), [] as [&str; 0]);
    // cargo is found as the tests have found it.
    for (name, value) in std::env::vars_os().filter(|(name, _)| name != "BOXWRIGHT_HOME" && name != "TMPDIR") {
        command.env(name, value);
    }
    command.arg("--workbench").arg(room.path("bench")).arg("--course").arg(repository()).args(words);
    command.env("BOXWRIGHT_FORGE", forge).env("NO_COLOR", "1");
    command
}

/// A workbench, and everything built that grading takes, so that no host has to build under its lock. Gives the folder of
/// the course's own programs.
fn prepared(room: &Room) -> &'static str {
    static BUILT: OnceLock<String> = OnceLock::new();
    Running::start(workshop(room, &["start", "--later"])).end().ok();
    BUILT.get_or_init(|| {
        let bin = program("doctor").parent().expect("a program lies in a folder").display().to_string();
        // The first time, it takes as long as a build takes.
        let graded = workshop(room, &["grade", "uts-1", "--bin", &bin]).stdin(Stdio::null()).output();
        let graded = graded.expect("the guide can be run");
        assert!(graded.status.success(), "{}", String::from_utf8_lossy(&graded.stdout));
        bin
    })
}

/// The course's own programs, judged on that host.
fn grade(room: &Room, lock: &Lock, exercise: &str, bin: &str) -> Ran {
    lock.host.run_command(workshop(room, &["grade", exercise, "--bin", bin]))
}

/// Not gradable here, for the cause that doctor names, with its remedy, and without a score.
fn is_not_gradable(room: &Room, lock: &Lock, exercise: &str, bin: &str) {
    let ran = grade(room, lock, exercise, bin);
    assert_eq!(ran.status(), NOTHING_TO_GRADE, "{}", ran.transcript());
    let said = ran.stdout().split_whitespace().collect::<Vec<_>>().join(" ");
    let says = &lock.says[0];
    for words in ["not gradable here", says.why, says.remedy, "Score: 0/0"] {
        assert!(said.contains(words), "{words}: {}", ran.transcript());
    }
}

#[test]
fn without_user_namespaces_nothing_is_graded_and_nothing_counts() {
    needs!(UserNamespaces, Rust);
    let room = room!();
    let bin = prepared(&room);
    for lock in [forbidden::by_sysctl(), forbidden::by_apparmor(), forbidden::by_filter(), hidden::in_part()] {
        is_not_gradable(&room, &lock, "uts-1", bin);
    }
}

#[test]
fn without_overlays_the_rest_of_the_course_is_graded() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let bin = prepared(&room);
    for lock in [kernels::of_2020(), kernels::without_module()] {
        is_not_gradable(&room, &lock, "overlay-1", bin);
        let other = grade(&room, &lock, "uts-1", bin);
        assert_eq!(other.status(), 0, "{}", other.transcript());
    }
}

#[test]
fn what_takes_nothing_away_changes_no_grade() {
    needs!(UserNamespaces);
    let room = room!();
    let bin = prepared(&room);
    for lock in [hidden::others(), hidden::terminals()] {
        let graded = grade(&room, &lock, "uts-1", bin);
        assert_eq!(graded.status(), 0, "{}: {}", lock.name, graded.transcript());
    }
}
