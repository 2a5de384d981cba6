//! Who takes privileges away: AppArmor, SELinux, a sysctl, a seccomp filter, a chroot.

use std::path::Path;

use nix::errno::Errno;

use crate::cause::{Cause, Kind};
use crate::host::{Capability, Host};
use crate::mountinfo::Mount;

const APPARMOR_SYSCTL: &str = "kernel.apparmor_restrict_unprivileged_userns";
/// Directories that the kernel keeps empty for a mount: one there hides nothing.
const EMPTY: [&str; 11] = [
    "/proc/fs/nfsd",
    "/proc/sys/fs/binfmt_misc",
    "/sys/firmware/efi/efivars",
    "/sys/fs/bpf",
    "/sys/fs/cgroup",
    "/sys/fs/fuse/connections",
    "/sys/fs/pstore",
    "/sys/fs/selinux",
    "/sys/kernel/config",
    "/sys/kernel/debug",
    "/sys/kernel/security",
];
const DEBIAN_SYSCTL: &str = "kernel.unprivileged_userns_clone";

impl Cause {
    /// Who keeps this process from making a user namespace, when the kernel answered `errno`.
    pub fn of_no_user_namespace(host: &dyn Host, errno: Errno) -> Self {
        let limit = host.sysctl("user.max_user_namespaces");
        if host.wsl() == Some(1) {
            Self::wsl1()
        } else if host.has("/proc/self/uid_map") && !host.has("/proc/self/ns/user") {
            Self::kernel(host, "user namespaces (CONFIG_USER_NS)", "boot a kernel that has them")
        } else if errno == Errno::ENOSPC {
            Self::used_up("user", limit.as_deref())
        } else if limit.as_deref() == Some("0") {
            Self::sysctl("user.max_user_namespaces", "0", "15000", "allows no user namespace")
        } else if !host.may(Capability::SysAdmin) && host.sysctl(DEBIAN_SYSCTL).as_deref() == Some("0") {
            Self::sysctl(DEBIAN_SYSCTL, "0", "1", "allows user namespaces to root only")
        } else if host.is_chrooted() {
            let why = "in a chroot the kernel makes no user namespace: see EPERM in unshare(2)";
            Self::new(Kind::Chroot, why, "leave the chroot, or enter that root with pivot_root(2)")
        } else {
            Self::of_a_guard(host, errno).unwrap_or_else(|| Self::no_user_namespace(errno))
        }
    }

    fn no_user_namespace(errno: Errno) -> Self {
        let why =
            format!("no user namespace can be made ({errno:?}): this is a chroot, or a security module forbids it");
        Self::new(Kind::Unknown, why, "look for a refusal in the kernel's log: `sudo dmesg | tail`")
    }

    /// Who refused with `errno` what the kernel's own rules allow: AppArmor, seccomp, SELinux.
    ///
    /// Several may be at work at once. A container engine's filter answers EPERM before AppArmor is asked, and AppArmor
    /// answers EACCES to a mount that a profile does not list.
    pub fn of_a_guard(host: &dyn Host, errno: Errno) -> Option<Self> {
        let is_ordinary = !host.may(Capability::SysAdmin) || !host.is_in_first_user_namespace();
        let is_restricted = is_ordinary && host.sysctl(APPARMOR_SYSCTL).as_deref() == Some("1");
        let is_filtered = host.is_filtered() && errno != Errno::EACCES;
        match host.apparmor_profile() {
            // The profile that Ubuntu puts on whoever makes a user namespace.
            Some(profile) if profile == "unprivileged_userns" => Some(Self::restricted_by_apparmor()),
            Some(profile) if !is_filtered => Some(Self::confined(host, &profile)),
            None if is_restricted && host.container().is_none() => Some(Self::restricted_by_apparmor()),
            _ if is_filtered => Some(Self::seccomp(host)),
            _ if is_ordinary && host.is_enforcing_selinux() => Some(Self::selinux()),
            _ => None,
        }
    }

    fn restricted_by_apparmor() -> Self {
        let why = "AppArmor lets ordinary users create a user namespace here, and takes away every privilege inside \
        it";
        Self::new(
            Kind::Apparmor,
            why,
            format!(
                "lift that until the next start: `sudo sysctl -w \
        {APPARMOR_SYSCTL}=0`"
            ),
        )
    }

    fn confined(host: &dyn Host, profile: &str) -> Self {
        let why = format!("the AppArmor profile {profile:?} confines this process");
        let remedy = match host.container() {
            Some(engine) => format!(
                "start the outer container with `{engine} run --security-opt \
            apparmor=unconfined …`"
            ),
            None => format!("run it outside that profile, or `sudo aa-complain {profile}`"),
        };
        Self::new(Kind::Apparmor, why, remedy)
    }

    fn selinux() -> Self {
        let why = "SELinux enforces a policy, and the kernel's own rules would allow this";
        Self::new(Kind::Selinux, why, "ask it what it refused: `sudo ausearch -m AVC -ts recent`")
    }

    /// A filter answers before the kernel looks at the request.
    pub fn seccomp(host: &dyn Host) -> Self {
        let why = "a seccomp filter is at work, as container engines set it up (Seccomp: 2 in /proc/self/status)";
        let remedy = match host.container() {
            Some(engine) => {
                format!("start the outer container with `{engine} run --security-opt seccomp=unconfined …`")
            }
            None => "run it outside of what set the filter: a container, a sandbox, a service".to_owned(),
        };
        Self::new(Kind::Seccomp, why, remedy)
    }

    /// A file of /proc/sys forbids it, and another value would not.
    pub fn sysctl(name: &str, value: &str, better: &str, says: &str) -> Self {
        Self::new(
            Kind::Sysctl,
            format!("{name} is {value}, which {says}"),
            format!(
                "`sudo sysctl -w \
        {name}={better}`"
            ),
        )
    }

    /// ENOSPC: the host has as many namespaces of this kind as it allows, or they are nested too deep.
    pub fn used_up(kind: &str, limit: Option<&str>) -> Self {
        let name = format!("user.max_{kind}_namespaces");
        match limit {
            Some("0") => Self::sysctl(&name, "0", "15000", &format!("allows no {kind} namespace")),
            limit => {
                let limit = limit.map(|limit| format!(" ({limit})")).unwrap_or_default();
                let why = format!(
                    "{name}{limit} is reached, here or in a user namespace around this one, or 32 are \
                nested"
                );
                Self::new(Kind::Sysctl, why, "end what holds them (`lsns` lists it), or raise that limit on the host")
            }
        }
    }

    /// What hides a part of /proc or /sys also keeps the kernel from showing a fresh one: see mount_too_revealing.
    pub fn masked(host: &dyn Host, whole: &str) -> Option<Self> {
        let hides = |mount: &Mount| {
            let is_below = mount.target.starts_with(whole) && mount.target != Path::new(whole);
            is_below && !EMPTY.iter().any(|place| mount.target.starts_with(place))
        };
        let mask = host.mounts().into_iter().find(hides)?;
        let why =
            format!("{} is covered, as container engines do, and {whole} may not be shown anew", mask.target.display());
        let remedy = match host.container().as_deref() {
            Some("podman") => "start the outer container with `podman run --security-opt unmask=ALL …`",
            Some("docker") => "start the outer container with `docker run --security-opt systempaths=unconfined …`",
            _ => "run it outside of what covers it, or have docker do without: `--security-opt systempaths=unconfined`",
        };
        Some(Self::new(Kind::MaskedProc, why, remedy))
    }

    /// Only root of the host may.
    pub fn not_root(host: &dyn Host, why: &str) -> Self {
        let is_inside = host.container().is_some();
        let remedy = if is_inside { "run it with sudo, outside of this container" } else { "run it with sudo" };
        Self::new(Kind::NotRoot, why, remedy)
    }
}

#[cfg(test)]
mod tests;
