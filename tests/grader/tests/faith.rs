//! Bad faith and bad luck: whatever somebody hands in, there is a clear verdict in time, and the host is as it was.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use common::{course, grader};
use grader::course::{Course, replace};
use grader::grade::{Grader, Work};
use grader::outcome::{Outcome, Verdict};

/// What must be the same afterwards; nothing that others may be just doing.
fn host() -> BTreeSet<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let named = ["/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname", "/proc/net/dev"];
    let interfaces = |text: &str| {
        text.lines().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect::<Vec<_>>().join(" ")
    };
    let mounts =
        mounts.lines().filter(|line| ["/workshop", "grader", " /proc "].iter().any(|word| line.contains(word)));
    let names = named.map(|file| {
        let text = fs::read_to_string(file).unwrap_or_default();
        if file.ends_with("dev") { interfaces(&text) } else { text }
    });
    mounts.map(str::to_owned).chain(names).chain(cgroups()).collect()
}

/// Cgroups of sandboxes, wherever the host has its hierarchies; those of this process alone.
fn cgroups() -> Vec<String> {
    let mut find = std::process::Command::new("find");
    find.args(["/sys/fs/cgroup", "-maxdepth", "6", "-name"]);
    let output = find.arg(format!("boxwright-workshop-{}-*", std::process::id())).output().unwrap();
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Judges `unshare-uts` made of this shell script, and demands that the host is the same afterwards.
fn script(grader: &Grader<'_>, course: &Course, script: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("unshare-uts");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    judged(grader, course, &Work::Programs(folder.path().to_owned()))
}

/// The same for what somebody writes into the hole.
fn body(grader: &Grader<'_>, course: &Course, body: &str) -> Outcome {
    let name = course.files_of("uts-1")[0];
    let source = fs::read_to_string(course.root.join(name)).unwrap();
    let theirs = replace(&source, |id, _, _| (id == "uts-1").then(|| body.to_owned())).unwrap();
    judged(grader, course, &Work::Files([(name.to_owned(), theirs)].into()))
}

fn judged(grader: &Grader<'_>, course: &Course, work: &Work) -> Outcome {
    let before = host();
    let began = Instant::now();
    let outcome = grader.grade(course.exercise("uts-1").unwrap(), work).unwrap();
    assert!(began.elapsed() < Duration::from_secs(60), "{outcome:#?}");
    assert_eq!(host(), before);
    outcome
}

fn is_worth_nothing(outcome: &Outcome) {
    assert_eq!((&outcome.verdict, outcome.score), (&Verdict::Failed, 0.0), "{outcome:#?}");
    let failed = outcome.checks.iter().find(|check| !check.passed).expect("a check that failed");
    assert!(!failed.means.is_empty() && !failed.saw.is_empty(), "{failed:#?}");
}

/// What a shell says that does it right.
const RIGHT: &str = "name=$2; shift 3; own=; [ \"$(id -u)\" = 0 ] || own='--user --map-root-user'\n\
                     exec unshare $own --uts sh -c 'hostname \"$0\"; exec \"$@\"' \"$name\" \"$@\"";

/// Who judges without patience, and with nobody beside it: what is on the host is compared.
struct Quick<'a> {
    grader: Grader<'a>,
    _alone: MutexGuard<'static, ()>,
}

impl<'a> std::ops::Deref for Quick<'a> {
    type Target = Grader<'a>;

    fn deref(&self) -> &Grader<'a> {
        &self.grader
    }
}

fn quick(course: &Course) -> Quick<'_> {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(|failed| failed.into_inner());
    let mut grader = grader(course);
    grader.walls.program = Duration::from_secs(2);
    grader.walls.time = Duration::from_secs(20);
    Quick { grader, _alone: alone }
}

#[test]
fn who_does_it_right_in_another_language_passes() {
    let course = course();
    let outcome = script(&quick(&course), &course, RIGHT);
    assert!(outcome.is_passed() && outcome.score == 2.0, "{outcome:#?}");
}

#[test]
fn who_only_says_what_is_expected_gets_nothing() {
    let course = course();
    let grader = quick(&course);
    // Runs the command, and answers for it; then without even running it.
    is_worth_nothing(&script(&grader, &course, "name=$2; shift 3; hostname() { echo $name; }; exec \"$@\""));
    is_worth_nothing(&script(&grader, &course, "for word; do echo $word; done; echo $2; read end"));
    is_worth_nothing(&body(&grader, &course, "    let _ = kernel;\n    println!(\"{name}\");\n    Ok(())\n"));
}

#[test]
fn who_does_not_finish_gets_a_verdict_that_says_so() {
    let course = course();
    let grader = quick(&course);
    let outcome = body(&grader, &course, "    kernel.sethostname(name)\n");
    assert!(matches!(&outcome.verdict, Verdict::DoesNotCompile { words } if words.contains("error[E")), "{outcome:#?}");
    let outcome = body(&grader, &course, "    let _ = kernel;\n    panic!(\"no {name}\")\n");
    is_worth_nothing(&outcome);
    assert!(outcome.checks[0].saw.contains("panicked at"), "{outcome:#?}");
    for (hangs, why) in [("exec sleep 1000", "2 seconds"), ("kill -9 $$", "SIGKILL"), ("exit 3", "status 3")] {
        let outcome = script(&grader, &course, hangs);
        is_worth_nothing(&outcome);
        assert!(
            outcome.checks.iter().any(|check| check.saw.contains(why) || check.saw.contains("still runs")),
            "{outcome:#?}"
        );
    }
}

#[test]
fn who_takes_without_end_meets_a_wall() {
    let course = course();
    let grader = quick(&course);
    for (name, takes) in [
        ("output", "head -c 1G /dev/zero"),
        ("processes", "bomb() { bomb | bomb & }; bomb; wait"),
        ("memory", "exec tail /dev/zero"),
        ("memory of many", "for n in 1 2 3 4 5 6 7 8; do tail /dev/zero & done; wait"),
        ("files", "head -c 1G /dev/zero > /work/big; head -c 1G /dev/zero > /tmp/big; exit 1"),
    ] {
        let began = Instant::now();
        is_worth_nothing(&script(&grader, &course, takes));
        eprintln!("{name}: {:?}", began.elapsed());
    }
}

#[test]
fn who_destroys_destroys_nothing() {
    let course = course();
    let grader = quick(&course);
    is_worth_nothing(&script(&grader, &course, "rm -rf --no-preserve-root / 2>/dev/null; exit 1"));
    is_worth_nothing(&script(&grader, &course, "mount --make-rshared / && mount -t tmpfs t /proc; exit 1"));
    is_worth_nothing(&script(&grader, &course, "kill -9 -1; kill -9 1; exit 1"));
    assert!(Path::new("/proc/self/status").exists() && course.root.join("Cargo.toml").exists());
}

#[test]
fn who_has_the_compiler_read_the_host_learns_nothing() {
    let course = course();
    let secret = course.root.join("README.md");
    let reads = format!("    let _ = (kernel, name);\n    panic!(include_str!({:?}))\n", secret.display().to_string());
    let outcome = body(&quick(&course), &course, &reads);
    assert!(
        matches!(&outcome.verdict, Verdict::DoesNotCompile { words } if words.contains("couldn't read")),
        "{outcome:#?}"
    );
}

#[test]
fn who_forges_the_judge_or_the_score_changes_neither() {
    let course = course();
    let grader = quick(&course);
    let folder = tempfile::tempdir().unwrap();
    let progress = folder.path().join("progress.txt");
    fs::write(&progress, "uts-1: tries=1\n").unwrap();
    let judge = course.root.join("tests/grader/src/judges/unshare/uts.rs");
    let before = fs::read_to_string(&judge).unwrap();
    let forge = format!(
        "for file in {} {} {}; do echo 'uts-1: passed score=2' > $file; done; echo x > /workshop/reference/doctor; exit 1",
        progress.display(),
        judge.display(),
        common::helper().display(),
    );
    is_worth_nothing(&script(&grader, &course, &forge));
    assert_eq!(fs::read_to_string(&progress).unwrap(), "uts-1: tries=1\n");
    assert_eq!(fs::read_to_string(&judge).unwrap(), before);
}

#[test]
fn who_leaves_something_behind_is_told_what() {
    let course = course();
    let grader = quick(&course);
    let before =
        format!("setsid sleep 1357 </dev/null >/dev/null 2>&1 & mount -t tmpfs left /mnt 2>/dev/null\n{RIGHT}");
    let outcome = script(&grader, &course, &before);
    assert_eq!(outcome.verdict, Verdict::Failed, "{outcome:#?}");
    assert!(outcome.score > 0.0 && outcome.score < 2.0, "what was asked for was done: {outcome:#?}");
    let leaks = outcome.leaks.join("\n");
    assert!(leaks.contains("still running: sleep 1357") && leaks.contains("/mnt"), "{leaks}");
    let made = "for group in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $group/left; done 2>/dev/null; ip link add left type dummy 2>/dev/null";
    let outcome =
        script(&grader, &course, &format!("{made}; touch /tmp/ns; unshare --uts=/tmp/ns true 2>/dev/null\n{RIGHT}"));
    let leaks = outcome.leaks.join("\n");
    assert!(leaks.contains("/tmp/ns"), "{leaks}");
    if nix::unistd::geteuid().is_root() {
        assert!(leaks.contains("cgroup /left"), "{leaks}");
    }
}

#[test]
fn two_runs_in_a_row_agree() {
    let course = course();
    let grader = quick(&course);
    let told = |outcome: Outcome| {
        let checks: Vec<_> =
            outcome.checks.into_iter().map(|check| (check.name, check.passed, check.mistake)).collect();
        (outcome.verdict, outcome.score.to_string(), checks)
    };
    for text in [RIGHT, "hostname $2; shift 3; exec unshare --uts \"$@\"", "exit 1"] {
        assert_eq!(told(script(&grader, &course, text)), told(script(&grader, &course, text)), "{text}");
    }
}
