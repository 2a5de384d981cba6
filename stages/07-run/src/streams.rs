//! Where the program's words go: a terminal of its own, a log, or where ours go.

use std::os::fd::{AsFd, OwnedFd, RawFd};

use anyhow::{Context, Result};
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::fcntl::OFlag;

use crate::report::Speaker;

/// Standard input, output and error of a container.
#[derive(Debug)]
pub enum Streams {
    /// Those of whoever asked for it.
    Ours,
    /// A terminal in the container's /dev/pts.
    Terminal,
    /// Nothing to read; what is written goes to this file.
    Log(OwnedFd),
}

// ANCHOR: take
/// Makes them this process's own, and nothing else the program's that comes next.
///
/// # Errors
/// Those of openat(2) and of the ioctls in ioctl_tty(2).
pub fn take(kernel: &Kernel, streams: &Streams, report: &Speaker) -> Result<()> {
    leave_three(kernel)?;
    kernel.because("a session of its own: ^C at our terminal is for us to pass on").setsid()?;
    match streams {
        Streams::Ours => Ok(()),
        Streams::Terminal => take_terminal(kernel, report),
        Streams::Log(log) => take_log(kernel, log),
    }
}

fn take_terminal(kernel: &Kernel, report: &Speaker) -> Result<()> {
    let ours = kernel
        .because("opened inside, so that its name in /dev/pts is true inside")
        .openat("/dev/ptmx", OFlag::O_RDWR | OFlag::O_NOCTTY)?;
    kernel.because("a new terminal is locked until its maker is ready").ioctl_tiocsptlck(ours.as_fd())?;
    let theirs = kernel.because("the other end, found without trusting a path").ioctl_tiocgptpeer(ours.as_fd())?;
    // While our standard input is still the terminal outside: the program shall not see a window without size.
    crate::terminal::fit(ours.as_fd());
    kernel.because("^C and ^Z at this terminal become signals for this session").ioctl_tiocsctty(theirs.as_fd())?;
    for number in 0..3 {
        kernel.because("the program reads from the terminal and writes to it").dup2(theirs.as_fd(), number)?;
    }
    report.hand_over(kernel, ours.as_fd())
}

fn take_log(kernel: &Kernel, log: &OwnedFd) -> Result<()> {
    let nothing = kernel.because("nobody will type anything").openat("/dev/null", OFlag::O_RDONLY)?;
    kernel.because("reading ends at once").dup2(nothing.as_fd(), 0)?;
    kernel.because("what it says is kept for `boxwright logs`").dup2(log.as_fd(), 1)?;
    kernel.because("its complaints too").dup2(log.as_fd(), 2)
}
// ANCHOR_END: take

/// Lets go of whatever whoever started us may be waiting on.
///
/// # Errors
/// Those of openat(2).
pub fn close_ours(kernel: &Kernel) -> Result<()> {
    let nothing =
        kernel.because("who started us may wait for the end of what they read").openat("/dev/null", OFlag::O_RDWR)?;
    (0..3)
        .try_for_each(|number| kernel.because("a copy of theirs is not to be kept open").dup2(nothing.as_fd(), number))
}

// ANCHOR: three
/// Leaves three descriptors to the program, whatever else whoever started us had open.
fn leave_three(kernel: &Kernel) -> Result<()> {
    let marked = kernel
        .because("a directory of the host, left open by whoever started us, would be a way out: execve closes it")
        .close_range_on_exec(3);
    if is_too_new(&marked) { close_each(is_inherited) } else { marked }
}

/// Closes all but three, in a process that stays what it is and needs nothing of ours any more.
///
/// # Errors
/// /proc is missing, before Linux 5.9.
pub fn keep_three(kernel: &Kernel) -> Result<()> {
    let closed = kernel
        .because("/proc/1/fd is open to everyone inside: nothing there may lead out, and PID 1 never calls execve")
        .close_range(3);
    if is_too_new(&closed) { close_each(|_| true) } else { closed }
}
// ANCHOR_END: three

fn is_too_new(asked: &Result<()>) -> bool {
    asked.as_ref().is_err_and(|error| matches!(Refused::errno_of(error), Some(Errno::ENOSYS | Errno::EINVAL)))
}

/// Those that execve(2) would leave open: nothing of ours, which is all opened with O_CLOEXEC.
fn is_inherited(descriptor: RawFd) -> bool {
    let about = std::fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).unwrap_or_default();
    let flags = about.lines().find_map(|line| i32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
    flags.is_some_and(|flags| flags & OFlag::O_CLOEXEC.bits() == 0)
}

fn close_each(which: impl Fn(RawFd) -> bool) -> Result<()> {
    let list = std::fs::read_dir("/proc/self/fd").context("cannot list what is open")?;
    let open: Vec<RawFd> = list.flatten().filter_map(|one| one.file_name().to_str()?.parse().ok()).collect();
    // EBADF: the descriptor that the list was read from.
    open.into_iter().filter(|one| *one > 2 && which(*one)).try_for_each(|one| match nix::unistd::close(one) {
        Err(Errno::EBADF) => Ok(()),
        closed => Ok(closed?),
    })
}
