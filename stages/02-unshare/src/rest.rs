//! What else unshare(2) can separate: things that fork(2) copies, and that clone(2) can be asked to share.
//!
//! Threads share all three. So do the processes of a few old programs, and then chdir(2) in one of them moves the others.

use std::os::fd::IntoRawFd;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use groundwork::Kernel;
use groundwork::kernel::{Born, IpcId, Key, Wanted};
use nix::fcntl::OFlag;
use nix::sched::CloneFlags;

/// What clone(2) can leave shared although the new process has memory of its own.
pub const REST: CloneFlags = CloneFlags::CLONE_FS.union(CloneFlags::CLONE_FILES).union(CloneFlags::CLONE_SYSVSEM);

// ANCHOR: rest
/// Working directory, root directory and umask of this process alone.
///
/// # Errors
/// ENOMEM.
pub fn own_directories(kernel: &Kernel) -> Result<()> {
    kernel
        .because("working directory, root and umask are one thing to the kernel: chdir here would move the others too")
        .unshare(CloneFlags::CLONE_FS)
}

/// Descriptors of this process alone.
///
/// # Errors
/// ENOMEM.
pub fn own_descriptors(kernel: &Kernel) -> Result<()> {
    kernel
        .because("in a shared table of descriptors, whatever is opened or closed here is opened or closed there")
        .unshare(CloneFlags::CLONE_FILES)
}

/// A list of semaphore changes to undo that ends with this process alone.
///
/// # Errors
/// None for valid flags.
pub fn own_undo_list(kernel: &Kernel) -> Result<()> {
    kernel
        .because("changes made with SEM_UNDO are undone when the last process ends that shares the list of them")
        .unshare(CloneFlags::CLONE_SYSVSEM)
}
// ANCHOR_END: rest

/// What a process sees of itself after a child of its has changed everything it could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its working directory; the child has gone to /proc.
    pub directory: PathBuf,
    /// Its umask; the child has set 077.
    pub umask: u32,
    /// How many of the files are open here that the child has opened.
    pub descriptors: usize,
    /// The value of a semaphore to which the child has added 1 with SEM_UNDO before it ended.
    pub semaphore: i32,
}

/// Which process comes back from a trial.
pub enum Side {
    /// The parent, with what it saw.
    Parent(Seen),
    /// The child, which has done its part; or the parent of one that has failed and said why.
    Over(ExitCode),
}

// ANCHOR: watch
/// Starts a child that shares everything in [`REST`] and, when `separate`, first unshares it; then looks what has become
/// of this process. In an IPC namespace of its own it leaves no semaphore behind.
///
/// # Errors
/// Those of the calls made.
pub fn watch(kernel: &Kernel, separate: bool) -> Result<Side> {
    kernel.because("each trial starts from here").chdir("/")?;
    kernel.because("and with this mask").umask(0o022)?;
    let new = Wanted::New(0o600);
    let semaphore = kernel.because("a semaphore at 0, for the child to change").semget(Key(None), 1, new)?;
    let open_before = descriptors()?;
    match kernel.because("a child with memory of its own, and the rest shared").clone(REST)? {
        Born::Child => {
            if separate {
                own_directories(kernel)?;
                own_descriptors(kernel)?;
                own_undo_list(kernel)?;
            }
            change_everything(kernel, semaphore).map(|()| Side::Over(ExitCode::SUCCESS))
        }
        Born::Parent { child, pidfd } => {
            drop(pidfd);
            let ended = kernel.because("what is left when the child has ended?").wait4(child)?;
            if ended.status() != 0 {
                return Ok(Side::Over(ended.into()));
            }
            let descriptors = descriptors()?.saturating_sub(open_before);
            let semaphore = kernel.because("undone, or not?").semctl_getval(semaphore)?;
            let directory = std::env::current_dir().context("getcwd")?;
            Ok(Side::Parent(Seen { directory, umask: umask()?, descriptors, semaphore }))
        }
    }
}

fn change_everything(kernel: &Kernel, semaphore: IpcId) -> Result<()> {
    kernel.because("a step that whoever shares the working directory takes too").chdir("/proc")?;
    kernel.because("a mask that hides new files from everyone else").umask(0o077)?;
    let file = kernel.because("a file that whoever shares the descriptors has open too");
    // Left open when this process ends: only a table that is shared keeps it.
    let _ = file.openat("/dev/null", OFlag::O_RDONLY)?.into_raw_fd();
    kernel.because("one more, to be undone when nobody is left who shares the list").semop_undo(semaphore, 1)
}
// ANCHOR_END: watch

fn descriptors() -> Result<usize> {
    Ok(std::fs::read_dir("/proc/self/fd").context("cannot read /proc/self/fd; is /proc mounted?")?.count())
}

/// Read without changing it, which umask(2) cannot do.
fn umask() -> Result<u32> {
    let status = std::fs::read_to_string("/proc/self/status").context("cannot read /proc/self/status")?;
    let mask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    u32::from_str_radix(mask.context("no line Umask, which came with Linux 4.7")?.trim(), 8).context("Umask")
}
