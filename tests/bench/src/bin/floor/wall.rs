//! The walls, each of which can be left out to see what it costs.

use crate::raw;

/// One thing that stands between the container and the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wall {
    /// A mount namespace, another root in it, and all the mounts below that.
    Mount,
    Pid,
    Uts,
    Ipc,
    Net,
    Cgroup,
    /// A root of its own, and the old one thrown away.
    Pivot,
    Proc,
    Sys,
    /// /dev with six devices and five links.
    Dev,
    /// /dev/pts.
    Terminals,
    /// /dev/shm.
    Shared,
    /// /dev/mqueue.
    Queues,
    /// A root that nobody can write to.
    ReadOnly,
}

/// In the order in which the chapters have them.
pub(crate) const ALL: [(Wall, &str); 14] = [
    (Wall::Mount, "mount"),
    (Wall::Pid, "pid"),
    (Wall::Uts, "uts"),
    (Wall::Ipc, "ipc"),
    (Wall::Net, "net"),
    (Wall::Cgroup, "cgroup"),
    (Wall::Pivot, "pivot"),
    (Wall::Proc, "proc"),
    (Wall::Sys, "sys"),
    (Wall::Dev, "dev"),
    (Wall::Terminals, "pts"),
    (Wall::Shared, "shm"),
    (Wall::Queues, "mqueue"),
    (Wall::ReadOnly, "read-only"),
];

impl Wall {
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|(_, its)| *its == name).map(|(wall, _)| *wall)
    }

    /// The namespace that it is made of, if it is one.
    pub(crate) fn namespace(self) -> u64 {
        match self {
            Self::Mount => raw::NEW_MOUNT,
            Self::Pid => raw::NEW_PID,
            Self::Uts => raw::NEW_UTS,
            Self::Ipc => raw::NEW_IPC,
            Self::Net => raw::NEW_NET,
            Self::Cgroup => raw::NEW_CGROUP,
            _ => 0,
        }
    }
}
