//! Pure cgroup v2, laid out as systemd lays it out: an ordinary user owns the part below user@1000.service.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::mount::{MountFlags, mount};

const HIERARCHY: &str = "/sys/fs/cgroup";
const SERVICE: &str = "user.slice/user-1000.slice/user@1000.service";
/// What systemd hands over to an unprivileged manager: see cgroups(7), "Delegation".
const HANDED_OVER: [&str; 4] = ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"];

/// Mounts it, and makes a place for each user.
pub(super) fn mount_all() -> Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("cgroup2", HIERARCHY, "cgroup2", flags, c"nsdelegate").context("mount cgroup2")?;
    for folder in ["", "system.slice", "user.slice", "user.slice/user-1000.slice", SERVICE] {
        let folder = Path::new(HIERARCHY).join(folder);
        fs::create_dir_all(&folder)?;
        enable_all(&folder)?;
    }
    for folder in [place(false), place(true)] {
        fs::create_dir_all(&folder)?;
    }
    for folder in [Path::new(HIERARCHY).join(SERVICE), place(true)] {
        for name in HANDED_OVER {
            std::os::unix::fs::chown(folder.join(name), Some(1000), Some(1000))?;
        }
    }
    Ok(())
}

/// Where commands of root, or of the ordinary user, begin.
pub(super) fn place(ordinary: bool) -> PathBuf {
    Path::new(HIERARCHY).join(if ordinary {
        format!("{SERVICE}/session.scope")
    } else {
        "system.slice/session.scope".to_owned()
    })
}

/// Every controller that there is.
fn enable_all(folder: &Path) -> Result<()> {
    let controllers = fs::read_to_string(folder.join("cgroup.controllers"))?;
    for controller in controllers.split_whitespace() {
        // One at a time: one that cannot be had does not keep the others away.
        if let Err(error) = fs::write(folder.join("cgroup.subtree_control"), format!("+{controller}")) {
            eprintln!("vm: in the machine: {controller} in {}: {error}", folder.display());
        }
    }
    Ok(())
}

/// This process, and all whom it starts from now on, are there.
pub(super) fn enter(place: &Path) -> Result<()> {
    fs::write(place.join("cgroup.procs"), "0").with_context(|| place.display().to_string())
}
