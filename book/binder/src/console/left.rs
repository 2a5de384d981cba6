//! What a chapter must not leave behind: processes, mounts, containers, files.

use std::cell::RefCell;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use grader::process::Process;
use nix::errno::Errno;
use nix::mount::{MntFlags, umount2};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use rustix::process::{PidfdFlags, pidfd_open};

use super::stand::Stand;

/// How long a process may take to end when nobody types any more.
const GRACE: Duration = Duration::from_secs(5);

/// The orphans of a session: they become our children, so that none is overlooked, and they are buried as init would.
#[derive(Debug)]
pub struct Orphans {
    /// Becomes readable when a child has ended.
    signals: SignalFd,
    /// Children that somebody else waits for.
    own: RefCell<Vec<u32>>,
}

impl Orphans {
    /// Takes in all that will be orphaned from now on.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn adopt() -> Result<Self> {
        set_child_subreaper(true).context("prctl(PR_SET_CHILD_SUBREAPER)")?;
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        mask.thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self { signals, own: RefCell::default() })
    }

    /// This child is no orphan.
    pub fn except(&self, child: u32) {
        self.own.borrow_mut().push(child);
    }

    /// Readable when there may be somebody to bury.
    pub fn signals(&self) -> BorrowedFd<'_> {
        self.signals.as_fd()
    }

    /// Buries who has died.
    pub fn bury(&self) {
        while let Ok(Some(_)) = self.signals.read_signal() {}
        let children = Process(std::process::id()).children();
        for child in children.into_iter().filter(|child| !self.own.borrow().contains(&child.0)) {
            let _ = waitpid(Pid::from_raw(child.0 as i32), Some(WaitPidFlag::WNOHANG));
        }
    }
}

/// What is left, in words; and takes it away.
pub fn behind(stand: &Stand) -> Vec<String> {
    let mut left = processes();
    left.extend(mounts(stand.folder.path()));
    let places = [stand.tmp(), stand.tmp_of_root()];
    left.extend(
        places.iter().flat_map(|place| entries(place)).map(|path| format!("a temporary file: {}", path.display())),
    );
    let stores = [stand.home().join(".local/share/boxwright"), stand.store_of_root()];
    left.extend(
        stores
            .iter()
            .flat_map(|store| entries(&store.join("records")))
            .map(|path| format!("a container: {}", path.file_name().unwrap_or_default().to_string_lossy())),
    );
    left.extend(strangers(&stand.clone_folder(), &stand.files));
    left
}

/// Waits until all children have ended; those that do not, within a while, are named and killed.
fn processes() -> Vec<String> {
    let me = Process(std::process::id());
    let end = Instant::now() + GRACE;
    while let Some(child) = me.children().into_iter().find(|child| has_ended(*child, end)) {
        let _ = waitpid(Pid::from_raw(child.0 as i32), None);
    }
    let left = me.descendants();
    let named = left.iter().map(|process| format!("a process: {}", process.command())).collect();
    for process in &left {
        let _ = kill(Pid::from_raw(process.0 as i32), Signal::SIGKILL);
    }
    // Killed, each of them becomes our child at the latest when its parent is gone; then there is nobody to wait for.
    while !left.is_empty() && waitpid(None, Some(WaitPidFlag::empty())) != Err(Errno::ECHILD) {}
    named
}

fn has_ended(child: Process, end: Instant) -> bool {
    let Some(pid) = rustix::process::Pid::from_raw(child.0 as i32) else { return false };
    let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) else { return !child.is_alive() };
    let left = end.saturating_duration_since(Instant::now());
    let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
    poll(&mut [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)], timeout).is_ok_and(|ready| ready > 0)
}

/// What is still mounted there. It must go before the folder does: to remove a mount's files is to remove what it shows.
fn mounts(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy();
    let lines = Process(std::process::id()).mounts();
    let points = lines.iter().filter_map(|line| line.split(' ').nth(4)).filter(|point| point.starts_with(&*folder));
    let points: Vec<_> = points.map(str::to_owned).collect();
    for point in points.iter().rev() {
        let _ = umount2(point.as_str(), MntFlags::MNT_DETACH);
    }
    points.into_iter().map(|point| format!("a mount: {point}")).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// Files of the clone that it did not have.
fn strangers(clone: &Path, files: &[PathBuf]) -> Vec<String> {
    let known: std::collections::BTreeSet<_> = files.iter().flat_map(|file| file.ancestors()).collect();
    let mut left = Vec::new();
    let mut waiting = vec![clone.to_owned()];
    while let Some(folder) = waiting.pop() {
        for path in entries(&folder) {
            let name = path.strip_prefix(clone).unwrap_or(&path);
            match (known.contains(name), path.is_dir() && !path.is_symlink()) {
                _ if name == Path::new("target") => {}
                (true, true) => waiting.push(path),
                (true, false) => {}
                (false, _) => left.push(format!("a file in the clone: {}", name.display())),
            }
        }
    }
    left
}
