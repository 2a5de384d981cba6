//! The list of what the course needs, and how each is tried.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::preflight::trouble::Tried;
use crate::preflight::{cgroups, identity, mounts, namespaces, overlay, processes, programs, store};

/// Something that a program of the course needs from the host.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// A user namespace, from its creation to mounts inside it
    UserNamespaces,
    /// A range of ids mapped into a user namespace, as root or by newuidmap
    SubordinateIds,
    /// Mounts of one's own
    MountNamespace,
    /// A hostname of one's own
    UtsNamespace,
    /// Message queues and shared memory of one's own
    IpcNamespace,
    /// Process numbers of one's own
    PidNamespace,
    /// Interfaces and ports of one's own
    NetNamespace,
    /// A cgroup that looks like the top
    CgroupNamespace,
    /// Clocks of one's own
    TimeNamespace,
    /// chroot(2)
    Chroot,
    /// pivot_root(2), and the old root gone
    PivotRoot,
    /// A fresh /proc for a new PID namespace
    ProcMount,
    /// A fresh /sys for a new network namespace
    SysfsMount,
    /// A fresh /dev/mqueue for a new IPC namespace
    MqueueMount,
    /// A terminal from a devpts of one's own
    Pty,
    /// Device nodes made by mknod(2)
    DeviceNodes,
    /// A place for roots and containers: to write to, and to run programs from
    Store,
    /// An overlay with an upper layer, whiteouts and copy-up
    Overlayfs,
    /// More layers than one page of options can name
    LayersByNewMountApi,
    /// Joining a namespace by its file
    Setns,
    /// Joining several namespaces of a process at once
    PidfdSetns,
    /// A namespace kept by a bind mount
    KeepNamespace,
    /// A child born inside its namespaces
    Clone3,
    /// A child born inside its cgroup
    CloneIntoCgroup,
    /// A cgroup2 tree to make cgroups in
    CgroupV2,
    /// A limit on memory
    MemoryLimit,
    /// A limit on CPU time
    CpuLimit,
    /// A limit on processes
    PidsLimit,
    /// A choice of CPUs
    CpusetLimit,
    /// A limit on reading and writing a disk
    IoLimit,
    /// Processes stopped and thawed together
    Freeze,
    /// strace(1), to compare what is told with what is done
    Strace,
    /// A busybox without libraries, to fill a small root
    Busybox,
    /// A terminal at both ends of this program
    Terminal,
}

impl Need {
    /// All of them, in the order of the course.
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// The name by which a command line and JSON know it: `user-namespaces`.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What it is, in one phrase.
    pub fn means(self) -> String {
        self.to_possible_value().and_then(|value| Some(value.get_help()?.to_string())).unwrap_or_default()
    }

    /// True for what a child could not find out in this process's place, or would leave behind if it were killed.
    pub(super) fn is_tried_outside(self) -> bool {
        use Need::*;
        matches!(
            self,
            CgroupV2
                | MemoryLimit
                | CpuLimit
                | PidsLimit
                | CpusetLimit
                | IoLimit
                | Freeze
                | CloneIntoCgroup
                | Store
                | Overlayfs
                | Terminal
        )
    }

    pub(super) fn attempt(self) -> Tried {
        match self {
            Self::UserNamespaces => identity::user_namespaces(),
            Self::SubordinateIds => identity::subordinate_ids(),
            Self::MountNamespace => mounts::own_mounts(),
            Self::UtsNamespace => namespaces::uts(),
            Self::IpcNamespace => namespaces::ipc(),
            Self::PidNamespace => namespaces::pid(),
            Self::NetNamespace => namespaces::net(),
            Self::CgroupNamespace => namespaces::cgroup(),
            Self::TimeNamespace => namespaces::time(),
            Self::Chroot => mounts::chroot(),
            Self::PivotRoot => mounts::pivot_root(),
            Self::ProcMount => mounts::proc(),
            Self::SysfsMount => mounts::sysfs(),
            Self::MqueueMount => mounts::mqueue(),
            Self::Pty => mounts::pty(),
            Self::DeviceNodes => mounts::device_nodes(),
            Self::Store => store::usable(),
            Self::Overlayfs => overlay::with_upper(),
            Self::LayersByNewMountApi => overlay::by_new_mount_api(),
            Self::Setns => namespaces::setns(),
            Self::PidfdSetns => processes::pidfd_setns(),
            Self::KeepNamespace => mounts::keep_namespace(),
            Self::Clone3 => processes::clone3(),
            Self::CloneIntoCgroup => cgroups::clone_into(),
            Self::CgroupV2 => cgroups::v2(),
            Self::MemoryLimit => cgroups::memory(),
            Self::CpuLimit => cgroups::cpu(),
            Self::PidsLimit => cgroups::pids(),
            Self::CpusetLimit => cgroups::cpuset(),
            Self::IoLimit => cgroups::io(),
            Self::Freeze => cgroups::freeze(),
            Self::Strace => programs::strace(),
            Self::Busybox => programs::busybox(),
            Self::Terminal => programs::terminal(),
        }
    }
}
