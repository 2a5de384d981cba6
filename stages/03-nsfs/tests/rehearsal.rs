//! What the programs intend to ask of the kernel: no privilege needed, nothing done.
//!
//! Where the plan depends on who runs it, or on the mount of "/", there is one snapshot for each.

use std::path::Path;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;

/// No process has this number: it is the limit of /proc/sys/kernel/pid_max, which is never given away.
const NOBODY: &str = "4194304";

/// The whole transcript, each process for itself: who of two comes first is chance.
fn run(mut program: Command, arguments: &[&str]) -> String {
    let output = program.env_clear().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let name = Path::new(program.get_program()).file_name().unwrap().display().to_string();
    let mut transcript = format!("$ {name} {}", arguments.join(" ")).trim_end().to_owned() + "\n";
    let told = text(output.stderr);
    for depth in 0..4 {
        transcript.extend(told.lines().filter(|line| indent(line) / 4 == depth).map(|line| format!("{line}\n")));
    }
    transcript + &text(output.stdout) + &format!("exit status: {}\n", output.status.code().unwrap())
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn own_pid() -> String {
    std::process::id().to_string()
}

/// The name of a snapshot that depends on who runs this.
fn as_whom(name: &str) -> String {
    format!("{name}@{}", if unshare::user::is_needed() { "user" } else { "root" })
}

/// The name of a snapshot that depends on the mount of "/".
fn on_what_mount(name: &str) -> String {
    let mounts = groundwork::mountinfo::mounts().unwrap();
    let root = groundwork::mountinfo::mount_of(&mounts, "/box-mnt".as_ref()).unwrap();
    format!("{name}@{}", if root.is_shared() { "shared" } else { "private" })
}

macro_rules! check {
    ($name:expr, $transcript:expr) => {
        insta::with_settings!({
            omit_expression => true,
            prepend_module_to_snapshot => false,
            filters => vec![
                // The PID of the test, and the file system of the host's "/".
                (r"--hold \d+", "--hold PID"),
                ("is a mount of [a-z0-9]+,", "is a mount of FSTYPE,"),
            ],
        }, {
            insta::assert_snapshot!($name, $transcript);
        });
    };
}

#[test]
fn a_process_is_joined_in_one_call() {
    check!("ns-enter-process", run(cargo_bin_cmd!("ns-enter"), &["--rehearse", NOBODY, "--", "/bin/true"]));
}

#[test]
fn an_ordinary_user_takes_the_user_namespace_with_the_kind_they_want() {
    let plan = run(cargo_bin_cmd!("ns-enter"), &["--rehearse", NOBODY, "--kind", "net", "--", "/bin/true"]);
    check!(as_whom("ns-enter-kind"), plan);
}

#[test]
fn a_file_says_itself_what_kind_it_is() {
    let plan = run(cargo_bin_cmd!("ns-enter"), &["--rehearse", "/proc/self/ns/uts", "--", "/bin/true"]);
    check!(as_whom("ns-enter-file"), plan);
}

#[test]
fn keeping_makes_a_place_and_mounts_on_it() {
    check!("ns-keep-net", run(cargo_bin_cmd!("ns-keep"), &["--rehearse", NOBODY, "net", "/box-net"]));
}

#[test]
fn a_mount_namespace_is_kept_on_a_private_mount() {
    let plan = run(cargo_bin_cmd!("ns-keep"), &["--rehearse", NOBODY, "mnt", "/box-mnt"]);
    check!(on_what_mount("ns-keep-mnt"), plan);
}

#[test]
fn holding_opens_and_mounts_nothing() {
    let plan = run(cargo_bin_cmd!("ns-keep"), &["--rehearse", "--hold", &own_pid(), "net", "--", "/bin/true"]);
    check!("ns-keep-hold", plan);
}

#[test]
fn dropping_takes_away_mount_and_place() {
    check!("ns-drop", run(cargo_bin_cmd!("ns-drop"), &["--rehearse", "/box-net"]));
}

#[test]
fn a_rehearsal_leaves_no_file() {
    let file = std::env::temp_dir().join(format!("nsfs-rehearsal-{}", own_pid()));
    run(cargo_bin_cmd!("ns-keep"), &["--rehearse", &own_pid(), "net", file.to_str().unwrap()]);
    assert!(!file.exists());
}

#[test]
fn showing_only_asks_so_a_rehearsal_asks_the_same() {
    let reasons = |manner| {
        let told = run(cargo_bin_cmd!("ns-show"), &[manner, "--json", &own_pid()]);
        told.lines().filter(|line| line.starts_with("# ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let rehearsed = reasons("--rehearse");
    assert!(!rehearsed.is_empty());
    assert_eq!(rehearsed, reasons("--explain"));
}

#[test]
fn what_cannot_be_meant_is_said_before_anything_is_asked() {
    let mut told = String::new();
    for arguments in [&["1", "2"][..], &["--kind", "uts", "./file"], &["--kind", "host", "1"], &["0x10"], &["./none"]] {
        told += &run(cargo_bin_cmd!("ns-enter"), arguments);
    }
    for arguments in [&[NOBODY, "net", "/box"][..], &["1", "net"], &["1", "net", "/box", "--", "true"], &["0", "net"]] {
        told += &run(cargo_bin_cmd!("ns-keep"), arguments);
    }
    for arguments in [&["/"][..], &["/none"], &["/none/none"], &[]] {
        told += &run(cargo_bin_cmd!("ns-drop"), arguments);
    }
    for arguments in [&[NOBODY][..], &["0"], &["--compare", "1"], &["--kept", "--tree"]] {
        told += &run(cargo_bin_cmd!("ns-show"), arguments);
    }
    check!("bad-input", told);
}
