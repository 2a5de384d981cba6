//! A part of the cgroup tree for this run alone, which looks like a whole one from inside.
//!
//! crun and runc refuse a host on which version 1 and version 2 stand side by side, and boxwright and the others make
//! their cgroups at the top: so whoever measures gets a cgroup of version 2 for its own, a cgroup namespace that begins
//! there, and a mount of that at /sys/fs/cgroup. All see version 2 alone, and one directory holds all that they make.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::user::User;

/// Where the one who measures finds it.
pub const OWN: &str = "BOXWRIGHT_BENCH_CGROUP";
/// Where it is seen from inside.
pub const TOP: &str = "/sys/fs/cgroup";

/// The directory of this run, as the host names it.
pub struct Own(pub OsString);

/// What this host has, in the words of the result.
pub fn kind() -> &'static str {
    match (Path::new("/sys/fs/cgroup/cgroup.controllers").exists(), unified().is_some()) {
        (true, _) => "cgroup v2",
        (false, true) => "cgroup v1 and v2 (hybrid)",
        (false, false) => "cgroup v1",
    }
}

/// The kind of file system that a directory is on.
pub fn file_system(directory: &Path) -> String {
    let asked = std::process::Command::new("findmnt")
        .args(["--noheadings", "--output", "FSTYPE", "--target"])
        .arg(directory)
        .output();
    asked.map(|asked| String::from_utf8_lossy(&asked.stdout).trim().to_owned()).unwrap_or_default()
}

fn unified() -> Option<PathBuf> {
    let candidates = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(PathBuf::from);
    candidates.into_iter().find(|place| place.join("cgroup.controllers").exists())
}

/// Makes it, where we may.
pub fn make_own() -> Option<Own> {
    let top = unified().filter(|_| nix::unistd::geteuid().is_root())?;
    let directory = top.join(format!("boxwright-bench-{}", std::process::id()));
    fs::create_dir(&directory).ok()?;
    Some(Own(directory.into_os_string()))
}

impl Own {
    /// Ends whoever is still in it, and removes it with all below.
    ///
    /// # Errors
    /// The kernel keeps it.
    pub fn remove(self) -> Result<()> {
        let directory = PathBuf::from(self.0);
        let _ = fs::write(directory.join("cgroup.kill"), "1");
        remove_tree(&directory).with_context(|| format!("{} stays", directory.display()))
    }
}

/// From the leaves up. A process that is killed needs a moment to be gone.
fn remove_tree(directory: &Path) -> std::io::Result<()> {
    let below = fs::read_dir(directory)?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    below.into_iter().try_for_each(|path| remove_tree(&path))?;
    let mut tries = 0;
    loop {
        match fs::remove_dir(directory) {
            Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy && tries < 500 => tries += 1,
            ended => return ended,
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// For root, and before there are threads: what we mount from now on is seen by us alone, and goes with us.
///
/// # Errors
/// The kernel refuses it.
pub fn see_own_mounts() -> Result<bool> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(false);
    }
    unshare(CloneFlags::CLONE_NEWNS).context("cannot have our own mount namespace")?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    Ok(true)
}

/// A file system in memory.
///
/// # Errors
/// The kernel refuses it.
pub fn mount_tmpfs(directory: &Path) -> Result<()> {
    mount(Some("tmpfs"), directory, Some("tmpfs"), MsFlags::empty(), Some("mode=755")).context("mount(tmpfs)")
}

/// From now on this process and its children see the run's part of the tree alone, in a mount namespace of their own.
///
/// An ordinary user may use it too, as if it had been delegated.
///
/// # Errors
/// The kernel refuses a step.
pub fn see_own_alone(ordinary: User) -> Result<bool> {
    let Some(directory) = std::env::var_os(OWN).map(PathBuf::from) else { return Ok(false) };
    let inside = directory.join("bench");
    fs::write(directory.join("cgroup.procs"), "0").context("cannot join our own cgroup")?;
    unshare(CloneFlags::CLONE_NEWCGROUP).context("cannot have our own cgroup namespace")?;
    // A cgroup has processes or children with controllers, and never both.
    fs::create_dir(&inside)?;
    fs::write(inside.join("cgroup.procs"), "0")?;
    for name in ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"] {
        ordinary.owns(&directory.join(name))?;
    }
    mount(Some("cgroup2"), TOP, Some("cgroup2"), MsFlags::empty(), None::<&str>).context("mount(cgroup2)")?;
    Ok(true)
}
