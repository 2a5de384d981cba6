use super::*;
use nix::errno::Errno;

use crate::host::Elsewhere;
use crate::refusal::asked::hint_on;

const TOP: &str = "/sys/fs/cgroup";

fn host() -> Elsewhere {
    Elsewhere::ordinary()
        .mounted("31 28 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw")
        .with("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids")
        .directory("/sys/fs/cgroup/box")
        .with("/sys/fs/cgroup/box/cgroup.procs", "")
}

fn hybrid() -> Elsewhere {
    host()
        .mounted("35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory")
        .with("/sys/fs/cgroup/cgroup.controllers", "hugetlb")
}

fn write(host: &Elsewhere, file: &str, content: &str, errno: Errno) -> String {
    hint_on(host, "write", &[&format!("5<{TOP}/{file}>"), &format!("{content:?}"), "1"], errno).unwrap_or_default()
}

fn path(host: &Elsewhere, name: &str, file: &str, errno: Errno) -> String {
    let file = format!("\"{TOP}/{file}\"");
    let words = if name == "openat" { vec!["AT_FDCWD", &file, "O_WRONLY"] } else { vec![file.as_str()] };
    hint_on(host, name, &words, errno).unwrap_or_default()
}

#[test]
fn what_keeps_a_cgroup_busy_is_counted() {
    let rmdir = |host: &Elsewhere| path(host, "rmdir", "box", EBUSY);
    let held = host().with("/sys/fs/cgroup/box/cgroup.procs", "12\n34\n");
    assert!(rmdir(&held).contains("still holds 2 processes (12, 34)"), "{}", rmdir(&held));
    assert!(rmdir(&host().directory("/sys/fs/cgroup/box/inner")).contains("the cgroup inner below it"));
    assert!(rmdir(&host()).contains("populated 0"));
}

#[test]
fn a_directory_elsewhere_is_none_of_this_familys_business() {
    assert_eq!(hint_on(&host(), "rmdir", &["\"/srv\""], EBUSY), None);
}

#[test]
fn each_refusal_to_pass_a_controller_down_is_told_apart() {
    let tell = |host: &Elsewhere, content: &str, errno| write(host, "box/cgroup.subtree_control", content, errno);
    let held = host().with("/sys/fs/cgroup/box/cgroup.procs", "12\n");
    assert!(tell(&held, "+memory", EBUSY).contains("holds 1 process,"));
    assert!(tell(&host(), "-memory", EBUSY).contains("passes memory down itself"));
    assert!(tell(&host(), "+memory", ENOENT).contains("has no memory controller"));
    assert!(tell(&hybrid(), "+memory", ENOENT).contains("cgroup v1 trees"));
    assert!(tell(&host(), "+memory", EOPNOTSUPP).contains("threaded"));
}

#[test]
fn each_refusal_to_enter_is_told_apart() {
    let tell = |errno| {
        write(&host().with("/sys/fs/cgroup/box/cgroup.subtree_control", "memory"), "box/cgroup.procs", "12", errno)
    };
    assert!(tell(EBUSY).contains("passes controllers down, and such"));
    assert!(tell(EACCES).contains("write access to /sys/fs/cgroup/box"));
    assert!(tell(EOPNOTSUPP).contains("threaded"));
    let born = ["{flags=CLONE_PIDFD|CLONE_INTO_CGROUP, exit_signal=SIGCHLD, cgroup=4</sys/fs/cgroup/box>}", "88"];
    let hint = hint_on(&host(), "clone3", &born, EBUSY).unwrap();
    assert!(hint.starts_with("/sys/fs/cgroup/box passes"), "{hint}");
}

#[test]
fn a_controllers_file_that_is_not_there_is_explained() {
    let tell = |host: &Elsewhere| path(host, "openat", "box/memory.max", ENOENT);
    assert!(tell(&host()).contains("`echo +memory > /sys/fs/cgroup/cgroup.subtree_control`"), "{}", tell(&host()));
    assert!(tell(&hybrid()).contains("use the files below /sys/fs/cgroup/memory"));
    assert!(path(&host(), "openat", "none/memory.max", ENOENT).contains("no cgroup /sys/fs/cgroup/none"));
}

#[test]
fn without_delegation_the_way_to_get_it_is_told() {
    let tell = |host: &Elsewhere| path(host, "mkdir", "box", EACCES);
    assert!(tell(&host()).contains("give it to you with chown"), "{}", tell(&host()));
    let logged_out = host().directory("/run/systemd/system");
    assert!(tell(&logged_out).contains("machinectl shell"), "{}", tell(&logged_out));
    let systemd = host().directory("/run/user/1000/systemd");
    assert!(tell(&systemd).contains("systemd-run --user --scope"), "{}", tell(&systemd));
    let v1 = path(&hybrid(), "mkdir", "memory/box", EACCES);
    assert!(v1.contains("the cgroup2 tree lacks them"), "{v1}");
    let docker = Elsewhere::ordinary().mounted("31 28 0:29 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw").in_docker();
    assert!(tell(&docker).contains("docker run --privileged"), "{}", tell(&docker));
}

#[test]
fn a_value_that_is_refused_is_shown() {
    assert!(write(&host(), "box/memory.max", "many", EINVAL).contains("\"many\" is no value for memory.max"));
    assert!(write(&host(), "box/io.max", "8:1 rbps=1", ENODEV).contains("lsblk"));
}
