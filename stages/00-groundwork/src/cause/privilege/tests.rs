use super::*;
use crate::host::Elsewhere;

fn kind_of(host: &Elsewhere, errno: Errno) -> Kind {
    Cause::of_no_user_namespace(host, errno).kind
}

#[test]
fn a_plain_host_has_no_cause_to_name() {
    assert_eq!(kind_of(&Elsewhere::ordinary(), Errno::EPERM), Kind::Unknown);
}

#[test]
fn each_sysctl_is_named_with_the_value_that_helps() {
    let debian = Elsewhere::ordinary().with("/proc/sys/kernel/unprivileged_userns_clone", "0\n");
    let cause = Cause::of_no_user_namespace(&debian, Errno::EPERM);
    assert_eq!(cause.kind, Kind::Sysctl);
    assert_eq!(cause.remedy, "`sudo sysctl -w kernel.unprivileged_userns_clone=1`");

    let rhel = Elsewhere::ordinary().with("/proc/sys/user/max_user_namespaces", "0\n");
    let cause = Cause::of_no_user_namespace(&rhel, Errno::ENOSPC);
    assert_eq!(cause.why, "user.max_user_namespaces is 0, which allows no user namespace");

    let full = Elsewhere::ordinary().with("/proc/sys/user/max_user_namespaces", "63\n");
    let cause = Cause::of_no_user_namespace(&full, Errno::ENOSPC);
    assert!(cause.why.contains("(63) is reached"), "{}", cause.why);
}

#[test]
fn debians_sysctl_does_not_bind_root() {
    let root = Elsewhere::root().with("/proc/sys/kernel/unprivileged_userns_clone", "0\n");
    assert_eq!(kind_of(&root, Errno::EPERM), Kind::Unknown);
}

#[test]
fn apparmors_restriction_is_told_from_a_profile() {
    let ubuntu = Elsewhere::ordinary()
        .with("/sys/module/apparmor/parameters/enabled", "Y\n")
        .with("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n");
    let cause =
        Cause::of_a_guard(&ubuntu.clone().with("/proc/self/attr/current", "unconfined\n"), Errno::EPERM).unwrap();
    assert!(cause.remedy.contains("apparmor_restrict_unprivileged_userns=0"), "{}", cause.remedy);

    let inside = ubuntu.clone().with("/proc/self/attr/current", "unprivileged_userns (enforce)\n");
    assert_eq!(Cause::of_a_guard(&inside, Errno::EPERM).unwrap(), cause);

    let docker = ubuntu.with("/proc/self/attr/current", "docker-default (enforce)\n").in_docker();
    let cause = Cause::of_a_guard(&docker, Errno::EACCES).unwrap();
    assert!(cause.why.contains("\"docker-default\""), "{}", cause.why);
    assert!(cause.remedy.contains("docker run --security-opt apparmor=unconfined"), "{}", cause.remedy);

    let filtered = docker.status("Uid:\t0\t0\nCapEff:\t00000000a80425fb\nSeccomp:\t2\n");
    assert_eq!(kind_of(&filtered, Errno::EPERM), Kind::Seccomp);
    assert_eq!(Cause::of_a_guard(&filtered, Errno::EACCES).unwrap().kind, Kind::Apparmor);
}

#[test]
fn the_restriction_does_not_bind_root() {
    let root = Elsewhere::root().with("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n");
    assert_eq!(Cause::of_a_guard(&root, Errno::EPERM), None);
}

#[test]
fn a_filter_a_chroot_and_wsl_1_are_told_apart() {
    let filtered = Elsewhere::ordinary().status("Uid:\t1000\t1000\nCapEff:\t0\nSeccomp:\t2\n");
    assert_eq!(kind_of(&filtered, Errno::EPERM), Kind::Seccomp);
    let chrooted = Elsewhere::ordinary().without("/proc/self/mountinfo").mounted("29 28 0:22 / /proc rw - proc p rw");
    assert_eq!(kind_of(&chrooted, Errno::EPERM), Kind::Chroot);
    let wsl = Elsewhere::ordinary().with("/proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft");
    assert_eq!(kind_of(&wsl, Errno::EINVAL), Kind::Wsl);
    let old = Elsewhere::ordinary().with("/proc/self/uid_map", "0 0 4294967295").without("/proc/self/ns/user");
    assert_eq!(kind_of(&old, Errno::EINVAL), Kind::Kernel);
}
