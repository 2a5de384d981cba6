//! The guide as a learner meets it, from `start` to a passed exercise.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{folder, helper};
use crate::learner::{FILE, Learner, SOLVED, TOO_EARLY, has};
use grader::course::bodies;

/// A program of another language, by the same command line.
const IN_SHELL: &str = "#!/bin/sh
name=$2; shift 3; own=
[ \"$(id -u)\" = 0 ] || own='--user --map-root-user'
exec unshare $own --uts sh -c 'hostname \"$0\"; exec \"$@\"' \"$name\" \"$@\"
";

#[test]
fn programs_of_any_language_are_judged_by_their_command_line() {
    use std::os::unix::fs::PermissionsExt;
    let learner = Learner::new();
    learner.says(&["start", "--later"], 0);
    let program = learner.home.path().join("bin/unshare-uts");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    let hand_in = |text: &str| {
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    };
    fs::set_permissions(program.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    let bin = program.parent().unwrap().display().to_string();
    hand_in(IN_SHELL);
    has(&learner.says(&["grade", "uts-1", "--bin", &bin], 0), &["1 passed", "Score: 2/2"]);
    hand_in(&IN_SHELL.replace("--uts sh -c 'hostname \"$0\"; ", "--uts sh -c '"));
    has(&learner.says(&["grade", "uts-1", "--bin", &bin], 1), &["(no-name)"]);
    // It says nothing about the workbench.
    assert!(!learner.bench().join("progress.txt").exists());
}

#[test]
fn the_guide_leads_from_start_to_a_passed_exercise() {
    let learner = Learner::new();
    has(&learner.says(&[], 0), &["cargo workshop start"]);
    has(&learner.says(&["start", "--later"], 0), &["Your workbench is", "Next: "]);
    has(&learner.says(&["list"], 0), &["02-unshare", "open       uts-1"]);

    has(&learner.says(&["grade", "uts-1"], 1), &["open", "write     stages/02-unshare/src/uts.rs:", "Score: 0/2"]);
    has(&learner.says(&["hint", "uts-1"], 0), &["Hint 1 of 3"]);
    has(&learner.says(&["hint", "uts-1"], 0), &["Hint 2 of 3"]);
    has(&learner.says(&["hint", "uts-1"], 0), &["Hint 3 of 3", "CLONE_NEWUTS"]);
    has(&learner.says(&["solution", "uts-1"], 2), &["not passed yet", "--surrender"]);

    learner.write("uts-1", TOO_EARLY);
    let said = learner.says(&["grade", "uts-1"], 1);
    has(&said, &["failed    the host keeps its name", "saw ", "uts", "(hostname-first)", "02-unshare#uts"]);
    assert!(said.ends_with("Score: 0/2\n"), "{said}");

    learner.write("uts-1", SOLVED);
    let said = learner.says(&["grade", "uts-1"], 0);
    assert!(said.ends_with("1 passed\nScore: 2/2\n"), "{said}");
    has(&learner.says(&["list"], 0), &["passed     uts-1", "hints: 3"]);
    has(&learner.read("progress.txt"), &["uts-1: passed tries=2 score=2 hints=3"]);
    has(
        &learner.says(&["solution", "uts-1"], 0),
        &["-    kernel.because(\"mine\")", "+    kernel", "their order is everything"],
    );

    has(&learner.says(&["reset", "uts-1"], 0), &["is open again", "uts-1-1.rs"]);
    has(&learner.read(FILE), &["todo!(\"uts-1:"]);
    assert_eq!(learner.read(".workshop/kept/uts-1-1.rs"), SOLVED);
    has(&learner.says(&["grade", "no-such-exercise"], 2), &["there is no exercise"]);
    has(&learner.says(&["mistakes", "uts-1"], 0), &["| `uts-1` | `hostname-first` | Who thinks of the name"]);
}

#[test]
fn what_the_compiler_says_is_shown_with_the_learner_s_lines() {
    let learner = Learner::new();
    learner.says(&["start", "--later"], 0);
    learner.write("uts-1", "    kernel.because(\"mine\").unshare(nothing)\n");
    let line = learner.read(FILE).lines().position(|line| line.contains("nothing")).unwrap() + 1;
    let said = learner.says(&["grade", "uts-1"], 1);
    has(&said, &["error[E0425]", "Score: 0/2", &format!("{FILE}:{line}:")]);
}

#[test]
fn every_format_is_written_to_standard_output_alone() {
    let learner = Learner::new();
    learner.says(&["start", "--later"], 0);
    for (format, begins) in
        [("json", "{"), ("junit", "<?xml"), ("gradescope", "{"), ("csv", "whose,"), ("github", "ey")]
    {
        let output = learner.guide(&["grade", "uts-1", "--format", format]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.starts_with(begins), "{format}: {said}");
        assert_eq!(output.status.code(), Some(1), "{format}");
    }
}

/// What a host is like that lets nobody have a namespace, as most containers are.
const WITHOUT_NAMESPACES: &str = "echo 0 > /proc/sys/user/max_user_namespaces && \
                                  exec setpriv --bounding-set -all --inh-caps -all -- \"$@\"";

#[test]
fn what_this_host_cannot_show_is_not_gradable_and_does_not_count() {
    let learner = Learner::new();
    learner.says(&["start", "--later"], 0);
    learner.write("uts-1", SOLVED);
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", WITHOUT_NAMESPACES, "sh"]).arg(helper());
    command.arg("--workbench").arg(learner.bench()).arg("--course").arg(&learner.course).args(["grade", "uts-1"]);
    let output = command.env("BOXWRIGHT_FORGE", folder("forge")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    has(&said, &["not gradable here", "because ", "remedy ", "Score: 0/0"]);
    assert_eq!(output.status.code(), Some(3), "{said}");
    // Nothing is held against anybody.
    assert!(!learner.bench().join("progress.txt").exists());
}

#[test]
fn after_an_update_of_the_course_what_was_written_is_still_there() {
    let mut learner = Learner::new();
    learner.says(&["start", "--later"], 0);
    learner.write("uts-1", SOLVED);
    // A newer course: another file, another task, lines moved, and something gone.
    let newer = learner.home.path().join("newer");
    copy_of_the_course(&learner.course, &newer);
    let source = fs::read_to_string(newer.join(FILE)).unwrap();
    fs::write(newer.join(FILE), source.replace("use anyhow", "// A new line above all.\nuse anyhow")).unwrap();
    fs::write(newer.join("rootfs-scripts/new.sh"), "new\n").unwrap();
    fs::remove_file(newer.join("rootfs-scripts/alpine.sh")).unwrap();
    learner.course = newer;
    has(&learner.says(&["start", "--later"], 0), &["brought up to date", "what you wrote is still there"]);
    let file = learner.read(FILE);
    assert_eq!(bodies(&file, "uts-1"), [SOLVED]);
    has(&file, &["// A new line above all."]);
    assert!(learner.bench().join("rootfs-scripts/new.sh").exists());
    assert!(!learner.bench().join("rootfs-scripts/alpine.sh").exists());
    has(&learner.says(&["start", "--later"], 0), &["up to date"]);
}

#[test]
fn an_update_that_cannot_be_merged_is_said_and_overwrites_nothing() {
    let mut learner = Learner::new();
    learner.says(&["start", "--later"], 0);
    let mine = learner.read(FILE).replace("use anyhow::Result;", "use anyhow::{Result, bail};");
    fs::write(learner.bench().join(FILE), &mine).unwrap();
    let newer = learner.home.path().join("newer");
    copy_of_the_course(&learner.course, &newer);
    let source = fs::read_to_string(newer.join(FILE)).unwrap();
    fs::write(newer.join(FILE), source.replace("use anyhow::Result;", "use anyhow::{Context, Result};")).unwrap();
    learner.course = newer;
    has(&learner.says(&["start", "--later"], 0), &["changed the same lines", "uts.rs.new"]);
    assert_eq!(learner.read(FILE), mine);
    has(&learner.read(&format!("{FILE}.new")), &["use anyhow::{Context, Result};", "todo!("]);
}

#[test]
fn catching_up_fills_what_is_open_and_nothing_else() {
    let learner = Learner::new();
    learner.says(&["start", "--later"], 0);
    has(&learner.says(&["catch-up", "02"], 0), &[""]);
    has(&learner.read(FILE), &["todo!(\"uts-1:"]);
    has(&learner.says(&["catch-up", "04-pivot"], 0), &["uts-1"]);
    assert!(!learner.read(FILE).contains("todo!(\"uts-1:"));
    has(&learner.says(&["list"], 0), &["caught up  uts-1"]);
    has(&learner.says(&["catch-up", "nowhere"], 2), &["no stage nowhere"]);
}

fn copy_of_the_course(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in ["Cargo.toml", "Cargo.lock", "rustfmt.toml", "rootfs-scripts", "stages"] {
        let copied = Command::new("cp").arg("-a").arg(from.join(name)).arg(to).status().unwrap();
        assert!(copied.success());
    }
}
