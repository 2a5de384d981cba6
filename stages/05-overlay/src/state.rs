//! What one container keeps: a directory with `upper`, `work` and `init` in it, and the process that stays outside.

use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use groundwork::{Kernel, Refused, WithHint};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::Mode;
use nix::unistd::{ForkResult, Pid};
use rustix::fs::FlockOperation;
use unshare::Handshake;
use unshare::child::{die_with, has_ended, quietly};

use crate::init_layer::InitLayer;
use crate::layers::{check_apart, upper_refusal};
use crate::overlay::{Stack, Upper};
use crate::remove_tree;

/// The directory of one container, held by this process alone.
#[derive(Debug)]
pub struct State {
    directory: PathBuf,
    is_temporary: bool,
    rootless: bool,
    /// Let go of by the kernel when the last copy is closed, however its holder ends.
    _lock: Option<OwnedFd>,
}

/// What may come while the command runs. They wait until they are asked for.
const AWAITED: [Signal; 5] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGCHLD];

impl State {
    // ANCHOR: open
    /// Opens the directory, or makes it. Without a name, makes one that [`State::lend`] removes in the end.
    ///
    /// # Errors
    /// Another process uses it; it lies in a layer; its file system cannot carry an upper layer.
    pub fn open(kernel: &Kernel, directory: Option<&Path>, layers: &[PathBuf], rootless: bool) -> Result<Self> {
        let (directory, is_temporary) = match directory {
            Some(directory) => (kept(kernel, directory, layers, rootless)?, false),
            None => (temporary(kernel)?, true),
        };
        let lock = lock(kernel, &directory)?;
        Ok(Self { directory, is_temporary, rootless, _lock: lock })
    }
    // ANCHOR_END: open

    /// The directory. The root is mounted on it too, where nobody but the container sees it.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the layer of the container's own files is.
    pub fn init(&self) -> PathBuf {
        self.directory.join("init")
    }

    // ANCHOR: lend
    /// Runs `inside` as PID 1 of a new PID namespace, and stays outside to clean up when it has ended and all its mounts
    /// are gone: whoever deletes through a mount deletes what is mounted.
    ///
    /// # Errors
    /// Those of unshare(2) and fork(2); in the child those of `inside`; afterwards those of [`remove_tree`].
    pub fn lend(self, kernel: &Kernel, inside: impl FnOnce(&Self) -> Result<ExitCode>) -> Result<ExitCode> {
        let (outer, inner) = Handshake::pair()?;
        kernel
            .because("a signal that ended us would leave nobody to clean up: these wait until we ask for them")
            .sigprocmask_block(&AWAITED)?;
        kernel
            .because("a process keeps its PID for life, so this one stays outside: its next child will be PID 1")
            .unshare(CloneFlags::CLONE_NEWPID)?;
        match kernel.because("one goes in, one stays outside, and cleans up").fork()? {
            ForkResult::Child => {
                drop(outer);
                kernel.because("the command gets its signals as everyone does").sigprocmask_unblock(&AWAITED)?;
                quietly(die_with(kernel, &inner).and_then(|()| inside(&self)))
            }
            ForkResult::Parent { child } => {
                drop(inner);
                let ended = attend(kernel, child);
                self.give_back(kernel).and(ended)
            }
        }
    }
    // ANCHOR_END: lend

    /// Removes what is temporary.
    fn give_back(self, kernel: &Kernel) -> Result<()> {
        if self.is_temporary { remove_tree(kernel, &self.directory) } else { Ok(()) }
    }

    // ANCHOR: stack
    /// Makes the init layer and the place for changes, in a mount namespace of the caller's own.
    ///
    /// # Errors
    /// Those of mkdir(2) and mount(2); ENOSPC and the like.
    pub fn stack(&self, kernel: &Kernel, layers: Vec<PathBuf>, init: &InitLayer) -> Result<Stack> {
        if self.is_temporary && upper_refusal(&self.directory, self.rootless).is_some() {
            self.keep_in_memory(kernel)?;
        }
        let mask = kernel.because("directories shall look as they do in the image").umask(0)?;
        let upper = self.upper(kernel, &layers)?;
        init.make(kernel, &self.init(), &layers)?;
        kernel.because("for every other file it stays as it was").umask(mask)?;
        let lower = layers.into_iter().chain([self.init()]).collect();
        Ok(Stack { lower, upper: Some(upper), rootless: self.rootless })
    }
    // ANCHOR_END: stack

    fn keep_in_memory(&self, kernel: &Kernel) -> Result<()> {
        kernel.because("the file system here cannot carry an upper layer: one in memory can").mount(
            Some("tmpfs".as_ref()),
            &self.directory,
            Some("tmpfs"),
            MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
            Some("mode=700"),
        )
    }

    fn upper(&self, kernel: &Kernel, layers: &[PathBuf]) -> Result<Upper> {
        // EXERCISE overlay-2
        let (upper, work) = (self.directory.join("upper"), self.directory.join("work"));
        if !upper.is_dir() {
            let top = layers.last().and_then(|layer| layer.metadata().ok());
            let mode = top.map_or(0o755, |about| about.mode() & 0o7777);
            kernel.because("what the command writes goes here, and nowhere else").mkdir(&upper, mode)?;
        }
        if !work.is_dir() {
            kernel.because("the kernel prepares those writes here, on the same file system").mkdir(&work, 0o755)?;
        }
        Ok(Upper { directory: upper, work, ephemeral: self.is_temporary })
        // END overlay-2
    }
}

/// The directory that the user named.
fn kept(kernel: &Kernel, directory: &Path, layers: &[PathBuf], rootless: bool) -> Result<PathBuf> {
    let shown = directory.display();
    let directory = match directory.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            // The place must be there, so that a mistyped name makes no new tree somewhere.
            let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let parent = parent
                .canonicalize()
                .map_err(|_| anyhow!("--state {shown}: there is no directory {} to make it in", parent.display()))?;
            parent.join(directory.file_name().with_context(|| format!("--state {shown} has no name"))?)
        }
        Err(error) => return Err(error).with_context(|| format!("--state {shown}")),
    };
    check_apart(layers, &directory)?;
    let nearest = directory.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    if let Some(refusal) = upper_refusal(nearest, rootless) {
        return Err(anyhow!("--state {refusal}")).hint("name one on ext4, xfs, btrfs or, since Linux 6.6, tmpfs");
    }
    if !directory.exists() {
        kernel.because("what the command changes stays here when it has ended").mkdir(&directory, 0o755)?;
    } else if !directory.is_dir() {
        bail!("--state {shown} is not a directory");
    }
    Ok(directory)
}

/// A directory of a new name. mkdir(2) never follows a link, so a name that can be guessed does no harm.
fn temporary(kernel: &Kernel) -> Result<PathBuf> {
    let parent = std::env::temp_dir();
    let parent = parent.canonicalize().with_context(|| format!("{}: TMPDIR", parent.display()))?;
    let pid = kernel.in_words(&Pid::this());
    for attempt in 0.. {
        let directory = parent.join(format!("enter-overlay-{pid}-{attempt}"));
        let made =
            kernel.because("no --state: what the command changes is removed in the end").mkdir(&directory, 0o700);
        match made {
            Err(error) if Refused::errno_of(&error) == Some(Errno::EEXIST) => {}
            made => return made.map(|()| directory),
        }
    }
    unreachable!("no file system holds so many directories")
}

/// Two overlays on one upper layer destroy each other's files; the kernel only warns of it in its log.
fn lock(kernel: &Kernel, directory: &Path) -> Result<Option<OwnedFd>> {
    if kernel.is_rehearsing() {
        return Ok(None);
    }
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let opened = nix::fcntl::open(directory, flags, Mode::empty())
        .with_context(|| format!("cannot open {}", directory.display()))?;
    match rustix::fs::flock(&opened, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(opened)),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(anyhow!("--state {} is in use", directory.display()))
            .hint("another enter-overlay runs on it: leave that one first, or name another directory"),
        Err(errno) => Err(errno).with_context(|| format!("cannot lock {}", directory.display())),
    }
}

/// Waits for the child, and ends it when we are told to end.
fn attend(kernel: &Kernel, child: Pid) -> Result<ExitCode> {
    let awaited: SigSet = AWAITED.into_iter().collect();
    let mut told_to_end = None;
    // In a rehearsal no signal waits for us.
    while !kernel.is_rehearsing() && !has_ended(child) {
        // What a terminal sends for Ctrl-C reaches the command too, and what it means there, the command decides.
        let signal = awaited.wait().context("sigwait(3)")?;
        if matches!(signal, Signal::SIGHUP | Signal::SIGTERM) {
            kernel.because("we are told to end, and PID 1 hears no milder signal").kill(child, Signal::SIGKILL)?;
            told_to_end = Some(signal);
        }
    }
    let waited = kernel.because("the command's status shall be ours").wait4(child)?;
    Ok(told_to_end.map_or(waited.into(), |signal| ExitCode::from(128 + signal as u8)))
}
