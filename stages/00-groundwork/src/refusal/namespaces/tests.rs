use super::*;
use nix::errno::Errno;

use crate::host::Elsewhere;
use crate::refusal::asked::hint_on;

fn unshare(host: &Elsewhere, flags: &str, errno: Errno) -> String {
    hint_on(host, "unshare", &[flags], errno).unwrap_or_default()
}

fn setns(host: &Elsewhere, descriptor: &str, flags: &str, errno: Errno) -> String {
    hint_on(host, "setns", &[descriptor, flags], errno).unwrap_or_default()
}

fn with_namespaces(host: Elsewhere) -> Elsewhere {
    let host = host.directory("/proc/self/ns");
    KINDS.iter().fold(host, |host, kind| host.with(&format!("/proc/self/ns/{}", kind.file), ""))
}

#[test]
fn an_ordinary_user_is_told_to_add_a_user_namespace() {
    assert!(unshare(&Elsewhere::ordinary(), "CLONE_NEWUTS", EPERM).contains("add CLONE_NEWUSER"));
}

#[test]
fn who_forbids_user_namespaces_is_named() {
    let host = Elsewhere::ordinary().with("/proc/sys/kernel/unprivileged_userns_clone", "0");
    assert!(unshare(&host, "CLONE_NEWUSER", EPERM).contains("kernel.unprivileged_userns_clone=1"));
    assert!(unshare(&Elsewhere::ordinary(), "CLONE_NEWUSER", EPERM).contains("dmesg"));
}

#[test]
fn the_limit_that_is_zero_is_the_one_named() {
    let host = Elsewhere::ordinary()
        .with("/proc/sys/user/max_user_namespaces", "100")
        .with("/proc/sys/user/max_net_namespaces", "0");
    let hint = unshare(&host, "CLONE_NEWNET|CLONE_NEWUSER", ENOSPC);
    assert!(hint.starts_with("user.max_net_namespaces is 0"), "{hint}");
}

#[test]
fn each_invalid_unshare_is_told_apart() {
    let host = with_namespaces(Elsewhere::ordinary())
        .linked("/proc/self/ns/pid", "pid:[1]")
        .linked("/proc/self/ns/pid_for_children", "pid:[1]");
    let threaded = host.clone().status("Uid:\t1000\t1000\nThreads:\t3\nCapEff:\t0\n");
    assert!(unshare(&threaded, "CLONE_NEWUSER", EINVAL).contains("has 3 threads"));
    let old = host.clone().without("/proc/self/ns/time");
    assert!(unshare(&old, "CLONE_NEWTIME", EINVAL).contains("CONFIG_TIME_NS"));
    let twice = host.linked("/proc/self/ns/pid_for_children", "pid:[2]");
    assert!(unshare(&twice, "CLONE_NEWPID", EINVAL).contains("begins with its next child"));
}

#[test]
fn whoever_makes_a_namespace_is_told_the_same() {
    let host = Elsewhere::ordinary().with("/proc/sys/user/max_net_namespaces", "0");
    let calls = [
        ("unshare", "FLAGS"),
        ("clone", "flags=CLONE_PIDFD|FLAGS|SIGCHLD"),
        ("clone3", "{flags=CLONE_PIDFD|FLAGS, exit_signal=SIGCHLD}"),
    ];
    for (flags, errno) in [
        ("CLONE_NEWUSER", EPERM),
        ("CLONE_NEWUSER", EACCES),
        ("CLONE_NEWNET", EPERM),
        ("CLONE_NEWNET", ENOSPC),
        ("CLONE_NEWNET|CLONE_NEWUSER", EUSERS),
    ] {
        let hints = calls.map(|(name, form)| hint_on(&host, name, &[&form.replace("FLAGS", flags)], errno));
        assert!(hints[0].is_some() && hints.iter().all(|hint| *hint == hints[0]), "{flags} {errno}: {hints:?}");
    }
}

#[test]
fn the_bit_that_clone_has_no_room_for_is_named() {
    let words = ["child_stack=NULL", "flags=CLONE_PIDFD|CLONE_NEWTIME|SIGCHLD"];
    assert!(hint_on(&Elsewhere::root(), "clone", &words, EINVAL).unwrap().contains("use clone3(2)"));
}

#[test]
fn a_hidden_clone3_is_told_from_one_that_is_not_there() {
    let words = ["{flags=CLONE_PIDFD, exit_signal=SIGCHLD}", "88"];
    let filtered = Elsewhere::ordinary().status("Seccomp:\t2\n");
    assert!(hint_on(&filtered, "clone3", &words, ENOSYS).unwrap().contains("seccomp filter hides"));
    assert!(hint_on(&Elsewhere::ordinary(), "clone3", &words, ENOSYS).unwrap().contains("Linux 5.3"));
}

#[test]
fn each_invalid_setns_is_told_apart() {
    let host = Elsewhere::root().linked("/proc/self/ns/user", "user:[1]").with("/run/kept", "");
    assert!(setns(&host, "3<uts:[9]>", "CLONE_NEWNET", EINVAL).contains("ask for CLONE_NEWUTS"));
    assert!(setns(&host, "3<user:[1]>", "CLONE_NEWUSER", EINVAL).contains("already"));
    assert!(setns(&host, "3<pid:[9]>", "CLONE_NEWPID", EINVAL).contains("join from the host"));
    let stale = setns(&host, "3</run/kept>", "CLONE_NEWUTS", EINVAL);
    assert!(stale.contains("`mount --bind /proc/PID/ns/KIND /run/kept`"), "{stale}");
    let kept = host.mounted("80 28 0:4 uts:[9] /run/kept rw - nsfs nsfs rw");
    assert_eq!(setns(&kept, "3</run/kept>", "CLONE_NEWUTS", EINVAL), "");
}

#[test]
fn joining_without_the_right_names_the_user_namespace() {
    assert!(
        setns(&Elsewhere::ordinary(), "3<net:[9]>", "CLONE_NEWNET", EPERM).contains("join its user namespace first")
    );
}

#[test]
fn a_long_hostname_is_measured() {
    let long = format!("{:?}", "x".repeat(65));
    let hint = hint_on(&Elsewhere::root(), "sethostname", &[&long, "65"], EINVAL).unwrap();
    assert!(hint.contains("65 bytes"), "{hint}");
}
