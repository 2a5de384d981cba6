//! Another host, made up of the files that a test gives it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::host::{Host, Look};

/// A host that has these files and no others.
#[derive(Clone, Default)]
pub(crate) struct Elsewhere {
    files: BTreeMap<PathBuf, Vec<u8>>,
    links: BTreeMap<PathBuf, PathBuf>,
    looks: BTreeMap<PathBuf, Look>,
}

impl Elsewhere {
    /// An ordinary user on a plain host: a kernel of today, "/" on a disk, /proc and /sys as they should be.
    pub(crate) fn ordinary() -> Self {
        Self::default()
            .with("/proc/sys/kernel/osrelease", "6.8.0-45-generic\n")
            .with("/proc/self/uid_map", "         0          0 4294967295\n")
            .with("/proc/self/ns/user", "")
            .with("/etc/os-release", "ID=ubuntu\nID_LIKE=debian\nPRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\n")
            .status("Uid:\t1000\t1000\t1000\t1000\nThreads:\t1\nCapEff:\t0000000000000000\nSeccomp:\t0\n")
            .mounted("28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw")
            .mounted("29 28 0:22 / /proc rw,nosuid,nodev,noexec shared:2 - proc proc rw")
    }

    /// The same with every privilege.
    pub(crate) fn root() -> Self {
        Self::ordinary().status("Uid:\t0\t0\t0\t0\nThreads:\t1\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n")
    }

    /// root of a user namespace: every privilege there, and none outside.
    pub(crate) fn rootless() -> Self {
        Self::root().with("/proc/self/uid_map", "         0       1000          1\n")
    }

    pub(crate) fn with(mut self, file: &str, content: impl AsRef<[u8]>) -> Self {
        self.looks.insert(file.into(), Look::default());
        self.files.insert(file.into(), content.as_ref().to_vec());
        self
    }

    pub(crate) fn without(mut self, file: &str) -> Self {
        self.looks.remove(Path::new(file));
        self.files.remove(Path::new(file));
        self
    }

    pub(crate) fn program(self, file: &str, content: impl AsRef<[u8]>) -> Self {
        let mut host = self.with(file, content);
        host.looks.insert(file.into(), Look { is_directory: false, is_executable: true });
        host
    }

    pub(crate) fn directory(mut self, path: &str) -> Self {
        self.looks.insert(path.into(), Look { is_directory: true, is_executable: true });
        self
    }

    pub(crate) fn linked(mut self, file: &str, target: &str) -> Self {
        self.links.insert(file.into(), target.into());
        self
    }

    pub(crate) fn status(self, lines: &str) -> Self {
        self.with("/proc/self/status", lines)
    }

    /// With the marks that docker leaves in its containers.
    pub(crate) fn in_docker(self) -> Self {
        self.with("/.dockerenv", "").mounted("90 28 8:1 /hosts /etc/hosts rw - ext4 /dev/sda1 rw")
    }

    /// One more line of mountinfo.
    pub(crate) fn mounted(self, line: &str) -> Self {
        let mut lines = self.files.get(Path::new("/proc/self/mountinfo")).cloned().unwrap_or_default();
        lines.extend_from_slice(line.as_bytes());
        lines.push(b'\n');
        self.with("/proc/self/mountinfo", lines)
    }
}

impl Host for Elsewhere {
    fn read_at(&self, file: &Path, start: u64, most: usize) -> Option<Vec<u8>> {
        let content = self.files.get(file)?;
        let start = usize::try_from(start).ok()?.min(content.len());
        Some(content[start..].iter().take(most).copied().collect())
    }

    fn link(&self, file: &Path) -> Option<PathBuf> {
        self.links.get(file).cloned()
    }

    fn look(&self, path: &Path) -> Option<Look> {
        self.looks.get(path).copied()
    }

    fn real(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        let inside = self.looks.keys().filter(|path| path.parent() == Some(directory));
        inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect()
    }

    fn is_noexec(&self, path: &Path) -> bool {
        let host: &dyn Host = self;
        host.mount_under(path).is_some_and(|mount| mount.options.iter().any(|option| option == "noexec"))
    }
}
