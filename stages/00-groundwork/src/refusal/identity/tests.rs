use super::*;
use nix::errno::Errno;

use crate::host::Elsewhere;
use crate::refusal::asked::hint_on;

fn write(host: &Elsewhere, file: &str, content: &str, errno: Errno) -> String {
    let words = [format!("5<{file}>"), crate::arguments::quote(content.as_bytes()), content.len().to_string()];
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    hint_on(host, "write", &words, errno).unwrap_or_default()
}

#[test]
fn each_invalid_map_is_told_apart() {
    let tell = |content: &str| write(&Elsewhere::ordinary(), "/proc/self/uid_map", content, EINVAL);
    assert!(tell("0 1000").contains("INSIDE OUTSIDE COUNT"));
    assert!(tell("root me 1").contains("INSIDE OUTSIDE COUNT"));
    assert!(tell("").contains("INSIDE OUTSIDE COUNT"));
    assert!(tell("0 1000 0").contains("maps nothing"));
    assert!(tell("0 1000 4294967295").contains("make the range shorter"));
    assert!(tell("0 1000 10\n9 2000 10\n").contains("same id inside"));
    assert!(tell("0 1000 10\n10 1009 10\n").contains("same id outside"));
    assert!(tell("0 1000 10\n10 1010 10\n").contains("one write(2)"));
    assert!(tell(&"0 0 1\n".repeat(341)).contains("at most 340 lines"));
}

#[test]
fn each_forbidden_map_is_told_apart() {
    let empty = Elsewhere::ordinary().with("/proc/self/uid_map", "").with("/proc/self/gid_map", "");
    let tell = |host: &Elsewhere, file: &str, content| write(host, file, content, EPERM);
    let written = empty.clone().with("/proc/self/uid_map", " 0 1000 1\n");
    assert!(tell(&written, "/proc/self/uid_map", "0 1000 1").contains("is written already"));
    let allowed = empty.clone().with("/proc/self/setgroups", "allow\n");
    assert!(tell(&allowed, "/proc/self/gid_map", "0 1000 1").contains("write `deny`"));
    let denied = empty.with("/proc/self/setgroups", "deny\n");
    assert!(tell(&denied, "/proc/self/gid_map", "0 5 1").contains("one's own group id"));
    assert!(tell(&denied, "/proc/self/uid_map", "0 1000 1\n1 100000 65536\n").contains("newuidmap(1)"));
    assert!(tell(&denied, "/proc/self/uid_map", "0 5 1").contains("one's own user id"));
}

#[test]
fn setgroups_is_told_by_the_file_that_forbids_it() {
    let tell = |host: &Elsewhere| hint_on(host, "setgroups", &["0", "[]"], EPERM).unwrap();
    assert!(tell(&Elsewhere::rootless().with("/proc/self/setgroups", "deny")).contains("has given up setgroups(2)"));
    assert!(tell(&Elsewhere::rootless().with("/proc/self/gid_map", "")).contains("write gid_map first"));
}

#[test]
fn an_unmapped_id_is_shown_with_the_map() {
    let hint = hint_on(&Elsewhere::rootless(), "setresuid", &["5", "5", "5"], EINVAL).unwrap();
    assert!(
        hint.contains("user 5 is not mapped") && hint.contains("`0 1000 1`") && hint.contains("newuidmap(1)"),
        "{hint}"
    );
}

#[test]
fn devices_are_refused_for_two_reasons() {
    let tell = |host: &Elsewhere| {
        hint_on(host, "mknod", &["\"/dev/null\"", "S_IFCHR|0666", "makedev(0x1, 0x3)"], EPERM).unwrap()
    };
    assert!(tell(&Elsewhere::rootless()).contains("only root of the host"));
    assert!(tell(&Elsewhere::root()).contains("a cgroup of this process"));
}

#[test]
fn clocks_are_set_before_the_first_child() {
    assert!(
        write(&Elsewhere::rootless(), "/proc/self/timens_offsets", "monotonic 1 0", EACCES)
            .contains("before the first child")
    );
}
