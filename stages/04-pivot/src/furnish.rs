//! What programs expect to find in any root: /proc, /sys and /dev.
//!
//! /proc and /sys show the kernel as the namespaces of their mounter see it. To root of a user namespace the kernel gives
//! new ones only while whole ones are in sight, so they are mounted before the old root goes. /dev is made in the hand,
//! and attached when it is gone.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use groundwork::host::{Here, Host};
use groundwork::kernel::MountAttrFlags;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::mount::MsFlags;
use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};
use unshare::user::Maps;

use crate::dev::Dev;
use crate::read_only::make_tree_read_only;

/// What the kernel will let us put there.
#[derive(Clone, Copy, Debug)]
pub struct Furniture {
    /// True in the user namespace of an ordinary user: what belongs to the host is then borrowed, not made.
    pub rootless: bool,
    /// True when the network namespace is our own: /sys shows its devices, and may be mounted anew.
    pub own_network: bool,
    /// True when the cgroup namespace is our own: /sys/fs/cgroup may then be mounted anew, and begins at our cgroup.
    pub own_cgroup: bool,
    /// True when there is a group 5, which is "tty" everywhere and owns the terminals.
    pub has_tty_group: bool,
}

/// "tty" in the /etc/group of every distribution; devpts(5) shows why it matters.
const TTY_GROUP: u32 = 5;

/// Nothing mounted here is a way to gain rights, to reach a device or to run a file.
pub(crate) const HARMLESS: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

impl Furniture {
    /// For a user namespace of these ids, or for the host's, with the host's network and cgroups.
    pub fn of(maps: Option<&Maps>) -> Self {
        let here: &dyn Host = &Here;
        let has_tty_group = match maps {
            Some(maps) => maps.groups.iter().any(|range| covers(range.inside, range.count)),
            None => here.text("/proc/self/gid_map").is_some_and(|map| has_tty_group(&map)),
        };
        Self { rootless: maps.is_some(), own_network: false, own_cgroup: false, has_tty_group }
    }
}

fn covers(first: u32, count: u32) -> bool {
    TTY_GROUP.checked_sub(first).is_some_and(|offset| offset < count)
}

fn has_tty_group(map: &str) -> bool {
    map.lines().any(|line| {
        let mut fields = line.split_whitespace().map(str::parse);
        matches!((fields.next(), fields.nth(1)), (Some(Ok(first)), Some(Ok(count))) if covers(first, count))
    })
}

// ANCHOR: furnish
/// Mounts /proc and /sys below `root`, while the host's own can still be seen, and makes a /dev to attach afterwards.
///
/// # Errors
/// Those of mount(2), fsmount(2) and mknod(2); ENOENT when `root` has no such directory.
pub fn furnish(kernel: &Kernel, root: &Path, furniture: Furniture) -> Result<Dev> {
    // EXERCISE pivot-5
    kernel.because("/proc shows the PID namespace of the process that mounts it").mount(
        Some("proc".as_ref()),
        plain(root.join("proc"))?,
        Some("proc"),
        HARMLESS,
        None,
    )?;
    system(kernel, &plain(root.join("sys"))?, furniture)?;
    plain(root.join("dev"))?;
    Dev::hold(kernel, furniture)
    // END pivot-5
}
// ANCHOR_END: furnish

/// The path unless it is a symbolic link: out here it could lead anywhere on the host.
pub(crate) fn plain(place: PathBuf) -> Result<PathBuf> {
    let is_link = place.symlink_metadata().is_ok_and(|about| about.is_symlink());
    ensure!(!is_link, "{} is a symbolic link, and not ours to follow; make it a directory", place.display());
    Ok(place)
}

// ANCHOR: system
fn system(kernel: &Kernel, sys: &Path, furniture: Furniture) -> Result<()> {
    if !show_system(kernel, sys, furniture)? {
        kernel.because("a new sysfs takes a network namespace of our own: the host's is shown instead").mount(
            Some("/sys".as_ref()),
            sys,
            None,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            None,
        )?;
        make_tree_read_only(kernel, sys, "one kernel serves every container, so none may set it")?;
    }
    if furniture.own_cgroup { cgroups(kernel, &sys.join("fs/cgroup")) } else { Ok(()) }
}

/// A sysfs of our own, where the kernel gives us one. sysfs shows a network namespace, and belongs to its owner.
fn show_system(kernel: &Kernel, sys: &Path, furniture: Furniture) -> Result<bool> {
    if furniture.rootless && !furniture.own_network {
        return Ok(false);
    }
    let mounted = kernel
        .because("the kernel and its devices, to read: one kernel serves every container, so none may set it")
        .mount(Some("sysfs".as_ref()), sys, Some("sysfs"), HARMLESS | MsFlags::MS_RDONLY, None);
    match mounted {
        // Inside another container, parts of whose /sys are hidden.
        Err(error) if Refused::errno_of(&error) == Some(Errno::EPERM) => Ok(false),
        mounted => mounted.map(|()| true),
    }
}
// ANCHOR_END: system

/// Version 2 has one tree, and one mount shows it. Version 1 has a dozen, each with a mount of its own, and a hybrid's
/// cgroup2 tree has no controllers: there nothing is shown rather than half of it.
fn cgroups(kernel: &Kernel, place: &Path) -> Result<()> {
    // The host's, still in sight at its usual place.
    if !statfs("/sys/fs/cgroup").is_ok_and(|host| host.filesystem_type() == CGROUP2_SUPER_MAGIC) {
        return Ok(());
    }
    let tree = kernel
        .because("what this container may use, to read: the tree of cgroups begins at its own")
        .fsopen("cgroup2")?;
    kernel.because("the tree of cgroups needs no options").fsconfig_create(tree.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let mount = kernel
        .because("the tree of cgroups in the hand, attached nowhere yet")
        .fsmount_with(tree.as_fd(), attributes)?;
    kernel
        .because("the tree of cgroups may lie there, from the host: mount(2) puts none on itself, and says EBUSY")
        .move_mount(mount.as_fd(), place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unshare::user::Range;

    #[test]
    fn terminals_have_a_group_where_group_5_is_mapped() {
        assert!(has_tty_group("         0          0 4294967295\n"));
        assert!(has_tty_group("0 1000 1\n1 100000 65536\n"));
        assert!(!has_tty_group("         0       1000          1\n"));
        assert!(!has_tty_group(""));
        let maps = |groups: Vec<Range>| Maps { users: Vec::new(), groups };
        let range = |inside, count| Range { inside, outside: 100_000, count };
        assert!(Furniture::of(Some(&maps(vec![range(0, 1), range(1, 65536)]))).has_tty_group);
        assert!(!Furniture::of(Some(&maps(vec![range(0, 5), range(6, 10)]))).has_tty_group);
    }

    #[test]
    fn a_link_is_not_followed_out_of_the_root() {
        let link = std::env::temp_dir().join(format!("pivot-link-{}", std::process::id()));
        std::os::unix::fs::symlink("/etc", &link).unwrap();
        let refused = plain(link.clone());
        std::fs::remove_file(&link).unwrap();
        assert!(refused.unwrap_err().to_string().contains("symbolic link"));
        assert_eq!(plain(PathBuf::from("/etc")).unwrap(), Path::new("/etc"));
    }
}
