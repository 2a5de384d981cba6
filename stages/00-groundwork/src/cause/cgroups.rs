//! Why a cgroup cannot be used: the wrong generation, no delegation, a mount that is missing or read-only.

use std::path::Path;

use crate::cause::{Cause, Kind};
use crate::host::{Capability, Host, Layout};

impl Cause {
    /// Why this user cannot make a cgroup, or one with this controller, to be asked after an attempt has failed.
    pub fn of_no_cgroup(host: &dyn Host, controller: Option<&str>) -> Self {
        if !host.has("/proc/self/status") {
            return Self::no_proc();
        }
        let of_v1 = controller.and_then(|controller| host.cgroup1_mount(controller));
        let Some(mount) = of_v1.clone().or_else(|| host.cgroup2_mount()) else {
            if host.cgroup_layout() == Layout::V1 {
                return Self::first_generation(host);
            }
            let why = "no cgroup file system is mounted where this process can see it";
            let remedy = "mount it: `sudo mount -t cgroup2 none /sys/fs/cgroup`";
            return Self::new(Kind::CgroupUnreachable, why, remedy);
        };
        if mount.options.iter().any(|option| option == "ro") {
            return Self::read_only_cgroups(host, &mount.target);
        }
        if of_v1.is_some() { Self::first_generation(host) } else { Self::of_no_delegation(host, controller) }
    }

    fn read_only_cgroups(host: &dyn Host, mount: &Path) -> Self {
        let why = format!("{} is mounted read-only, as container engines do", mount.display());
        let engine = host.container().unwrap_or_else(|| "docker".to_owned());
        let remedy = format!("start the outer container with `{engine} run --privileged …`");
        Self::new(Kind::CgroupUnreachable, why, remedy)
    }

    /// Controllers that sit in v1 trees, which belong to root alone.
    pub fn first_generation(host: &dyn Host) -> Self {
        let (kind, why) = match host.cgroup_layout() {
            Layout::V1 => (Kind::CgroupV1, "the controllers are in cgroup v1 trees, which only root may use"),
            _ => (Kind::CgroupHybrid, "the controllers are in cgroup v1 trees, and the cgroup2 tree lacks them"),
        };
        Self::new(kind, why, Self::how_to_unify(host))
    }

    fn how_to_unify(host: &dyn Host) -> String {
        let unify = if host.wsl() == Some(2) {
            "add `kernelCommandLine = cgroup_no_v1=all` below `[wsl2]` in .wslconfig, then `wsl --shutdown` in Windows"
        } else if host.has("/run/systemd/system") {
            "start the kernel with `systemd.unified_cgroup_hierarchy=1`"
        } else {
            "start the kernel with `cgroup_no_v1=all`, and mount cgroup2 on /sys/fs/cgroup"
        };
        let is_root = host.may(Capability::SysAdmin) && host.is_in_first_user_namespace();
        if is_root { unify.to_owned() } else { format!("run it with sudo, or {unify}") }
    }

    fn of_no_delegation(host: &dyn Host, controller: Option<&str>) -> Self {
        let top = host.cgroup2_mount().map(|mount| host.cgroup_words(&mount.target, "cgroup.controllers"));
        let is_there = |controller: &str| top.unwrap_or_default().iter().any(|word| word == controller);
        if let Some(controller) = controller.filter(|controller| !is_there(controller)) {
            let why = format!("the cgroup2 tree here has no {controller} controller");
            return Self::new(Kind::Kernel, why, "boot a kernel that has it, without `cgroup_disable=`");
        }
        let user = host.effective_user().unwrap_or(0);
        let remedy = if host.has(format!("/run/user/{user}/systemd")) {
            "run it as `systemd-run --user --scope -p Delegate=yes COMMAND`"
        } else if host.has("/run/systemd/system") {
            "run it with sudo, or log in through systemd (`machinectl shell USER@`), which delegates to each user"
        } else {
            "run it with sudo, or have root make a cgroup, give it to you with chown and start your shell in it"
        };
        let with = controller.map(|controller| format!(" with the {controller} controller")).unwrap_or_default();
        let why = format!("no part of the cgroup2 tree{with} is delegated to this user");
        Self::new(Kind::CgroupUndelegated, why, remedy)
    }
}
