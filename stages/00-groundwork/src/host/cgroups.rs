//! Where cgroups are, and which kind: see cgroups(7).

use std::path::{Path, PathBuf};

use crate::host::Host;
use crate::mountinfo::Mount;

/// A cgroup for the processes of one that hands controllers down, as nobody may stay beside the children that get them. The
/// programs of the course move them there, and back.
pub const SUPERVISOR: &str = "boxwright-supervisor";

/// The cgroup to make others in, for who is in `own`: the one that it was moved aside from, if it was.
pub fn before_it_was_moved(own: &Path) -> &Path {
    let was_moved = own.file_name().is_some_and(|name| name == SUPERVISOR);
    own.parent().filter(|_| was_moved).unwrap_or(own)
}

/// Which generations of cgroups a host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One tree for all controllers.
    V2,
    /// A tree for each controller, and beside them a cgroup2 tree that lacks them.
    Hybrid,
    /// A tree for each controller.
    V1,
    /// No cgroup file system is mounted.
    Absent,
}

impl Layout {
    /// What to call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::V2 => "cgroup v2",
            Self::Hybrid => "cgroup v1 and v2 (hybrid)",
            Self::V1 => "cgroup v1",
            Self::Absent => "no cgroups",
        }
    }
}

impl dyn Host + '_ {
    /// Which generations of cgroups are mounted. A v1 tree without a controller (systemd's own) does not count.
    pub fn cgroup_layout(&self) -> Layout {
        let mounts = self.mounts_in_sight();
        let has_v2 = mounts.iter().any(|mount| mount.fstype == "cgroup2");
        let has_v1 = mounts.iter().any(|mount| mount.fstype == "cgroup" && !is_without_controller(mount));
        match (has_v2, has_v1) {
            (true, false) => Layout::V2,
            (true, true) => Layout::Hybrid,
            (false, true) => Layout::V1,
            (false, false) => Layout::Absent,
        }
    }

    /// The cgroup2 mount.
    pub fn cgroup2_mount(&self) -> Option<Mount> {
        self.mounts_in_sight().into_iter().find(|mount| mount.fstype == "cgroup2")
    }

    /// The v1 mount that has this controller.
    pub fn cgroup1_mount(&self, controller: &str) -> Option<Mount> {
        let has = |mount: &Mount| mount.super_options.iter().any(|word| word == controller);
        self.mounts_in_sight().into_iter().find(|mount| mount.fstype == "cgroup" && has(mount))
    }

    /// The directory of this process's own cgroup in the cgroup2 tree.
    pub fn own_cgroup2(&self) -> Option<PathBuf> {
        self.own_cgroup(&self.cgroup2_mount()?, |controllers| controllers.is_empty())
    }

    /// The same in the v1 tree of this controller.
    pub fn own_cgroup1(&self, controller: &str) -> Option<PathBuf> {
        let has = |controllers: &str| controllers.split(',').any(|word| word == controller);
        self.own_cgroup(&self.cgroup1_mount(controller)?, has)
    }

    /// A line of /proc/self/cgroup is `NUMBER:CONTROLLERS:PATH`.
    fn own_cgroup(&self, mount: &Mount, is_it: impl Fn(&str) -> bool) -> Option<PathBuf> {
        let text = self.text("/proc/self/cgroup")?;
        let mut lines = text.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
        let own = lines.find_map(|(controllers, path)| is_it(controllers).then(|| Path::new(path)))?;
        // What is mounted begins at "/", unless a bind mount or an outer cgroup namespace has it begin further down.
        let below = own.strip_prefix(&mount.root).or_else(|_| own.strip_prefix("/")).ok()?;
        Some(mount.target.join(below))
    }

    /// The words of a cgroup file such as `cgroup.controllers`.
    pub fn cgroup_words(&self, directory: &Path, file: &str) -> Vec<String> {
        let text = self.text(directory.join(file)).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    }
}

fn is_without_controller(mount: &Mount) -> bool {
    mount.super_options.iter().any(|word| word.starts_with("name="))
}
