//! The inside of a sandbox: namespaces, a root of its own, and then PID 1, which starts what it is told to.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use anyhow::{Context, Result};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::socket::{MsgFlags, recv, send};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, sethostname, setsid};
use rustix::process::{DumpableBehavior, set_dumpable_behavior, set_parent_process_death_signal};

use super::cgroups::remove_below;
use super::plan::Plan;
use super::{agent, rooms};

/// What the outside hears, and what it answers.
pub(super) const ALONE: &str = "alone ";
pub(super) const GO: &str = "go";
pub(super) const READY: &str = "ready";

/// Becomes the sandbox that `plan` describes. Standard input is the line to the outside; the sandbox ends with it.
pub(super) fn become_sandbox(plan: &Plan) -> i32 {
    let stdin = std::io::stdin();
    let line = stdin.as_fd();
    match begin(plan, line) {
        Ok(status) => status,
        Err(error) => {
            say(line, &format!("{error:#}"));
            1
        }
    }
}

fn say(line: BorrowedFd<'_>, word: &str) {
    use std::os::fd::AsRawFd;
    // Nobody listens any more: then the end is near anyway.
    let _ = send(line.as_raw_fd(), word.as_bytes(), MsgFlags::MSG_NOSIGNAL);
}

/// What the outside says next; nothing once it is gone.
fn hear(line: BorrowedFd<'_>) -> Option<String> {
    use std::os::fd::AsRawFd;
    let mut bytes = [0; 256];
    let count = recv(line.as_raw_fd(), &mut bytes, MsgFlags::empty()).ok().filter(|count| *count > 0)?;
    Some(String::from_utf8_lossy(&bytes[..count]).into_owned())
}

fn begin(plan: &Plan, line: BorrowedFd<'_>) -> Result<i32> {
    // Ctrl-C at the grader must not reach us: we end in order when its end of the line is closed.
    setsid().context("setsid")?;
    if let Some(child) = forked()? {
        let _ = waitpid(child, None);
        // Also when the grader was killed, and cannot do it.
        plan.cleared.iter().for_each(|folder| remove_below(folder));
        return Ok(0);
    }
    set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).context("prctl(PR_SET_PDEATHSIG)")?;
    if plan.own_ids {
        unshare(CloneFlags::CLONE_NEWUSER).context("unshare(CLONE_NEWUSER)")?;
    }
    // New rights make a process secret to its own user; but somebody must map our ids, and look at us.
    set_dumpable_behavior(DumpableBehavior::Dumpable).context("prctl(PR_SET_DUMPABLE)")?;
    say(line, &format!("{ALONE}{}", nix::unistd::getpid()));
    if hear(line).as_deref() != Some(GO) {
        return Ok(0);
    }
    let all = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWCGROUP;
    unshare(all).context("unshare(mount, PID, IPC, UTS, network, cgroup)")?;
    match forked()? {
        Some(child) => Ok(stay_with(child, plan)),
        None => Ok(first_process(plan, line)),
    }
}

/// Waits until PID 1 has ended, and everybody with it. Who had a number of their own inside is a stranger outside, where nobody
/// but root may remove the cgroups that they have made: we may.
fn stay_with(child: Pid, plan: &Plan) -> i32 {
    // PID 1 reads the line, and ends with it.
    let _ = waitpid(child, None);
    plan.cgroups.iter().for_each(|(place, _)| remove_below(place));
    0
}

fn first_process(plan: &Plan, line: BorrowedFd<'_>) -> i32 {
    match furnish(plan) {
        Ok(()) => {
            say(line, READY);
            agent::serve(line);
            0
        }
        Err(error) => {
            say(line, &format!("{error:#}"));
            1
        }
    }
}

fn furnish(plan: &Plan) -> Result<()> {
    set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).context("prctl(PR_SET_PDEATHSIG)")?;
    set_dumpable_behavior(DumpableBehavior::Dumpable).context("prctl(PR_SET_DUMPABLE)")?;
    sethostname(&plan.hostname).context("sethostname")?;
    rooms::loopback_up().context("cannot bring up lo")?;
    rooms::furnish(plan)?;
    // Orphans come to us, and the kernel clears them away.
    ignore_children();
    Ok(())
}

#[expect(unsafe_code, reason = "no handler of ours runs; watched by what_a_sandbox_leaves_behind_is_named")]
fn ignore_children() {
    // SAFETY: ignoring a signal runs no code of ours.
    let _ = unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) };
}

/// The child's number, or nothing in the child.
#[expect(unsafe_code, reason = "fork(2) copies one thread; watched by the_inside_of_a_sandbox_has_one_thread")]
pub(super) fn forked() -> Result<Option<Pid>> {
    // SAFETY: the inside of a sandbox is entered before any thread is started, so that no lock can be held by another.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => Ok(None),
    }
}

/// A pair of ends that keeps words apart.
pub(crate) fn line() -> Result<(OwnedFd, OwnedFd)> {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC).context("socketpair")
}
