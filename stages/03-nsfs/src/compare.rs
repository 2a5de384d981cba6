//! What it means that two processes share a namespace, or do not.

use unshare::Namespace;

use crate::inspect::Process;
use crate::link::Identity;

/// Two processes and one kind of namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The kind.
    pub kind: Namespace,
    /// The namespace of the first process.
    pub first: Option<Identity>,
    /// The namespace of the second process.
    pub second: Option<Identity>,
}

/// Both, kind by kind; kinds that neither has are left out.
pub fn compare(first: &Process, second: &Process) -> Vec<Comparison> {
    let kinds = Namespace::ALL.into_iter();
    let compared = kinds.map(|kind| Comparison { kind, first: first.namespace(kind), second: second.namespace(kind) });
    compared.filter(|one| one.first.is_some() || one.second.is_some()).collect()
}

impl Comparison {
    /// True when it is one namespace: its inode is the same.
    pub fn is_same(&self) -> bool {
        self.first.is_some() && self.first == self.second
    }

    /// What follows for the two processes.
    pub fn meaning(&self) -> &'static str {
        let (same, different) = meanings(self.kind);
        if self.is_same() { same } else { different }
    }
}

fn meanings(kind: Namespace) -> (&'static str, &'static str) {
    match kind {
        Namespace::User => {
            ("an id means the same user to both, and so does a capability", "root of one need not be root of the other")
        }
        Namespace::Mount => {
            ("what one mounts, the other sees", "what one mounts, the other does not see, unless the mount is shared")
        }
        Namespace::Uts => ("a new host name is one for both", "each may have its own host name"),
        Namespace::Ipc => (
            "each finds the message queues and shared memory of the other",
            "neither finds the message queues or shared memory of the other",
        ),
        Namespace::Net => (
            "the same devices, addresses and ports: 127.0.0.1 is one place",
            "127.0.0.1 of one is not that of the other",
        ),
        Namespace::Pid => ("a PID means the same process to both", "a PID means another process to each, or none"),
        Namespace::Cgroup => ("cgroup paths begin at one place", "cgroup paths begin elsewhere for each"),
        Namespace::Time => ("uptime and monotonic clocks agree", "uptime and monotonic clocks may differ"),
    }
}

/// What a namespace of this kind holds; for a heading.
pub fn what_it_holds(kind: Namespace) -> &'static str {
    match kind {
        Namespace::User => "user and group ids, capabilities",
        Namespace::Mount => "what is mounted where",
        Namespace::Uts => "host name, domain name",
        Namespace::Ipc => "message queues, shared memory",
        Namespace::Net => "network devices, addresses, ports",
        Namespace::Pid => "process ids",
        Namespace::Cgroup => "which cgroup counts as \"/\"",
        Namespace::Time => "uptime and monotonic clocks",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::Pid;

    fn process(namespaces: &[(Namespace, u64)]) -> Process {
        let namespaces = namespaces.iter().map(|&(kind, inode)| Identity { kind, inode }).collect();
        let (pid, command) = (Pid::from_raw(1), String::new());
        Process { pid, started: 0, command, namespaces, for_children: Vec::new(), begins_pid_namespace: false }
    }

    #[test]
    fn equal_inodes_are_one_namespace() {
        let (first, second) = (
            process(&[(Namespace::Net, 7), (Namespace::Uts, 8)]),
            process(&[(Namespace::Net, 7), (Namespace::Uts, 9)]),
        );
        let same: Vec<_> = compare(&first, &second).iter().map(|one| (one.kind, one.is_same())).collect();
        assert_eq!(same, [(Namespace::Uts, false), (Namespace::Net, true)]);
    }

    #[test]
    fn a_kind_that_only_one_has_is_different() {
        let compared = compare(&process(&[(Namespace::Net, 7)]), &process(&[]));
        assert_eq!(compared.len(), 1);
        assert!(!compared[0].is_same());
        assert!(compared[0].meaning().contains("127.0.0.1 of one is not"));
    }
}
