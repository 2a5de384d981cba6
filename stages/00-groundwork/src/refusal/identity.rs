//! Ids: uid_map and gid_map, setgroups, set*id, and what a user namespace forbids for good.

mod map;

use std::path::Path;

use nix::errno::Errno::{EACCES, EAGAIN, EINVAL, ENOENT, EPERM, ERANGE};

use crate::cause::Cause;
use crate::host::{Capability, Host};
use crate::refusal::asked::{Asked, say};

pub(super) fn hint(asked: &Asked<'_>) -> Option<String> {
    match (asked.name, asked.errno) {
        ("write" | "openat", _) => proc_file(asked),
        ("setgroups", _) => setgroups(asked),
        ("setresuid", _) => set_id(asked, "user", "uid_map", "newuidmap(1)"),
        ("setresgid", _) => set_id(asked, "group", "gid_map", "newgidmap(1)"),
        ("mknod" | "mknodat", EPERM) => mknod(asked.host),
        ("setsid", EPERM) => say(
            "this process leads a process group already, and a leader cannot leave it",
            "fork(2), and let the child call setsid(2)",
        ),
        _ => None,
    }
}

fn proc_file(asked: &Asked<'_>) -> Option<String> {
    let path = asked.path(if asked.name == "openat" { 1 } else { 0 })?;
    let name = path.file_name().filter(|_| path.starts_with("/proc"))?.to_str()?;
    match (asked.name, name, asked.errno) {
        ("openat", _, ENOENT) => gone(asked.host, &path),
        ("openat", "uid_map" | "gid_map" | "setgroups", EACCES | EPERM) => say(
            "the process belongs to somebody else, or has changed its ids or its program",
            "write this file before that, or from inside",
        ),
        ("openat", _, EACCES | EPERM) if path.parent().is_some_and(|parent| parent.ends_with("ns")) => {
            say("one sees the namespaces of one's own processes only", "name one of yours, or run it with sudo")
        }
        ("write", "uid_map" | "gid_map", EINVAL) => map::invalid(&asked.text(1)?),
        ("write", "uid_map" | "gid_map", EPERM) => map::forbidden(asked, &path),
        ("write", "setgroups", EPERM) => say(
            "setgroups is settled once gid_map is written, and `deny` holds for good",
            "write it before gid_map, in a new user namespace",
        ),
        ("write", "timens_offsets", _) => time_offsets(asked),
        _ => None,
    }
}

fn gone(host: &dyn Host, path: &Path) -> Option<String> {
    if !host.has("/proc/self") {
        return Some(Cause::no_proc().sentence());
    }
    say(
        format!("there is no {}: the process has ended, or this /proc shows another PID namespace", path.display()),
        "see which there are: `ls /proc`",
    )
}

fn time_offsets(asked: &Asked<'_>) -> Option<String> {
    match asked.errno {
        EACCES => say(
            "a process is in this time namespace already, and its clocks hold for good",
            "write the offsets before the first child is born",
        ),
        EPERM => say(
            "only root of the user namespace that owns a time namespace sets its clocks",
            "unshare(CLONE_NEWUSER|CLONE_NEWTIME) first",
        ),
        ERANGE => say("the clock would begin before zero, or overflow", "choose an offset that leaves it positive"),
        EINVAL => say(
            "each line is CLOCK SECONDS NANOSECONDS, and the clock `monotonic` or `boottime`",
            "write `monotonic 86400 0` to be a day ahead",
        ),
        _ => None,
    }
}

fn setgroups(asked: &Asked<'_>) -> Option<String> {
    let read = |file: &str| asked.host.text(format!("/proc/self/{file}"));
    match asked.errno {
        EPERM if read("setgroups").as_deref() == Some("deny") => say(
            "this user namespace has given up setgroups(2), as an ordinary user must to map a group",
            "keep the groups, or have groups mapped by newgidmap(1)",
        ),
        EPERM if read("gid_map").as_deref() == Some("") => say("no group is mapped yet", "write gid_map first"),
        EPERM => say("only root of the user namespace may", "call it before giving up root"),
        EINVAL => say("one of these groups is not in gid_map, or they are more than 65536", "map them first"),
        _ => None,
    }
}

fn set_id(asked: &Asked<'_>, what: &str, file: &str, helper: &str) -> Option<String> {
    let id = asked.word(0);
    match asked.errno {
        EINVAL => {
            let map = asked.host.text(format!("/proc/self/{file}")).unwrap_or_default();
            let map = map.split_whitespace().collect::<Vec<_>>().join(" ");
            say(
                format!("{what} {id} is not mapped into this user namespace, whose {file} is `{map}`"),
                format!("choose one that is, or have a range mapped by {helper}"),
            )
        }
        EPERM => {
            say(format!("only root may become another {what}"), "do it before giving up root, or in a user namespace")
        }
        EAGAIN => say(
            format!("{what} {id} has as many processes as RLIMIT_NPROC allows"),
            "raise it with `ulimit -u`, or end some",
        ),
        _ => None,
    }
}

fn mknod(host: &dyn Host) -> Option<String> {
    if host.is_in_first_user_namespace() && host.may(Capability::Mknod) {
        return say(
            "a cgroup of this process allows no such device, as container engines set it up",
            "make an empty file, and bind the host's device on it",
        );
    }
    say(
        "only root of the host makes devices, whoever is root in a user namespace",
        "make an empty file, and bind the host's device on it",
    )
}

#[cfg(test)]
mod tests;
