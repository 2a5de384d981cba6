//! What doctor says, of this host and of hosts that are made worse for it.

use std::process::{Command, Output};

use groundwork::cause::Kind;
use groundwork::preflight::{Need, Report, STAGES, Verdict};

const DOCTOR: &str = env!("CARGO_BIN_EXE_doctor");

fn run(program: &str, words: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(words).env_remove("RUST_BACKTRACE").env("NO_COLOR", "1").output().expect(program)
}

fn text(words: &[&str]) -> String {
    String::from_utf8(run(DOCTOR, words).stdout).expect("doctor writes UTF-8")
}

fn report(output: &Output) -> Report {
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// Doctor's verdict on one need, below a program that makes the host worse; nothing where that program cannot.
fn verdict_below(worse: &[&str], need: &str) -> Option<Verdict> {
    let words = [&worse[1..], &[DOCTOR, "--json", need]].concat();
    if Command::new(worse[0]).arg("--version").output().is_err() {
        eprintln!("skipped: {} is not installed", worse[0]);
        return None;
    }
    let output = run(worse[0], &words);
    if output.stdout.is_empty() {
        eprintln!("skipped: {}", String::from_utf8_lossy(&output.stderr).trim());
        return None;
    }
    report(&output).needs.first().map(|found| found.verdict.clone())
}

fn kind_below(worse: &[&str], need: &str) -> Option<Kind> {
    let verdict = verdict_below(worse, need)?;
    Some(verdict.cause().unwrap_or_else(|| panic!("{need} works below {worse:?}")).kind)
}

/// Below strace(1), which has the kernel refuse one call.
fn kind_when_refused(injected: &str, need: &str) -> Option<Kind> {
    let inject = format!("inject={injected}");
    kind_below(&["strace", "-f", "-o", "/dev/null", "-e", &inject], need)
}

#[test]
fn every_need_and_every_stage_has_a_verdict() {
    let report = report(&run(DOCTOR, &["--json"]));
    let needs: Vec<_> = report.needs.iter().map(|found| found.need).collect();
    assert_eq!(needs, Need::all());
    let stages: Vec<_> = report.stages.iter().map(|stage| stage.stage.as_str()).collect();
    assert_eq!(stages, STAGES.map(|stage| stage.name));
}

#[test]
fn a_cause_comes_with_one_remedy() {
    for found in report(&run(DOCTOR, &["--json"])).needs {
        if let Some(cause) = found.verdict.cause() {
            let name = found.need.name();
            assert!(!cause.why.is_empty() && !cause.remedy.is_empty(), "{name}: {cause:?}");
            assert!(!cause.remedy.contains('\n'), "{name}: {}", cause.remedy);
        }
    }
}

#[test]
fn the_exit_status_tells_whether_something_is_blocked() {
    let blocked = kind_when_refused("unshare:error=EPERM", "uts-namespace");
    if blocked.is_some() {
        let words = ["-f", "-o", "/dev/null", "-e", "inject=unshare:error=EPERM", DOCTOR, "uts-namespace"];
        assert_eq!(run("strace", &words).status.code(), Some(1));
    }
    assert_eq!(run(DOCTOR, &["terminal"]).status.code(), Some(0));
    assert_eq!(run(DOCTOR, &["--stage", "00"]).status.code(), Some(0));
    assert_eq!(run(DOCTOR, &["no-such-need"]).status.code(), Some(125));
    assert_eq!(run(DOCTOR, &["--stage", "no-such-stage"]).status.code(), Some(125));
}

#[test]
fn a_stage_can_be_named_in_three_ways() {
    let of = |name: &str| text(&["--stage", name]).lines().filter(|line| line.contains("04-pivot")).count();
    assert_eq!([of("04"), of("pivot"), of("04-pivot")], [1, 1, 1]);
    assert!(!text(&["--stage", "04"]).contains("05-overlay"));
}

#[test]
fn doctor_says_each_line_once() {
    let text = text(&[]);
    assert_eq!(text.matches("\nNeeds\n").count(), 1, "{text}");
    for need in Need::all() {
        let name = format!("{} ", need.name());
        let lines = text.lines().filter(|line| line.get(11..).is_some_and(|words| words.starts_with(&name)));
        assert_eq!(lines.count(), 1, "{name}: {text}");
    }
}

#[test]
fn a_pipe_gets_no_colours() {
    let output = Command::new(DOCTOR).arg("terminal").env_remove("NO_COLOR").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn a_refusal_after_the_namespace_was_created_blocks_it() {
    // What Ubuntu does: creation succeeds, and the first use of it is refused.
    for (call, need) in [("mount:error=EACCES", "user-namespaces"), ("sethostname:error=EPERM", "uts-namespace")] {
        let Some(kind) = kind_when_refused(call, need) else { return };
        assert!(matches!(kind, Kind::Unknown | Kind::Apparmor | Kind::Selinux | Kind::Seccomp), "{call}: {kind:?}");
    }
}

#[test]
fn apparmors_sysctl_is_the_cause_where_it_is_set() {
    // A user namespace may cover what /proc/sys shows; the refusal itself is strace's.
    let covered = "mount -t tmpfs none /proc/sys/kernel \
                   && echo 1 > /proc/sys/kernel/apparmor_restrict_unprivileged_userns \
                   && exec strace -f -o /dev/null -e inject=mount:error=EPERM:when=2+ \"$@\"";
    let worse = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", covered, "sh"];
    if let Some(kind) = kind_below(&worse, "user-namespaces") {
        assert_eq!(kind, Kind::Apparmor);
    }
}

#[test]
fn a_kernel_without_a_call_is_told() {
    if let Some(kind) = kind_when_refused("fsopen:error=ENOSYS", "layers-by-new-mount-api") {
        assert_eq!(kind, Kind::Kernel);
    }
}

#[test]
fn a_limit_of_none_is_the_cause() {
    let none = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let worse = ["unshare", "--user", "--map-root-user", "sh", "-c", none, "sh"];
    let Some(verdict) = verdict_below(&worse, "user-namespaces") else { return };
    let Verdict::Blocked(cause) = verdict else { panic!("{verdict:?}") };
    assert_eq!(cause.kind, Kind::Sysctl);
    assert_eq!(cause.remedy, "`sudo sysctl -w user.max_user_namespaces=15000`");
}

#[test]
fn a_covered_proc_limits_and_is_named() {
    let covered = "mount --bind /dev/null /proc/version && exec unshare --user --map-root-user \"$@\"";
    let worse = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", covered, "sh"];
    if let Some(kind) = kind_below(&worse, "proc-mount") {
        assert_eq!(kind, Kind::MaskedProc);
    }
}

#[test]
fn a_trial_that_hangs_is_given_up() {
    if let Some(kind) = kind_when_refused("sethostname:delay_enter=4500000", "uts-namespace") {
        assert_eq!(kind, Kind::Unknown);
    }
}

#[test]
fn nothing_is_left_behind() {
    let places = ["/proc/self/mountinfo", "/proc/sys/kernel/hostname"];
    let look = || {
        let files = places.map(|file| std::fs::read_to_string(file).unwrap());
        (files, trials("/sys/fs/cgroup"), trials("/var/lib"), trials(&std::env::var("HOME").unwrap_or_default()))
    };
    let before = look();
    run(DOCTOR, &[]);
    assert_eq!(look(), before);
}

/// Directories of a trial at most three levels down that are not those of another doctor at work.
fn trials(top: &str) -> Vec<String> {
    let found = Command::new("find").args([top, "-maxdepth", "4", "-name", "*boxwright-trial-*"]).output().unwrap();
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    let is_left = |path: &&str| {
        let pid = path.rsplit('-').next().unwrap_or_default();
        !std::path::Path::new("/proc").join(pid).exists()
    };
    found.lines().filter(is_left).map(str::to_owned).collect()
}

/// The page of the book that tells what `doctor --json` writes.
fn page() -> String {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/hosts.md");
    std::fs::read_to_string(page).expect("the book has a page on hosts")
}

#[test]
fn the_book_shows_a_report() {
    let page = page();
    let shown = page.split("```json").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let report: Report = serde_json::from_str(shown).unwrap();
    assert!(!report.is_blocked());
    assert_eq!(report.needs.iter().filter(|found| found.verdict.is_blocked()).count(), 1);
}

#[test]
fn the_book_names_all_causes_that_there_are_and_no_other() {
    let page = page();
    let list = page.split("- `cause` is one of ").nth(1).and_then(|rest| rest.split(";\n").next()).unwrap();
    let words: Vec<_> = list.split('`').skip(1).step_by(2).collect();
    for word in &words {
        serde_json::from_value::<Kind>((*word).into()).unwrap();
    }
    let unknown = serde_json::from_value::<Kind>("no-such-cause".into()).unwrap_err().to_string();
    // "unknown variant `no-such-cause`, expected one of `apparmor`, `selinux`, …"
    let all: Vec<_> = unknown.split('`').skip(3).step_by(2).collect();
    assert_eq!(words, all);
}
