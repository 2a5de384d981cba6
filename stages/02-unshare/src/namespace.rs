//! The eight kinds of namespace: see namespaces(7).

use std::fmt::{Display, Formatter};
use std::str::FromStr;

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

/// As the programs of this workshop name it: like its link, but `mount` is spelled out.
impl Display for Namespace {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.pad(if *self == Self::Mount { "mount" } else { self.link() })
    }
}

impl FromStr for Namespace {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let named = |kind: &Self| kind.link() == name || kind.to_string() == name;
        Self::ALL.into_iter().find(named).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(ToString::to_string).collect();
            format!("there is no such kind; there are {}", names.join(", "))
        })
    }
}

/// True when this kernel knows this kind: it then has a link for it.
pub fn is_known(kind: Namespace) -> bool {
    std::path::Path::new("/proc/self/ns").join(kind.link()).symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_by_both_its_names() {
        assert_eq!("mnt".parse(), Ok(Namespace::Mount));
        assert_eq!("mount".parse(), Ok(Namespace::Mount));
        for kind in Namespace::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(kind.link().parse(), Ok(kind));
        }
        assert!("".parse::<Namespace>().is_err());
    }

    #[test]
    fn no_two_kinds_share_a_flag() {
        let all = Namespace::ALL.iter().fold(0, |all, kind| all | kind.flag().bits());
        assert_eq!(all.count_ones(), 8);
    }
}
