//! The host, as somebody looks at it who wants to know why a request was refused.
//!
//! Everything is read from files, so that a test can hand over the files of another host.

mod cgroups;
#[cfg(test)]
mod elsewhere;
mod privilege;
mod system;

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::libc;
use nix::sys::statvfs::{FsFlags, statvfs};

use crate::mountinfo::{self, Mount};

pub use cgroups::{Layout, SUPERVISOR, before_it_was_moved};
#[cfg(test)]
pub(crate) use elsewhere::Elsewhere;
pub use privilege::Capability;

/// A file of /proc is never longer than this; of any other we read less.
const MOST: usize = 1 << 20;

/// Files to look at: those of this host, or those that a test made up.
pub trait Host {
    /// At most `most` bytes of a file, from `start`.
    fn read_at(&self, file: &Path, start: u64, most: usize) -> Option<Vec<u8>>;

    /// What a symbolic link, or a link of /proc, says.
    fn link(&self, file: &Path) -> Option<PathBuf>;

    /// What lies at a path, all links followed.
    fn look(&self, path: &Path) -> Option<Look>;

    /// The same path without links and dots; unchanged when it leads nowhere.
    fn real(&self, path: &Path) -> PathBuf;

    /// The names in a directory.
    fn names(&self, directory: &Path) -> Vec<String>;

    /// True when the kernel runs no program from the file system of a path, as the kernel itself says it: inside a chroot,
    /// the mount may not be in sight.
    fn is_noexec(&self, path: &Path) -> bool;
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// True for a directory.
    pub is_directory: bool,
    /// True when somebody may execute it, or search it.
    pub is_executable: bool,
}

/// The host that this process is on, seen from the root and the namespaces that it has now.
#[derive(Clone, Copy, Debug)]
pub struct Here;

impl Host for Here {
    fn read_at(&self, file: &Path, start: u64, most: usize) -> Option<Vec<u8>> {
        // Without O_NONBLOCK, opening a FIFO would wait for somebody to write to it.
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        let mut file = File::options().read(true).custom_flags(flags).open(file).ok()?;
        if start > 0 {
            file.seek(SeekFrom::Start(start)).ok()?;
        }
        // Files of /proc do not say how long they are, and most fit into a page.
        let mut content = Vec::with_capacity(most.min(4096));
        file.take(most as u64).read_to_end(&mut content).ok()?;
        Some(content)
    }

    fn link(&self, file: &Path) -> Option<PathBuf> {
        std::fs::read_link(file).ok()
    }

    fn look(&self, path: &Path) -> Option<Look> {
        std::fs::metadata(path).ok().as_ref().map(Look::from)
    }

    fn real(&self, path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    fn is_noexec(&self, path: &Path) -> bool {
        statvfs(path).is_ok_and(|about| about.flags().contains(FsFlags::ST_NOEXEC))
    }
}

impl From<&Metadata> for Look {
    fn from(about: &Metadata) -> Self {
        Self { is_directory: about.is_dir(), is_executable: about.permissions().mode() & 0o111 != 0 }
    }
}

impl dyn Host + '_ {
    /// A whole file as text, without the white space at its ends.
    pub fn text(&self, file: impl AsRef<Path>) -> Option<String> {
        let bytes = self.read_at(file.as_ref(), 0, MOST)?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// A file below /proc/sys, named as sysctl(8) names it.
    pub fn sysctl(&self, name: &str) -> Option<String> {
        self.text(format!("/proc/sys/{}", name.replace('.', "/")))
    }

    /// True when there is something at this path.
    pub fn has(&self, path: impl AsRef<Path>) -> bool {
        self.look(path.as_ref()).is_some()
    }

    /// The mounts that this process sees; none when /proc is not there.
    pub fn mounts(&self) -> Vec<Mount> {
        let lines = self.read_at(Path::new("/proc/self/mountinfo"), 0, MOST).unwrap_or_default();
        lines.split(|byte| *byte == b'\n').filter_map(|line| mountinfo::parse(line).ok()).collect()
    }

    /// Those that no other mount hides, by lying over their place.
    pub fn mounts_in_sight(&self) -> Vec<Mount> {
        let all = self.mounts();
        let in_sight = all.iter().filter(|mount| !is_hidden(mount, &all));
        in_sight.cloned().collect()
    }

    /// The mount that a path lies on.
    pub fn mount_under(&self, path: &Path) -> Option<Mount> {
        mountinfo::mount_of(&self.mounts(), &self.real(path)).cloned()
    }

    /// The uppermost mount at exactly this path, if it is a mount point.
    pub fn mount_at(&self, path: &Path) -> Option<Mount> {
        let path = self.real(path);
        self.mounts().into_iter().rfind(|mount| mount.target == path)
    }
}

/// True when a later mount covers this one, or a directory above it.
fn is_hidden(mount: &Mount, all: &[Mount]) -> bool {
    let covers = |other: &Mount| {
        // The first root, the initramfs, is its own parent.
        let on_top = other.parent == mount.id && other.id != mount.id && other.target == mount.target;
        let beside = other.parent == mount.parent && other.id != mount.parent && other.target != mount.target;
        on_top || (beside && mount.target.starts_with(&other.target))
    };
    let parent = all.iter().find(|other| other.id == mount.parent && other.id != mount.id);
    // A parent that is covered at its very root is covered by a sibling of ours, which was looked at.
    let is_above = |parent: &Mount| parent.target != mount.target && mount.target.starts_with(&parent.target);
    all.iter().any(covers) || parent.is_some_and(|parent| is_above(parent) && is_hidden(parent, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_sight(lines: &[&str]) -> Vec<u64> {
        let host = lines.iter().fold(Elsewhere::default(), |host, line| host.mounted(line));
        (&host as &dyn Host).mounts_in_sight().iter().map(|mount| mount.id).collect()
    }

    #[test]
    fn a_mount_over_another_or_over_its_place_hides_it() {
        let (root, sys) = ("27 1 8:1 / / rw - ext4 d rw", "31 27 0:9 / /sys rw - sysfs s rw");
        let host = [root, sys, "41 31 0:8 / /sys/a rw - cgroup2 c rw"];
        assert_eq!(in_sight(&host), [27, 31, 41]);
        assert_eq!(in_sight(&[&host[..], &["50 41 0:8 / /sys/a ro - cgroup2 c rw"]].concat()), [27, 31, 50]);
        assert_eq!(in_sight(&[&host[..], &["50 31 0:7 / /sys rw - tmpfs t rw"]].concat()), [27, 50]);
        assert_eq!(in_sight(&[&host[..], &["50 27 0:7 / / rw - tmpfs t rw"]].concat()), [50]);
        assert_eq!(in_sight(&[&host[..], &["50 31 0:7 / /sys/b rw - tmpfs t rw"]].concat()), [27, 31, 41, 50]);
        // The first root is its own parent, and covers nothing.
        let first = [
            "1 1 0:2 / / rw - rootfs r rw",
            "23 1 0:21 / /sys rw - sysfs s rw",
            "29 23 0:25 / /sys/c rw - cgroup2 c rw",
        ];
        assert_eq!(in_sight(&first), [1, 23, 29]);
    }
}
