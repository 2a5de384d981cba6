//! Descriptors that whoever started us left open: to a directory of the host, each is a way out that no pivot closes.

use std::os::fd::RawFd;

use anyhow::{Context, Result};
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::fcntl::OFlag;

// ANCHOR: three
/// Leaves three descriptors to the program that this process is about to become, whatever else was open.
///
/// # Errors
/// /proc is missing, before Linux 5.11.
pub fn leave_three(kernel: &Kernel) -> Result<()> {
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
        .close_range(3, u32::MAX);
    if is_too_new(&closed) { close_each(|_| true) } else { closed }
}

/// Closes all but three and `kept`, which the next execve(2) closes, whoever in this process may have them in hand: it is not
/// to return to where they are dropped.
///
/// # Errors
/// /proc is missing, before Linux 5.9.
pub fn close_all_but(kernel: &Kernel, kept: RawFd) -> Result<()> {
    let mut kept = [kernel.descriptors(), vec![kept]].concat();
    kept.sort_unstable();
    let mut first = 3;
    for last in kept.iter().map(|one| one.unsigned_abs() - 1).chain([u32::MAX]) {
        if first <= last {
            let closed = kernel
                .because(
                    "an open directory of the host is a way out, through /proc/self/fd, already for chdir and execve",
                )
                .close_range(first, last);
            if is_too_new(&closed) {
                return close_each(|one| !kept.contains(&one));
            }
            closed?;
        }
        first = last.saturating_add(2);
    }
    Ok(())
}

/// Closes what whoever started us left open, in a process that has begun its own work: all of ours is opened with O_CLOEXEC.
///
/// # Errors
/// /proc is missing.
pub fn close_inherited() -> Result<()> {
    close_each(is_inherited)
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
