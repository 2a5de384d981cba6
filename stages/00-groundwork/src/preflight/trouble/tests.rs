use super::*;
use crate::host::Elsewhere;

fn kind(host: &Elsewhere, call: &str, errno: Errno) -> Kind {
    of_refusal(host, call, errno).kind
}

fn ubuntu() -> Elsewhere {
    Elsewhere::rootless()
        .with("/sys/module/apparmor/parameters/enabled", "Y\n")
        .with("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n")
        .with("/proc/self/attr/current", "unprivileged_userns (enforce)\n")
}

#[test]
fn a_step_after_creation_is_blamed_on_apparmor() {
    for (call, errno) in [
        ("making all mounts private", Errno::EACCES),
        ("sethostname", Errno::EPERM),
        ("mounting proc on /tmp/proc", Errno::EPERM),
    ] {
        assert_eq!(kind(&ubuntu(), call, errno), Kind::Apparmor, "{call}");
    }
}

#[test]
fn a_refusal_without_a_culprit_stays_unknown() {
    assert_eq!(kind(&Elsewhere::root(), "mounting tmpfs on /tmp", Errno::EPERM), Kind::Unknown);
    assert_eq!(kind(&ubuntu(), "mounting tmpfs on /tmp", Errno::EIO), Kind::Unknown);
}

#[test]
fn a_missing_feature_is_told_from_a_hidden_call() {
    let call = "clone3(2) (Linux 5.3)";
    assert_eq!(kind(&Elsewhere::ordinary(), call, Errno::ENOSYS), Kind::Kernel);
    let filtered = Elsewhere::ordinary().status("Uid:\t0\t0\nCapEff:\t0\nSeccomp:\t2\n");
    assert_eq!(kind(&filtered, call, Errno::ENOSYS), Kind::Seccomp);
    let without_time = Elsewhere::root().directory("/proc/self/ns");
    assert_eq!(kind(&without_time, "unshare(CLONE_NEWTIME)", Errno::EINVAL), Kind::Kernel);
}

#[test]
fn a_file_system_that_is_not_loaded_names_its_module() {
    let host = Elsewhere::root().with("/proc/filesystems", "nodev\ttmpfs\n\text4\n");
    let cause = of_refusal(&host, "mounting overlay with an upper layer", Errno::ENODEV);
    assert_eq!((cause.kind, cause.remedy.as_str()), (Kind::Kernel, "load it with `sudo modprobe overlay`"));
    assert_eq!(kind(&host, "mounting tmpfs on /tmp", Errno::ENODEV), Kind::Unknown);
}

#[test]
fn a_covered_proc_is_told() {
    let host = Elsewhere::rootless().mounted("50 29 0:40 / /proc/kcore rw - tmpfs tmpfs rw");
    assert_eq!(kind(&host, "mounting proc on /tmp/proc", Errno::EPERM), Kind::MaskedProc);
}

#[test]
fn the_initial_ramfs_is_told() {
    let host = Elsewhere::root().without("/proc/self/mountinfo").mounted("1 1 0:2 / / rw - rootfs rootfs rw");
    assert_eq!(kind(&host, "pivot_root", Errno::EINVAL), Kind::Initramfs);
}

#[test]
fn limits_of_other_kinds_are_named() {
    let host = Elsewhere::root().with("/proc/sys/user/max_net_namespaces", "0\n");
    let cause = of_refusal(&host, "unshare(CLONE_NEWNET)", Errno::ENOSPC);
    assert_eq!(cause.remedy, "`sudo sysctl -w user.max_net_namespaces=15000`");
}

#[test]
fn without_privileges_root_is_asked_for() {
    assert_eq!(kind(&Elsewhere::ordinary(), "mknod", Errno::EPERM), Kind::NotRoot);
}
