//! The eight kinds of namespace: see namespaces(7).

use nix::sched::CloneFlags;

/// One kind of thing that the kernel can give a process a private copy of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Namespace {
    /// User and group ids, and with them capabilities: user_namespaces(7).
    User,
    /// What is mounted where: mount_namespaces(7).
    Mount,
    /// Host name and NIS domain name: uts_namespaces(7).
    Uts,
    /// System V objects and POSIX message queues: ipc_namespaces(7).
    Ipc,
    /// Network devices, addresses, routes, ports: network_namespaces(7).
    Net,
    /// Process ids: pid_namespaces(7).
    Pid,
    /// Which cgroup counts as "/": cgroup_namespaces(7).
    Cgroup,
    /// The offsets of the monotonic and boot clocks: time_namespaces(7).
    Time,
}

impl Namespace {
    /// All kinds, in the order in which they are entered: the user namespace first, because it gives the right to enter
    /// the others.
    pub const ALL: [Self; 8] =
        [Self::User, Self::Mount, Self::Uts, Self::Ipc, Self::Net, Self::Pid, Self::Cgroup, Self::Time];

    /// The flag of clone(2), unshare(2) and setns(2).
    pub fn flag(self) -> CloneFlags {
        match self {
            Self::User => CloneFlags::CLONE_NEWUSER,
            Self::Mount => CloneFlags::CLONE_NEWNS,
            Self::Uts => CloneFlags::CLONE_NEWUTS,
            Self::Ipc => CloneFlags::CLONE_NEWIPC,
            Self::Net => CloneFlags::CLONE_NEWNET,
            Self::Pid => CloneFlags::CLONE_NEWPID,
            Self::Cgroup => CloneFlags::CLONE_NEWCGROUP,
            // nix 0.31 has no name for it.
            Self::Time => CloneFlags::from_bits_retain(nix::libc::CLONE_NEWTIME),
        }
    }

    /// The name of its link in /proc/PID/ns.
    pub fn link(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Mount => "mnt",
            Self::Uts => "uts",
            Self::Ipc => "ipc",
            Self::Net => "net",
            Self::Pid => "pid",
            Self::Cgroup => "cgroup",
            Self::Time => "time",
        }
    }
}

/// True when this kernel knows this kind: it then has a link for it.
pub fn is_known(kind: Namespace) -> bool {
    std::path::Path::new("/proc/self/ns").join(kind.link()).symlink_metadata().is_ok()
}
