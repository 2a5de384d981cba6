//! Going where a process is: all its namespaces in one call of setns(2), and its root directory.

use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use anyhow::{Context, Result};
use groundwork::refusal::WithHint;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sched::CloneFlags;
use nix::unistd::Pid;
use unshare::{Namespace, user};

use crate::in_turn::{Opened, enter_in_turn};
use crate::inside::{become_root, may_drop_groups};
use crate::inspect::WHO_MAY_LOOK;
use crate::link::{Identity, link};

// ANCHOR: enter_process
/// Brings this process into those of the namespaces `kinds` of process `pid` that it is not in already.
///
/// With the mount namespace comes the root directory of `pid`; with the user namespace, its id 0.
/// A PID namespace takes only children: the caller forks afterwards.
///
/// # Errors
/// ESRCH when there is no such process; EPERM without CAP_SYS_ADMIN in the owner of a namespace: see setns(2).
pub fn enter_process(kernel: &Kernel, pid: Pid, kinds: &[Namespace]) -> Result<()> {
    let kinds = to_enter(pid, kinds);
    if kinds.is_empty() {
        return Ok(());
    }
    let held = take_hold(kernel, pid)?;
    enter_held(kernel, pid, held.as_ref(), &kinds)
}

/// Enters `kinds`, in none of which this process is yet: see [`to_enter`]. `held` is the pidfd of process `pid`, or none on a
/// kernel without pidfds.
///
/// # Errors
/// As for [`enter_process`].
pub fn enter_held(kernel: &Kernel, pid: Pid, held: Option<&OwnedFd>, kinds: &[Namespace]) -> Result<()> {
    // EXERCISE enter-2
    let drops_groups = may_drop_groups(&pid.to_string());
    let root = kinds.contains(&Namespace::Mount).then(|| open_root(kernel, pid)).transpose()?;
    enter_at_once(kernel, pid, held, kinds)?;
    if let Some(root) = root {
        take_root(kernel, &root)?;
        rehearse_root_of(kernel, pid);
    }
    if kinds.contains(&Namespace::User) { become_root(kernel, drops_groups) } else { Ok(()) }
    // END enter-2
}
// ANCHOR_END: enter_process

/// Those of `kinds` that process `pid` does not share with this one, and the user namespace that gives the right to them.
///
/// Joining what one is in already is refused for a user namespace (EINVAL), and for the others of no use.
pub fn to_enter(pid: Pid, kinds: &[Namespace]) -> Vec<Namespace> {
    let is_elsewhere = |kind: &Namespace| match Identity::of_process(pid, *kind) {
        Ok(theirs) => Some(theirs) != Identity::of_caller(*kind),
        // Not ours to see: the kernel will say what is wrong.
        Err(_) => true,
    };
    let mut elsewhere: Vec<_> = kinds.iter().copied().filter(is_elsewhere).collect();
    let lacks_rights = !elsewhere.is_empty() && user::is_needed();
    if lacks_rights && !elsewhere.contains(&Namespace::User) && is_elsewhere(&Namespace::User) {
        elsewhere.insert(0, Namespace::User);
    }
    elsewhere
}

/// None on a kernel without pidfds.
fn take_hold(kernel: &Kernel, pid: Pid) -> Result<Option<OwnedFd>> {
    let reason = "a PID is given away again; this descriptor means that process and no other";
    match kernel.because(reason).pidfd_open(pid) {
        Err(error) if Refused::errno_of(&error) == Some(Errno::ENOSYS) => Ok(None),
        opened => opened.map(Some).with_context(|| format!("cannot take hold of process {pid}")),
    }
}

// ANCHOR: at_once
fn enter_at_once(kernel: &Kernel, pid: Pid, pidfd: Option<&OwnedFd>, kinds: &[Namespace]) -> Result<()> {
    let Some(pidfd) = pidfd else {
        return enter_in_turn(kernel, open_links(kernel, pid, kinds)?);
    };
    let flags = kinds.iter().fold(CloneFlags::empty(), |all, kind| all | kind.flag());
    let entered = kernel
        .because("one call, all or nothing: each kind is checked with the rights this process has before it")
        .setns(pidfd.as_fd(), flags);
    match entered {
        // Before Linux 5.8 setns(2) took no pidfd. Where the reason is another one, the turn tells which kind has it.
        Err(error) if Refused::errno_of(&error) == Some(Errno::EINVAL) => {
            enter_in_turn(kernel, open_links(kernel, pid, kinds)?)
        }
        entered => entered,
    }
}
// ANCHOR_END: at_once

/// All of them before the first is entered: another mount namespace has another /proc.
fn open_links(kernel: &Kernel, pid: Pid, kinds: &[Namespace]) -> Result<Vec<Opened>> {
    let open = |kind: &Namespace| {
        let reason = "opened before anything is entered: inside, this /proc may be out of reach";
        let file = kernel.because(reason).openat_namespace(link(pid, *kind)).hint_with(who_may_look)?;
        Ok(Opened { kind: *kind, file })
    };
    kinds.iter().map(open).collect()
}

// ANCHOR: take_root
/// Before setns(2), which succeeds only while the process lives: so the PID still meant it here.
fn open_root(kernel: &Kernel, pid: Pid) -> Result<OwnedFd> {
    kernel
        .because("a process may have a narrower root than its mount namespace: see chroot(2)")
        .openat(format!("/proc/{pid}/root"), OFlag::O_PATH | OFlag::O_DIRECTORY)
        .hint_with(who_may_look)
}

/// setns(2) starts paths at the root of the mount namespace, not at that of the process one wants to be with.
fn take_root(kernel: &Kernel, root: &OwnedFd) -> Result<()> {
    kernel.because("the descriptor leads there whatever paths mean by now").fchdir(root.as_fd())?;
    kernel.because("paths shall begin where they begin for that process").chroot(".")
}
// ANCHOR_END: take_root

fn rehearse_root_of(kernel: &Kernel, pid: Pid) {
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    let root = if std::fs::read_dir(&root).is_ok() { root } else { PathBuf::from("/") };
    kernel.rehearse_root(vec![root]);
}

pub(crate) fn who_may_look(error: &anyhow::Error) -> Option<String> {
    (Refused::errno_of(error) == Some(Errno::EACCES)).then(|| WHO_MAY_LOOK.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_with_a_process_is_not_entered() {
        assert_eq!(to_enter(Pid::this(), &Namespace::ALL), []);
    }

    #[test]
    fn of_a_process_that_cannot_be_seen_nothing_is_taken_as_shared() {
        let nobody = Pid::from_raw(crate::inspect::LARGEST_PID);
        assert_eq!(to_enter(nobody, &Namespace::ALL), Namespace::ALL);
    }
}
