//! unshare(2), clone(2) and clone3(2), and the names that a UTS namespace holds.

use std::path::Path;

use nix::errno::Errno::{EACCES, EINVAL, ENOSPC, ENOSYS, EPERM, EUSERS};

use crate::cause::Cause;
use crate::host::{Capability, Host};
use crate::refusal::asked::{Asked, say};

/// A kind of namespace: its flag, its file in /proc/self/ns, and the option with which a kernel is built to have it.
pub(super) struct Kind {
    pub(super) flag: &'static str,
    pub(super) file: &'static str,
    option: &'static str,
}

const fn kind(flag: &'static str, file: &'static str, option: &'static str) -> Kind {
    Kind { flag, file, option }
}

pub(super) const KINDS: [Kind; 8] = [
    kind("CLONE_NEWUSER", "user", "CONFIG_USER_NS"),
    kind("CLONE_NEWNS", "mnt", "CONFIG_NAMESPACES"),
    kind("CLONE_NEWPID", "pid", "CONFIG_PID_NS"),
    kind("CLONE_NEWNET", "net", "CONFIG_NET_NS"),
    kind("CLONE_NEWIPC", "ipc", "CONFIG_IPC_NS"),
    kind("CLONE_NEWUTS", "uts", "CONFIG_UTS_NS"),
    kind("CLONE_NEWCGROUP", "cgroup", "CONFIG_CGROUPS"),
    kind("CLONE_NEWTIME", "time", "CONFIG_TIME_NS"),
];

pub(super) fn hint(asked: &Asked<'_>) -> Option<String> {
    let host = asked.host;
    let guarded = || Cause::of_a_guard(host, asked.errno).map(|cause| cause.sentence());
    match (asked.name, asked.errno) {
        ("unshare" | "clone" | "clone3", EPERM | EACCES) if asked.says("CLONE_NEWUSER") => {
            Some(Cause::of_no_user_namespace(host, asked.errno).sentence())
        }
        ("unshare" | "clone" | "clone3", EPERM) if asked.says("CLONE_NEW") && !host.may(Capability::SysAdmin) => {
            say("an ordinary user may do this in a user namespace only", "add CLONE_NEWUSER to the same call")
        }
        ("unshare" | "clone" | "clone3", EPERM | EACCES) => guarded(),
        ("unshare" | "clone" | "clone3", ENOSPC | EUSERS) => used_up(asked),
        ("clone", EINVAL) if asked.says("CLONE_NEWTIME") => say(
            "clone(2) has no room for CLONE_NEWTIME, whose bit lies in the number of the exit signal",
            "use clone3(2), or unshare(2) and then fork(2)",
        ),
        ("unshare" | "clone" | "clone3", EINVAL) => invalid(asked),
        ("clone3", ENOSYS) if host.is_filtered() => say(
            "a seccomp filter hides clone3(2), whose arguments it cannot read, as container engines set it up",
            "use fork(2) and unshare(2)",
        ),
        ("clone3", ENOSYS) => {
            Some(Cause::kernel(host, "clone3(2), which came with Linux 5.3", "use fork(2) and unshare(2)").sentence())
        }
        ("sethostname" | "setdomainname", EINVAL) => {
            let length = asked.text(0).map_or(0, |name| name.len());
            say(format!("the name has {length} bytes, and the kernel keeps 64"), "choose a shorter one")
        }
        ("sethostname" | "setdomainname", EPERM) => guarded().or_else(|| {
            say(
                "only root of the user namespace that owns this UTS namespace may name it",
                "unshare(CLONE_NEWUSER|CLONE_NEWUTS) first",
            )
        }),
        _ => None,
    }
}

/// The limit that is reached is most likely the one that is zero, and else that of the first kind wanted.
fn used_up(asked: &Asked<'_>) -> Option<String> {
    let limit = |kind: &str| asked.host.sysctl(&format!("user.max_{kind}_namespaces"));
    let wanted = || KINDS.iter().filter(|kind| asked.says(kind.flag)).map(|kind| kind.file);
    let kind = wanted().find(|kind| limit(kind).as_deref() == Some("0")).or_else(|| wanted().next())?;
    Some(Cause::used_up(kind, limit(kind).as_deref()).sentence())
}

fn invalid(asked: &Asked<'_>) -> Option<String> {
    let host = asked.host;
    let absent = KINDS.iter().filter(|kind| asked.says(kind.flag)).find_map(|kind| unknown_kind(host, kind.file));
    if let Some(cause) = absent {
        return Some(cause.sentence());
    }
    let needs_one_thread = asked.says("CLONE_NEWUSER") || asked.says("CLONE_NEWPID");
    if needs_one_thread && host.threads() > 1 {
        let threads = host.threads();
        return say(
            format!("this process has {threads} threads, and only a process of one may do this"),
            "fork(2) first, or end the other threads",
        );
    }
    let namespace = |name: &str| host.link(Path::new(&format!("/proc/self/ns/{name}")));
    if asked.says("CLONE_NEWPID") && namespace("pid") != namespace("pid_for_children") {
        return say(
            "this process has asked for a PID namespace already, which begins with its next child",
            "fork(2), and let the child ask for the next",
        );
    }
    None
}

/// The file in /proc/self/ns of the first kind that these words name by its flag.
pub(crate) fn kind_of(words: &str) -> Option<&'static str> {
    KINDS.iter().find(|kind| words.contains(kind.flag)).map(|kind| kind.file)
}

/// Why the kernel does not know a kind of namespace, if it does not.
pub(crate) fn unknown_kind(host: &dyn Host, file: &str) -> Option<Cause> {
    let kind = KINDS.iter().find(|kind| kind.file == file)?;
    let feature = format!("{file} namespaces ({})", kind.option);
    let is_absent = host.has("/proc/self/ns") && !host.has(format!("/proc/self/ns/{file}"));
    is_absent.then(|| Cause::kernel(host, &feature, "boot a kernel that has them"))
}

#[cfg(test)]
mod tests;
