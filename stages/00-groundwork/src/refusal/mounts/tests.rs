use super::*;
use nix::errno::Errno;

use crate::host::Elsewhere;
use crate::refusal::asked::hint_on;

fn mount(host: &Elsewhere, words: [&str; 5], errno: Errno) -> String {
    hint_on(host, "mount", &words, errno).unwrap_or_default()
}

fn proc_of(host: &Elsewhere) -> String {
    mount(host, ["\"proc\"", "\"/proc\"", "\"proc\"", "MS_NOSUID", "NULL"], EPERM)
}

#[test]
fn an_ordinary_user_is_told_to_make_a_user_namespace() {
    let hint = mount(&Elsewhere::ordinary(), ["NULL", "\"/\"", "NULL", "MS_REC|MS_PRIVATE", "NULL"], EPERM);
    assert!(hint.contains("unshare -Urm"), "{hint}");
}

#[test]
fn a_mount_that_apparmor_refuses_is_not_blamed_on_the_namespace() {
    let host = Elsewhere::rootless()
        .with("/sys/module/apparmor/parameters/enabled", "Y")
        .with("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1")
        .with("/proc/self/attr/current", "unprivileged_userns (enforce)");
    assert!(proc_of(&host).contains("apparmor_restrict_unprivileged_userns=0"), "{}", proc_of(&host));
}

#[test]
fn each_reason_to_refuse_a_fresh_proc_is_told() {
    let same = |host: Elsewhere| {
        host.linked("/proc/self/ns/pid", "pid:[1]").linked("/proc/self/ns/pid_for_children", "pid:[1]")
    };
    let host = same(Elsewhere::rootless());
    assert!(proc_of(&host).contains("unshare(CLONE_NEWPID) together"), "{}", proc_of(&host));
    let host = host.linked("/proc/self/ns/pid_for_children", "pid:[2]");
    assert!(proc_of(&host).contains("fork(2), and let the child mount"), "{}", proc_of(&host));
    let host = same(Elsewhere::rootless()).mounted("50 29 0:40 / /proc/kcore rw - tmpfs tmpfs rw");
    assert!(proc_of(&host).contains("/proc/kcore"), "{}", proc_of(&host));
    let host = same(Elsewhere::rootless()).mounted("50 29 0:40 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw");
    assert!(!proc_of(&host).contains("binfmt_misc"), "{}", proc_of(&host));
}

#[test]
fn each_file_system_names_the_namespace_it_shows() {
    for (fstype, flag) in [("sysfs", "CLONE_NEWNET"), ("mqueue", "CLONE_NEWIPC"), ("cgroup2", "CLONE_NEWCGROUP")] {
        let hint = mount(&Elsewhere::rootless(), ["\"x\"", "\"/sys\"", &format!("{fstype:?}"), "0", "NULL"], EPERM);
        assert!(hint.contains(flag), "{fstype}: {hint}");
    }
    let hint = mount(&Elsewhere::rootless(), ["\"/dev/sda\"", "\"/mnt\"", "\"ext4\"", "0", "NULL"], EPERM);
    assert!(hint.contains("run it with sudo"), "{hint}");
}

#[test]
fn a_remount_names_the_flags_that_are_locked() {
    let host = Elsewhere::rootless().mounted("50 28 0:40 / /data rw,nosuid,nodev,relatime - tmpfs t rw");
    let words = ["NULL", "\"/data\"", "NULL", "MS_RDONLY|MS_NOSUID|MS_REMOUNT|MS_BIND", "NULL"];
    let hint = mount(&host, words, EPERM);
    assert!(hint.contains("add MS_NODEV|MS_RELATIME to the flags"), "{hint}");
}

#[test]
fn keeping_a_mount_namespace_needs_a_private_place() {
    let words = ["\"/proc/7/ns/mnt\"", "\"/run/kept/mnt\"", "NULL", "MS_BIND", "NULL"];
    let hint = mount(&Elsewhere::root(), words, EINVAL);
    assert!(hint.contains("`mount --bind /run/kept /run/kept && mount --make-private /run/kept`"), "{hint}");
    let private = Elsewhere::root().mounted("50 28 8:1 /run/kept /run/kept rw - ext4 /dev/sda1 rw");
    assert!(mount(&private, words, EINVAL).contains("older than it"));
}

#[test]
fn each_invalid_change_is_told() {
    let (root, rootless) = (Elsewhere::root(), Elsewhere::rootless());
    let private = mount(&root, ["NULL", "\"/srv\"", "NULL", "MS_PRIVATE", "NULL"], EINVAL);
    assert!(private.contains("/srv is no mount point"), "{private}");
    let both = mount(&root, ["NULL", "\"/\"", "NULL", "MS_PRIVATE|MS_SHARED", "NULL"], EINVAL);
    assert!(both.contains("give one of these flags"), "{both}");
    let bind = mount(&rootless, ["\"/sys\"", "\"/mnt\"", "NULL", "MS_BIND", "NULL"], EINVAL);
    assert!(bind.contains("with MS_REC"), "{bind}");
    let moved = mount(&root, ["\"/proc\"", "\"/mnt\"", "NULL", "MS_MOVE", "NULL"], EINVAL);
    assert!(moved.contains("`mount --make-private /` first"), "{moved}");
}

#[test]
fn what_is_missing_is_named() {
    let host = Elsewhere::root().directory("/mnt");
    let target = mount(&host, ["\"/srv\"", "\"/nowhere\"", "NULL", "MS_BIND", "NULL"], ENOENT);
    assert!(target.starts_with("there is no /nowhere;"), "{target}");
    let source = mount(&host, ["\"/srv\"", "\"/mnt\"", "NULL", "MS_BIND", "NULL"], ENOENT);
    assert!(source.starts_with("there is no /srv to bind"), "{source}");
    let kind = mount(&host, ["\"x\"", "\"/mnt\"", "\"squashfs\"", "0", "NULL"], ENODEV);
    assert!(kind.contains("sudo modprobe squashfs"), "{kind}");
}

#[test]
fn a_place_of_the_wrong_sort_is_named() {
    let host = Elsewhere::root().directory("/mnt").with("/etc/passwd", "").linked("/etc/link", "passwd");
    let moved = |target: &str, flags: &str, errno| {
        hint_on(&host, "move_mount", &["5</>", "\"\"", "AT_FDCWD", target, flags], errno).unwrap_or_default()
    };
    const FLAGS: &str = "MOVE_MOUNT_F_EMPTY_PATH";
    assert!(moved("\"/etc/passwd\"", FLAGS, EINVAL).contains("only a file can be mounted there"));
    assert!(moved("\"/mnt\"", FLAGS, EINVAL).contains("only a directory can be mounted there"));
    assert!(moved("\"/etc/link\"", FLAGS, EINVAL).contains("is a symbolic link"));
    assert!(moved("\"/nowhere\"", FLAGS, ENOENT).starts_with("there is no /nowhere"));
}
