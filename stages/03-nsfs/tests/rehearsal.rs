//! What the programs intend to ask of the kernel: no privilege needed, nothing done.
//!
//! Where the plan depends on who runs it, or on the mount of "/", there is one snapshot for each.

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use insta::{Settings, assert_snapshot};

/// No process has this number: it is the limit of /proc/sys/kernel/pid_max, which is never given away.
const NOBODY: &str = "4194304";

fn run(mut program: Command, arguments: &[&str]) -> String {
    let output = program.env_clear().args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let status = output.status.code().unwrap();
    format!("{}{}status {status}\n", text(output.stdout), text(output.stderr))
}

fn own_pid() -> String {
    std::process::id().to_string()
}

fn as_whom() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_suffix(if unshare::user::is_needed() { "ordinary-user" } else { "root" });
    settings
}

fn on_what_mount() -> Settings {
    let mounts = groundwork::mountinfo::mounts().unwrap();
    let root = groundwork::mountinfo::mount_of(&mounts, "/box-mnt".as_ref()).unwrap();
    let mut settings = Settings::clone_current();
    settings.set_snapshot_suffix(if root.is_shared() { "shared-mount" } else { "private-mount" });
    settings
}

#[test]
fn a_process_is_joined_in_one_call() {
    assert_snapshot!(run(cargo_bin_cmd!("ns-enter"), &["--rehearse", NOBODY, "--", "/bin/true"]));
}

#[test]
fn an_ordinary_user_takes_the_user_namespace_with_the_kind_they_want() {
    let plan = run(cargo_bin_cmd!("ns-enter"), &["--rehearse", NOBODY, "--kind", "net", "--", "/bin/true"]);
    as_whom().bind(|| assert_snapshot!(plan));
}

#[test]
fn a_file_says_itself_what_kind_it_is() {
    let plan = run(cargo_bin_cmd!("ns-enter"), &["--rehearse", "/proc/self/ns/uts", "--", "/bin/true"]);
    as_whom().bind(|| assert_snapshot!(plan));
}

#[test]
fn keeping_makes_a_place_and_mounts_on_it() {
    assert_snapshot!(run(cargo_bin_cmd!("ns-keep"), &["--rehearse", NOBODY, "net", "/box-net"]));
}

#[test]
fn a_mount_namespace_is_kept_on_a_private_mount() {
    let plan = run(cargo_bin_cmd!("ns-keep"), &["--rehearse", NOBODY, "mnt", "/box-mnt"]);
    on_what_mount().bind(|| assert_snapshot!(plan));
}

#[test]
fn holding_opens_and_mounts_nothing() {
    assert_snapshot!(run(cargo_bin_cmd!("ns-keep"), &["--rehearse", "--hold", &own_pid(), "net", "--", "/bin/true"]));
}

#[test]
fn dropping_takes_away_mount_and_place() {
    assert_snapshot!(run(cargo_bin_cmd!("ns-drop"), &["--rehearse", "/box-net"]));
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
        told += &format!("ns-enter {}\n{}\n", arguments.join(" "), run(cargo_bin_cmd!("ns-enter"), arguments));
    }
    for arguments in
        [&[NOBODY, "net", "/box"][..], &["1", "net"], &["1", "net", "/box", "--", "true"], &["0", "net", "/box"]]
    {
        told += &format!("ns-keep {}\n{}\n", arguments.join(" "), run(cargo_bin_cmd!("ns-keep"), arguments));
    }
    for arguments in [&["/"][..], &["/none"], &["/none/none"], &[]] {
        told += &format!("ns-drop {}\n{}\n", arguments.join(" "), run(cargo_bin_cmd!("ns-drop"), arguments));
    }
    for arguments in [&[NOBODY][..], &["0"], &["--compare", "1"], &["--kept", "--tree"]] {
        told += &format!("ns-show {}\n{}\n", arguments.join(" "), run(cargo_bin_cmd!("ns-show"), arguments));
    }
    let mut settings = Settings::clone_current();
    settings.add_filter("is a mount of [a-z0-9]+,", "is a mount of FSTYPE,");
    settings.bind(|| assert_snapshot!(told));
}
