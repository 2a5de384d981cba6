//! What the programs intend to ask, on hosts of each kind; and what they refuse before anything is made.

use assert_cmd::Command;

/// The program with an environment that is the same everywhere.
fn program(path: &str) -> Command {
    let mut command = Command::new(path);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command
}

/// What a program says, and the status it ends with. Each process for itself: who of two speaks first is chance.
fn told(path: &str, arguments: &[&str]) -> String {
    let output = program(path).args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let (inner, outer): (Vec<_>, Vec<_>) = stderr.lines().partition(|line| line.starts_with("    "));
    let status = output.status.code().map_or_else(|| "none".to_owned(), |code| code.to_string());
    let stdout = String::from_utf8(output.stdout).unwrap();
    format!("{}\n{}\n{stdout}status {status}\n", outer.join("\n"), inner.join("\n"))
}

fn limit(arguments: &[&str]) -> String {
    told(env!("CARGO_BIN_EXE_limit"), arguments)
}

/// Every limit but those on disks: which disk is under a path only this machine knows.
const LIMITS: [&str; 10] = ["--memory", "64M", "--swap", "0", "--cpus", "0.5", "--cpuset", "0", "--pids", "20"];

fn rehearsed(layout: &str) -> String {
    limit(&[&["--rehearse", "--layout", layout, "--name", "demo"], &LIMITS[..], &["--", "/bin/true"]].concat())
}

#[test]
fn in_version_2_a_command_is_born_inside_one_directory() {
    insta::assert_snapshot!("limit-v2", rehearsed("v2"));
}

#[test]
fn on_a_hybrid_host_a_command_is_born_in_one_and_enters_the_others() {
    insta::assert_snapshot!("limit-hybrid", rehearsed("hybrid"));
}

#[test]
fn in_version_1_a_command_enters_a_directory_for_each_controller() {
    insta::assert_snapshot!("limit-v1", rehearsed("v1"));
}

#[test]
fn without_limits_what_is_used_is_counted() {
    insta::assert_snapshot!("limit-nothing", limit(&["--rehearse", "--layout", "v2", "--", "/bin/true"]));
}

#[test]
fn a_rehearsal_makes_nothing() {
    let said = limit(&["--rehearse", "--pids", "3", "--name", "never-made", "--", "/bin/true"]);
    let made = cgroup::Cgroup::find("never-made").unwrap();
    assert!(made.is_none(), "{made:?}\n{said}");
}

#[test]
fn a_rehearsed_command_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("touched");
    limit(&["--rehearse", "--layout", "v2", "--", "/bin/touch", file.to_str().unwrap()]);
    assert!(!file.exists());
}

#[test]
fn wrong_limits_are_refused_before_anything_is_asked() {
    let wrong: [&[&str]; 20] = [
        &["--memory", "64Q"],
        &["--memory", "0"],
        &["--memory", "-1"],
        &["--memory", "9999999T"],
        &["--swap", "much"],
        &["--oom-group"],
        &["--cpus", "0"],
        &["--cpus", "-1"],
        &["--cpus", "NaN"],
        &["--cpuset", "65535"],
        &["--cpuset", "1-0"],
        &["--pids", "0"],
        &["--pids", "many"],
        &["--io-read-bps", "/dev/sda"],
        &["--io-read-bps", "/proc:1M"],
        &["--io-write-bps", "/dev/null:1M"],
        &["--io-read-iops", "/no/such/disk:1"],
        &["--io-write-iops", "/dev/sda:0"],
        &["--name", "../up"],
        &["--name", ""],
    ];
    let refused = wrong.map(|wrong| {
        let said = limit(&[&["--rehearse", "--layout", "v2"], wrong, &["--", "/bin/true"]].concat());
        assert!(said.ends_with("status 125\n") && !said.contains("mkdir("), "{wrong:?}: {said}");
        let line =
            said.lines().find(|line| line.starts_with("limit: ") || line.starts_with("error: ")).unwrap_or(&said);
        format!("{}\n    {line}\n", wrong.join(" "))
    });
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"this machine has \S+", "this machine has CPUS");
    settings.bind(|| insta::assert_snapshot!("limit-refused", refused.concat()));
}

#[test]
fn version_1_refuses_what_only_version_2_can() {
    let oom_group = limit(&["--rehearse", "--layout", "v1", "--memory", "1M", "--oom-group", "--", "/bin/true"]);
    assert!(oom_group.contains("leave --oom-group out") && !oom_group.contains("mkdir("), "{oom_group}");
    let swap = limit(&["--rehearse", "--layout", "hybrid", "--swap", "0", "--", "/bin/true"]);
    assert!(swap.contains("give --memory too") && !swap.contains("mkdir("), "{swap}");
}

#[test]
fn a_layout_is_for_rehearsals_only() {
    let said = limit(&["--layout", "v2", "--", "/bin/true"]);
    assert!(said.contains("--rehearse") && said.ends_with("status 125\n"), "{said}");
}

#[test]
fn a_command_that_is_missing_is_so_in_a_rehearsal_too() {
    let said = limit(&["--rehearse", "--layout", "v2", "--", "no-such-command"]);
    assert!(said.contains("no-such-command: no such command") && said.ends_with("status 127\n"), "{said}");
}

#[test]
fn nobody_freezes_the_cgroup_that_they_are_in() {
    let said = told(env!("CARGO_BIN_EXE_freeze"), &["--rehearse", &std::process::id().to_string()]);
    let is_refused = said.contains("cannot be frozen") || said.contains("no cgroup hierarchy is mounted");
    assert!(is_refused && said.ends_with("status 125\n"), "{said}");
}

#[test]
fn what_is_no_cgroup_is_said_to_be_none() {
    let programs = [
        env!("CARGO_BIN_EXE_usage"),
        env!("CARGO_BIN_EXE_freeze"),
        env!("CARGO_BIN_EXE_thaw"),
        env!("CARGO_BIN_EXE_kill-cgroup"),
    ];
    for program in programs {
        for path in ["no/such/cgroup", "/etc", "/", ".."] {
            let said = told(program, &[path]);
            assert!(said.contains("no such cgroup") && said.ends_with("status 125\n"), "{program} {path:?}: {said}");
        }
    }
}

#[test]
fn a_process_that_is_gone_is_said_to_be() {
    // The largest PID that a kernel gives is 4194304: see "pid_max" in proc_sys_kernel(5).
    let said = told(env!("CARGO_BIN_EXE_usage"), &["4194305"]);
    assert!(said.contains("there is no process 4194305"), "{said}");
}

#[test]
fn each_program_says_what_it_is_for() {
    for program in [
        env!("CARGO_BIN_EXE_limit"),
        env!("CARGO_BIN_EXE_usage"),
        env!("CARGO_BIN_EXE_freeze"),
        env!("CARGO_BIN_EXE_thaw"),
        env!("CARGO_BIN_EXE_kill-cgroup"),
    ] {
        let help = told(program, &["--help"]);
        assert!(help.contains("Examples:") && help.contains("See also: cgroups(7)"), "{help}");
        assert!(help.ends_with("status 0\n"), "{help}");
    }
}
