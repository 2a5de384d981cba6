//! Why a host refuses: one word for machines, one sentence for people, one remedy.
//!
//! A refusal turns a cause into its hint, and a trial of [`crate::preflight`] into its verdict: they never disagree.

mod cgroups;
mod privilege;

use serde::{Deserialize, Serialize};

use crate::host::Host;

/// Why something does not work here.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The word for it.
    #[serde(rename = "cause")]
    pub kind: Kind,
    /// The sentence for it.
    pub why: String,
    /// One command, or one sentence that says what to do.
    pub remedy: String,
}

/// The causes that can be told apart.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An AppArmor profile, above all Ubuntu's restriction of user namespaces.
    Apparmor,
    /// SELinux's policy.
    Selinux,
    /// A file of /proc/sys.
    Sysctl,
    /// A seccomp filter, as container engines set it up.
    Seccomp,
    /// The kernel is too old, or was built without it.
    Kernel,
    /// A program, or a line in its configuration, is missing.
    MissingProgram,
    /// Controllers are in cgroup v1 trees, and there is no cgroup2 tree.
    CgroupV1,
    /// Controllers are in cgroup v1 trees, and the cgroup2 tree lacks them.
    CgroupHybrid,
    /// The cgroup2 tree has the controller, and nobody has handed a part of it to this user.
    CgroupUndelegated,
    /// The cgroup file system is missing, or mounted read-only, as container engines do.
    CgroupUnreachable,
    /// The Windows Subsystem for Linux.
    Wsl,
    /// "/" is the initial ramfs.
    Initramfs,
    /// Set-user-ID programs gain nothing here: see PR_SET_NO_NEW_PRIVS in prctl(2).
    NoNewPrivs,
    /// This process is in a chroot(2).
    Chroot,
    /// Parts of /proc or /sys are hidden, as container engines do.
    MaskedProc,
    /// Only root of the host may, and no user namespace helps.
    NotRoot,
    /// The file system here cannot carry an upper layer.
    FileSystem,
    /// No terminal is attached.
    NoTerminal,
    /// None of the others is in sight.
    Unknown,
}

impl Cause {
    /// A cause in one word, one sentence and one remedy.
    pub fn new(kind: Kind, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind, why: why.into(), remedy: remedy.into() }
    }

    /// As a hint says it.
    pub fn sentence(&self) -> String {
        format!("{}; {}", self.why, self.remedy)
    }

    /// The kernel does not have this feature.
    pub fn kernel(host: &dyn Host, feature: &str, remedy: &str) -> Self {
        if host.wsl() == Some(1) {
            return Self::wsl1();
        }
        Self::new(Kind::Kernel, format!("this kernel ({}) has no {feature}", host.release()), remedy)
    }

    /// The kernel lacks a kind of file system, or its module is not loaded, which takes root of the host.
    pub fn no_file_system(host: &dyn Host, fstype: &str) -> Self {
        if host.wsl() == Some(1) {
            return Self::wsl1();
        }
        let why = format!("this kernel knows no {fstype}: it is not in /proc/filesystems");
        Self::new(Kind::Kernel, why, format!("load it with `sudo modprobe {fstype}`"))
    }

    /// root of a user namespace may mount overlays since Linux 5.11.
    pub fn overlay_for_root() -> Self {
        let why = "before Linux 5.11 only root of the host may mount an overlay";
        Self::new(Kind::Kernel, why, "run it with sudo, or boot a newer kernel")
    }

    /// There is no /proc, so that the kernel cannot be asked or told much.
    pub fn no_proc() -> Self {
        Self::new(Kind::MaskedProc, "/proc is not mounted here", "mount it: `sudo mount -t proc proc /proc`")
    }

    /// WSL 1 has no Linux kernel at all.
    pub fn wsl1() -> Self {
        let why = "WSL 1 only imitates Linux, and has no namespaces, no mounts and no cgroups";
        Self::new(Kind::Wsl, why, "move to WSL 2: `wsl --set-version DISTRIBUTION 2` in Windows")
    }
}
