//! EPERM and EACCES of a mount: who may mount what, see user_namespaces(7) and mount_namespaces(7).

use std::path::Path;

use nix::errno::Errno::EACCES;

use crate::cause::Cause;
use crate::host::{Capability, Host};
use crate::refusal::asked::{Asked, say};
use crate::refusal::mounts::fstype;

/// What root of a user namespace may mount without being trusted with a device.
const FOR_USER_NAMESPACES: [&str; 6] = ["tmpfs", "ramfs", "devpts", "overlay", "fuse", "bpf"];
/// What a mount keeps when a less privileged mount namespace got it from another.
const LOCKED: [&str; 7] = ["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime"];

pub(super) fn hint(asked: &Asked<'_>) -> Option<String> {
    let host = asked.host;
    let guard = || Cause::of_a_guard(host, asked.errno).map(|cause| cause.sentence());
    if !host.may(Capability::SysAdmin) {
        return say(
            "only root of the user namespace that owns a mount namespace may mount in it",
            "unshare(CLONE_NEWUSER|CLONE_NEWNS) first, as `unshare -Urm` does",
        );
    }
    // A profile refuses what the kernel's own rules, looked at below, may well allow.
    if asked.errno == EACCES || host.apparmor_profile().is_some() {
        return guard();
    }
    let is_namespace_root = !host.is_in_first_user_namespace();
    let by_rule = if is_namespace_root { to_namespace_root(asked) } else { None };
    by_rule.or_else(guard)
}

/// root of a user namespace may mount what shows its own namespaces, and keeps what it was given.
fn to_namespace_root(asked: &Asked<'_>) -> Option<String> {
    if asked.says("MS_REMOUNT") {
        return locked_flags(asked);
    }
    let fstype = fstype(asked)?;
    let shows = |kind: &str, flag: &str| {
        say(
            format!("{fstype} shows a {kind} namespace, and this one belongs to the host"),
            format!("unshare({flag}) together with CLONE_NEWUSER"),
        )
    };
    match fstype.as_str() {
        "proc" => fresh_proc(asked.host),
        "sysfs" => shows("network", "CLONE_NEWNET"),
        "mqueue" => shows("IPC", "CLONE_NEWIPC"),
        "cgroup2" => shows("cgroup", "CLONE_NEWCGROUP"),
        "overlay" if !asked.host.is_kernel_at_least(5, 11) => Some(Cause::overlay_for_root().sentence()),
        known if FOR_USER_NAMESPACES.contains(&known) => None,
        _ => say(
            format!("only root of the host may mount {fstype}, whose devices could mislead the kernel"),
            "run it with sudo",
        ),
    }
}

fn fresh_proc(host: &dyn Host) -> Option<String> {
    if let Some(cause) = Cause::masked(host, "/proc") {
        return Some(cause.sentence());
    }
    let namespace = |name: &str| host.link(Path::new(&format!("/proc/self/ns/{name}")));
    if namespace("pid") != namespace("pid_for_children") {
        return say(
            "the new PID namespace begins with the next child, and this process is not in it",
            "fork(2), and let the child mount proc",
        );
    }
    say(
        "proc shows a PID namespace, and this one belongs to the host",
        "unshare(CLONE_NEWPID) together with CLONE_NEWUSER, and fork(2)",
    )
}

fn locked_flags(asked: &Asked<'_>) -> Option<String> {
    let mount = asked.host.mount_at(&asked.path(1)?)?;
    let given: Vec<_> = asked.word(3).split('|').collect();
    let flag =
        |option: &str| if option == "ro" { "MS_RDONLY".to_owned() } else { format!("MS_{}", option.to_uppercase()) };
    let locked = mount.options.iter().filter(|option| LOCKED.contains(&option.as_str()));
    let missing: Vec<_> = locked.map(|option| flag(option)).filter(|flag| !given.contains(&flag.as_str())).collect();
    if missing.is_empty() {
        return None;
    }
    say(
        format!("{} came from a more privileged mount namespace, and keeps what it was given", mount.target.display()),
        format!("add {} to the flags", missing.join("|")),
    )
}
