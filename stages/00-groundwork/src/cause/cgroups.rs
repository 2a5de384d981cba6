//! Why a cgroup cannot be used: the wrong generation, no delegation, a mount that is missing or read-only.

use std::path::Path;

use crate::cause::{Cause, Kind};
use crate::host::{Host, Layout};

impl Cause {
    /// Why this user cannot limit anything with `controller`, to be asked after an attempt has failed.
    pub fn of_no_cgroup(host: &dyn Host, controller: &str) -> Self {
        let layout = host.cgroup_layout();
        let Some(mount) = host.cgroup2_mount().or_else(|| host.cgroup1_mount(controller)) else {
            let why = "no cgroup file system is mounted where this process can see it";
            let remedy = "mount it: `sudo mount -t cgroup2 none /sys/fs/cgroup`";
            return Self::new(Kind::CgroupUnreachable, why, remedy);
        };
        match layout {
            _ if mount.options.iter().any(|word| word == "ro") => Self::read_only_cgroups(host, &mount.target),
            Layout::V1 | Layout::Hybrid if host.cgroup1_mount(controller).is_some() => Self::first_generation(host),
            _ => Self::of_no_delegation(host, controller),
        }
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

    fn how_to_unify(host: &dyn Host) -> &'static str {
        if host.wsl() == Some(2) {
            "add `kernelCommandLine = cgroup_no_v1=all` below `[wsl2]` in .wslconfig, then `wsl --shutdown` in \
            Windows"
        } else if host.has("/run/systemd/system") {
            "start the kernel with `systemd.unified_cgroup_hierarchy=1`, or run it with sudo"
        } else {
            "start the kernel with `cgroup_no_v1=all` and mount cgroup2 on /sys/fs/cgroup, or run it with sudo"
        }
    }

    fn of_no_delegation(host: &dyn Host, controller: &str) -> Self {
        let top = host.cgroup2_mount().map(|mount| host.cgroup_words(&mount.target, "cgroup.controllers"));
        if !top.is_some_and(|controllers| controllers.iter().any(|word| word == controller)) {
            let why = format!("the cgroup2 tree here has no {controller} controller");
            return Self::new(Kind::Kernel, why, "boot a kernel that has it, without `cgroup_disable=`");
        }
        let user = host.effective_user().unwrap_or(0);
        let remedy = if host.has(format!("/run/user/{user}/systemd")) {
            "run it as `systemd-run --user --scope -p Delegate=yes COMMAND`"
        } else {
            "run it with sudo, or log in through systemd (`machinectl shell USER@`), which delegates to each user"
        };
        let why = format!("no part of the cgroup2 tree with the {controller} controller is delegated to this user");
        Self::new(Kind::CgroupUndelegated, why, remedy)
    }
}
