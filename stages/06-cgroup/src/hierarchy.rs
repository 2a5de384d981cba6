//! Where cgroups are on this host: read from mountinfo and /proc/PID/cgroup, never assumed.
//!
//! Version 2 is one tree with all controllers in it; version 1 is a tree for each controller or pair of them.
//! Many hosts have both at once ("hybrid"); a controller is then in one of them only. See cgroups(7).

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
use groundwork::mountinfo::{self, Mount};
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};
use serde::{Deserialize, Serialize};

use crate::files;

/// Which of the two interfaces a hierarchy has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// A tree for one controller, or a few.
    V1,
    /// The one tree for all the others.
    V2,
}

/// One tree of cgroups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// Its interface.
    pub version: Version,
    /// Where its uppermost directory is seen.
    pub top: PathBuf,
    /// What it can limit or count here, by the names its files begin with: `memory`, `cpu`, and `io` or `blkio`.
    pub controllers: Vec<String>,
    /// The directory of the cgroup that the process asked about is in.
    pub own: PathBuf,
    /// True when only a rehearsal speaks of it: nothing can be read there.
    pub(crate) is_imagined: bool,
}

/// A host to rehearse for, other than this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// cgroup2 alone, at /sys/fs/cgroup
    V2,
    /// A version 1 tree for each controller, and a cgroup2 tree without controllers
    Hybrid,
    /// Version 1 trees alone
    V1,
}

/// The hierarchies that process `pid` is in, as far as this process sees them mounted; "self" is the caller.
///
/// # Errors
/// /proc is not mounted, or the process is gone.
pub fn hierarchies(pid: &str) -> Result<Vec<Hierarchy>> {
    mounted(pid, "cgroup")
}

/// Of the caller's, the one of version 2 alone, if there is one.
///
/// # Errors
/// Those of [`hierarchies`].
pub(crate) fn unified() -> Result<Vec<Hierarchy>> {
    mounted("self", "cgroup2")
}

fn mounted(pid: &str, kind: &str) -> Result<Vec<Hierarchy>> {
    let file = format!("/proc/{pid}/cgroup");
    let memberships = std::fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
    let mut mounts = mountinfo::mounts_like(kind)?;
    // A mount that lies hidden under another one cannot be used.
    mounts.retain(|mount| mount.target.join("cgroup.procs").exists());
    Ok(found(&mounts, &memberships))
}

/// What a host of this layout would have; root's processes lie at the top of each tree.
pub fn imagined(layout: Layout) -> Vec<Hierarchy> {
    let tree = |version, name: &str, controllers: &[&str]| {
        let top = Path::new("/sys/fs/cgroup").join(name);
        let controllers = controllers.iter().map(|&name| name.to_owned()).collect();
        Hierarchy { version, own: top.clone(), top, controllers, is_imagined: true }
    };
    if layout == Layout::V2 {
        return vec![tree(Version::V2, "", &["cpuset", "cpu", "io", "memory", "pids"])];
    }
    let unified = (layout == Layout::Hybrid).then(|| tree(Version::V2, "unified", &[]));
    let pairs: [(&str, &[&str]); 6] = [
        ("cpu,cpuacct", &["cpu", "cpuacct"]),
        ("cpuset", &["cpuset"]),
        ("memory", &["memory"]),
        ("freezer", &["freezer"]),
        ("blkio", &["blkio"]),
        ("pids", &["pids"]),
    ];
    pairs.into_iter().map(|(name, controllers)| tree(Version::V1, name, controllers)).chain(unified).collect()
}

/// Each line of /proc/PID/cgroup with the mount it belongs to. A hierarchy without a mount cannot be used.
fn found(mounts: &[Mount], memberships: &str) -> Vec<Hierarchy> {
    memberships.lines().filter_map(|line| hierarchy(mounts, line)).collect()
}

// ANCHOR: hierarchy
/// Reads `5:cpu,cpuacct:/user.slice` or, for version 2, `0::/user.slice`.
fn hierarchy(mounts: &[Mount], line: &str) -> Option<Hierarchy> {
    let (number, rest) = line.split_once(':')?;
    let (names, path) = rest.split_once(':')?;
    let version = if number == "0" { Version::V2 } else { Version::V1 };
    let is_this = |mount: &&Mount| match version {
        Version::V2 => mount.fstype == "cgroup2",
        Version::V1 => {
            mount.fstype == "cgroup"
                && names.split(',').all(|name| mount.super_options.iter().any(|option| option == name))
        }
    };
    // One hierarchy may be mounted often, and a mount may show only a part: take one where the process can be seen.
    let (top, own) =
        mounts.iter().filter(is_this).find_map(|mount| Some((mount.target.clone(), seen(mount, path)?)))?;
    let controllers = match version {
        Version::V2 => files::words(&top.join("cgroup.controllers")),
        Version::V1 => names.split(',').filter(|name| !name.starts_with("name=")).map(str::to_owned).collect(),
    };
    Some(Hierarchy { version, top, controllers, own, is_imagined: false })
}
// ANCHOR_END: hierarchy

/// Where the cgroup `path` of a hierarchy is found below this mount of it, if it is.
fn seen(mount: &Mount, path: &str) -> Option<PathBuf> {
    let inside = Path::new(path).strip_prefix(&mount.root).ok()?;
    // `/../x` stands for a cgroup outside of the reader's cgroup namespace.
    let is_outside = inside.components().any(|part| part == Component::ParentDir);
    (!is_outside).then(|| if inside == Path::new("") { mount.target.clone() } else { mount.target.join(inside) })
}

impl Version {
    /// What this version calls a controller of version 2: `io` was `blkio` once.
    pub(crate) fn name_of(self, controller: &str) -> &str {
        if self == Self::V1 && controller == "io" { "blkio" } else { controller }
    }
}

impl Hierarchy {
    /// True when this hierarchy limits by this controller, named as in version 2.
    pub fn has(&self, controller: &str) -> bool {
        let name = self.version.name_of(controller);
        self.controllers.iter().any(|there| there == name)
    }

    /// The words in a file of this hierarchy; none on an imagined host, where no file was ever written.
    pub(crate) fn words(&self, file: &Path) -> Vec<String> {
        if self.is_imagined { Vec::new() } else { files::words(file) }
    }
}

/// True when this process may make cgroups in `directory` and move processes there: what cgroups(7) calls delegated.
pub(crate) fn is_writable(directory: &Path, version: Version) -> bool {
    let files: &[&str] = match version {
        Version::V2 => &["", "cgroup.procs", "cgroup.subtree_control"],
        Version::V1 => &["", "cgroup.procs"],
    };
    let may = |file: &str| faccessat(AT_FDCWD, &directory.join(file), AccessFlags::W_OK, AtFlags::AT_EACCESS).is_ok();
    files.iter().all(|file| may(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(text: &str) -> Vec<Mount> {
        text.lines().map(|line| mountinfo::parse(line.trim().as_bytes()).unwrap()).collect()
    }

    #[test]
    fn hybrid_hosts_have_a_tree_for_each_controller_and_one_without() {
        let mounts = mounts(
            "33 32 0:29 / /cg/cpu\\040x rw - cgroup cgroup rw,cpu,cpuacct
             36 32 0:33 / /cg/blkio rw - cgroup cgroup rw,blkio
             37 32 0:37 / /cg/systemd rw - cgroup cgroup rw,xattr,name=systemd
             38 32 0:38 / /cg/unified rw - cgroup2 cgroup2 rw,nsdelegate",
        );
        let found = found(&mounts, "4:cpu,cpuacct:/\n3:blkio:/a/b\n2:pids:/\n1:name=systemd:/\n0::/user.slice\n");
        let tops: Vec<_> = found.iter().map(|hierarchy| hierarchy.top.to_str().unwrap()).collect();
        assert_eq!(tops, ["/cg/cpu x", "/cg/blkio", "/cg/systemd", "/cg/unified"]);
        assert_eq!(found[0].controllers, ["cpu", "cpuacct"]);
        assert!(found[1].has("io") && !found[0].has("io"));
        assert_eq!(found[1].own, Path::new("/cg/blkio/a/b"));
        assert!(found[2].controllers.is_empty());
        assert_eq!((found[3].version, found[3].own.to_str()), (Version::V2, Some("/cg/unified/user.slice")));
    }

    #[test]
    fn a_mount_that_does_not_show_the_process_is_passed_over() {
        let mounts = mounts(
            "33 32 0:29 /docker/x /cg/a rw - cgroup2 cgroup2 rw
             34 32 0:29 /user /cg/b rw - cgroup2 cgroup2 rw",
        );
        assert_eq!(found(&mounts, "0::/user/me\n")[0].own, Path::new("/cg/b/me"));
        assert_eq!(found(&mounts, "0::/user\n")[0].own, Path::new("/cg/b"));
        assert!(found(&mounts, "0::/users\n").is_empty());
        assert!(found(&mounts, "0::/../user\n").is_empty());
    }

    #[test]
    fn lines_that_are_none_are_passed_over() {
        assert!(found(&[], "nonsense\n\n0:\n").is_empty());
    }
}
