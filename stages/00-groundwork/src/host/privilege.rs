//! What this process may do, and who has taken it away.

use rustix::thread::{CapabilitySet, capabilities};

use crate::host::Host;

/// A privilege of capabilities(7), by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Change any group id.
    SetGid = 6,
    /// Change any user id.
    SetUid = 7,
    /// chroot(2).
    SysChroot = 18,
    /// Nearly everything that the stages ask for.
    SysAdmin = 21,
    /// mknod(2) of a device.
    Mknod = 27,
}

impl Capability {
    /// True when this process has it, be it only in its own user namespace: capget(2), which needs no /proc.
    pub fn is_ours(self) -> bool {
        let one = CapabilitySet::from_bits_retain(1 << self as u64);
        capabilities(None).is_ok_and(|sets| sets.effective.contains(one))
    }
}

impl dyn Host + '_ {
    /// One field of /proc/self/status.
    pub fn status(&self, field: &str) -> Option<String> {
        let status = self.text("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
        Some(line.trim().to_owned())
    }

    /// The effective user id, as this process's user namespace numbers it.
    pub fn effective_user(&self) -> Option<u32> {
        self.status("Uid")?.split_whitespace().nth(1)?.parse().ok()
    }

    /// True when this process has the privilege, be it only in its own user namespace. False when nobody can tell.
    pub fn may(&self, capability: Capability) -> bool {
        let effective = self.status("CapEff").and_then(|digits| u64::from_str_radix(&digits, 16).ok());
        effective.is_some_and(|bits| bits & (1 << capability as u64) != 0)
    }

    /// True in the user namespace that the kernel started with: the only one that maps every id to itself.
    pub fn is_in_first_user_namespace(&self) -> bool {
        self.text("/proc/self/uid_map").is_none_or(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
    }

    /// True under a seccomp(2) filter.
    pub fn is_filtered(&self) -> bool {
        self.status("Seccomp").is_some_and(|mode| mode == "2")
    }

    /// How many threads this process has.
    pub fn threads(&self) -> usize {
        self.status("Threads").and_then(|count| count.parse().ok()).unwrap_or(1)
    }

    /// The AppArmor profile that confines this process.
    pub fn apparmor_profile(&self) -> Option<String> {
        // SELinux writes its own kind of label to attr/current.
        self.text("/sys/module/apparmor/parameters/enabled").filter(|answer| answer == "Y")?;
        let label = self.text("/proc/self/attr/apparmor/current").or_else(|| self.text("/proc/self/attr/current"))?;
        let profile = label.split(" (").next().unwrap_or_default();
        (!profile.is_empty() && profile != "unconfined").then(|| profile.to_owned())
    }

    /// True when SELinux refuses what its policy does not allow.
    pub fn is_enforcing_selinux(&self) -> bool {
        self.text("/sys/fs/selinux/enforce").is_some_and(|answer| answer == "1")
    }

    /// True when "/" is no mount point: after chroot(2) and not after pivot_root(2).
    pub fn is_chrooted(&self) -> bool {
        let mounts = self.mounts();
        !mounts.is_empty() && !mounts.iter().any(|mount| mount.target.as_os_str() == "/")
    }

    /// True when "/" is the initial ramfs, which pivot_root(2) cannot move.
    pub fn has_initramfs_root(&self) -> bool {
        self.mount_at("/".as_ref()).is_some_and(|mount| mount.fstype == "rootfs")
    }
}
