//! fork(2) and its kin, and the signals that find nobody.

use std::path::{Path, PathBuf};

use nix::errno::Errno::{EAGAIN, ECHILD, EMFILE, ENFILE, ENOMEM, EPERM, ESRCH};

use crate::host::Host;
use crate::refusal::asked::{Asked, say};

pub(super) fn hint(asked: &Asked<'_>) -> Option<String> {
    match (asked.name, asked.errno) {
        ("fork" | "clone" | "clone3", ENOMEM) => no_memory(asked.host),
        ("fork" | "clone" | "clone3", EAGAIN) => too_many(asked.host),
        ("kill" | "pidfd_send_signal" | "pidfd_open", ESRCH) => {
            say("that process has ended, or has another number in this PID namespace", "see which there are: `ps -e`")
        }
        ("kill" | "pidfd_send_signal", EPERM) => {
            say("that process belongs to another user or user namespace", "signal it as that user, or with sudo")
        }
        ("wait4", ECHILD) => {
            say("that is no child of this process, or was waited for already", "wait in the process that made it")
        }
        (_, EMFILE) => say("this process has as many files open as it may", "close some, or raise it with `ulimit -n`"),
        (_, ENFILE) => {
            say("the host has as many files open as it may", "close some, or `sudo sysctl -w fs.file-max=…`")
        }
        _ => None,
    }
}

fn no_memory(host: &dyn Host) -> Option<String> {
    let namespace = |name: &str| host.link(Path::new(&format!("/proc/self/ns/{name}")));
    if namespace("pid") == namespace("pid_for_children") {
        return say("the host has no memory for another process", "end some: `free -h` shows what is left");
    }
    say(
        "the first process of the new PID namespace has ended, and the namespace takes no more after it",
        "make a new one, and let its first process live as long as the others",
    )
}

fn too_many(host: &dyn Host) -> Option<String> {
    if let Some((cgroup, most)) = full_cgroup(host) {
        return say(
            format!("the cgroup {} may hold {most} processes, and does", cgroup.display()),
            "end some, or raise its pids.max",
        );
    }
    let limits = host.text("/proc/self/limits").unwrap_or_default();
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max processes")?.split_whitespace().next());
    match limit {
        Some(limit) if limit != "unlimited" => say(
            format!("this user may have {limit} processes, or the host has as many as it may"),
            "end some, or raise `ulimit -u` and kernel.threads-max",
        ),
        _ => {
            say("the host has as many processes as it may", "end some, or raise kernel.threads-max and kernel.pid_max")
        }
    }
}

/// The cgroup around this process, in either generation, whose pids controller is at its limit.
fn full_cgroup(host: &dyn Host) -> Option<(PathBuf, String)> {
    let v1 = host.own_cgroup1("pids").zip(host.cgroup1_mount("pids").map(|mount| mount.target));
    let v2 = host.own_cgroup2().zip(host.cgroup2_mount().map(|mount| mount.target));
    [v1, v2].into_iter().flatten().find_map(|(own, top)| {
        own.ancestors().take_while(|directory| directory.starts_with(&top)).find_map(|directory| {
            let most = host.text(directory.join("pids.max"))?;
            let now: u64 = host.text(directory.join("pids.current"))?.parse().ok()?;
            (most.parse().is_ok_and(|most: u64| now >= most)).then(|| (directory.to_owned(), most))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::errno::Errno;

    use crate::host::Elsewhere;
    use crate::refusal::asked::hint_on;

    fn fork(host: &Elsewhere, errno: Errno) -> String {
        hint_on(host, "fork", &[], errno).unwrap_or_default()
    }

    #[test]
    fn a_pid_namespace_without_its_init_is_recognised() {
        let host = Elsewhere::root().linked("/proc/self/ns/pid", "pid:[1]");
        let dead = host.clone().linked("/proc/self/ns/pid_for_children", "pid:[2]");
        assert!(fork(&dead, ENOMEM).starts_with("the first process of the new PID namespace has ended"));
        let alive = host.linked("/proc/self/ns/pid_for_children", "pid:[1]");
        assert!(fork(&alive, ENOMEM).contains("free -h"));
    }

    #[test]
    fn the_cgroup_that_is_full_is_named_in_both_generations() {
        let v2 = Elsewhere::ordinary()
            .mounted("31 28 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw")
            .with("/proc/self/cgroup", "0::/user/shell\n")
            .with("/sys/fs/cgroup/user/shell/pids.max", "max\n")
            .with("/sys/fs/cgroup/user/shell/pids.current", "9\n")
            .with("/sys/fs/cgroup/user/pids.max", "20\n")
            .with("/sys/fs/cgroup/user/pids.current", "20\n");
        assert!(fork(&v2, EAGAIN).contains("the cgroup /sys/fs/cgroup/user may hold 20"), "{}", fork(&v2, EAGAIN));
        let v1 = Elsewhere::ordinary()
            .mounted("39 28 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids")
            .with("/proc/self/cgroup", "8:pids:/box\n")
            .with("/sys/fs/cgroup/pids/box/pids.max", "5\n")
            .with("/sys/fs/cgroup/pids/box/pids.current", "5\n");
        assert!(fork(&v1, EAGAIN).contains("/sys/fs/cgroup/pids/box may hold 5"));
    }

    #[test]
    fn the_limit_of_the_user_is_read() {
        let host = Elsewhere::ordinary().with(
            "/proc/self/limits",
            "Max processes             63         63     \
        processes\n",
        );
        assert!(fork(&host, EAGAIN).contains("this user may have 63 processes"));
    }
}
