//! Processes as /proc shows them, from outside.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::AsFd;
use std::os::fd::{FromRawFd, OwnedFd};
use std::path::PathBuf;
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A process, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process(pub u32);

impl Process {
    /// The one with this number.
    pub fn with(pid: u32) -> Self {
        Self(pid)
    }

    /// All that there are.
    pub fn all() -> Vec<Self> {
        let entries = fs::read_dir("/proc").expect("/proc can be read");
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.map(Self).collect()
    }

    /// A file of /proc/PID as text; empty when the process is gone, or not ours to look at.
    pub fn read(self, file: &str) -> String {
        let bytes = fs::read(format!("/proc/{}/{file}", self.0)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A link of /proc/PID.
    pub fn link(self, name: &str) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/{name}", self.0)).ok()
    }

    /// A field of /proc/PID/status.
    pub fn status(self, field: &str) -> Option<String> {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Its children.
    pub fn children(self) -> Vec<Self> {
        let children = self.read(&format!("task/{}/children", self.0));
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(Self).collect()
    }

    /// Its command line, as one would type it.
    pub fn command(self) -> String {
        self.read("cmdline").trim_end_matches('\0').replace('\0', " ")
    }

    /// Waits for its end, but not for ever. False when it still runs.
    pub fn ends_before(self, end: Instant) -> bool {
        let Some(descriptor) = self.open() else { return true };
        let mut asked = [PollFd::new(descriptor.as_fd(), PollFlags::POLLIN)];
        let left = end.saturating_duration_since(Instant::now());
        poll(&mut asked, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)).unwrap_or(0) > 0
    }

    /// A descriptor of the process; nothing when it is gone. nix 0.31 has no pidfd_open(2).
    #[expect(unsafe_code, reason = "one number in, one descriptor out, which nobody else owns")]
    fn open(self) -> Option<OwnedFd> {
        // SAFETY: no memory is touched, and the descriptor is new.
        let number = unsafe { nix::libc::syscall(nix::libc::SYS_pidfd_open, self.0, 0) };
        // SAFETY: as above.
        (number >= 0).then(|| unsafe { OwnedFd::from_raw_fd(number as i32) })
    }
}

/// The inode of a namespace of a process: equal inodes, same namespace.
pub fn namespace_of(process: Process, kind: &str) -> Option<u64> {
    let link = process.link(&format!("ns/{kind}"))?;
    link.to_str()?.split(['[', ']']).nth(1)?.parse().ok()
}

/// All of them, by kind.
pub fn namespaces_of(process: Process) -> BTreeMap<String, u64> {
    const KINDS: [&str; 8] = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];
    KINDS.iter().filter_map(|kind| Some(((*kind).to_owned(), namespace_of(process, kind)?))).collect()
}
