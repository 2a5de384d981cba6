//! A child that goes in, and a parent that waits outside: for namespaces that only a newborn is in.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use groundwork::{Kernel, Refused, cli};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{ForkResult, Pid};

use crate::handshake::{Abandoned, Handshake};

// ANCHOR: in_child
/// Runs `inside` in a child of this process, and waits for its end.
///
/// # Errors
/// Those of fork(2), and, in the child, those of `inside`.
pub fn in_child(kernel: &Kernel, reason: &'static str, inside: impl FnOnce() -> Result<ExitCode>) -> Result<ExitCode> {
    // EXERCISE child-1
    let (outer, inner) = Handshake::pair()?;
    match kernel.because(reason).fork()? {
        ForkResult::Child => {
            drop(outer);
            quietly(die_with(kernel, &inner).and_then(|()| inside()))
        }
        ForkResult::Parent { child } => {
            drop(inner);
            wait_outside(kernel, child)
        }
    }
    // END child-1
}
// ANCHOR_END: in_child

// ANCHOR: die_with_parent
/// Ends this process when its parent ends, so that nothing inside outlives the one who asked for it.
///
/// A change of ids takes the wish back, and so does executing a set-user-ID program: see PR_SET_PDEATHSIG(2const).
///
/// # Errors
/// None that a caller can cause.
pub fn die_with_parent(kernel: &Kernel) -> Result<()> {
    // EXERCISE child-1
    kernel.because("if the parent is killed, nobody would clean up after us").prctl_set_pdeathsig(Signal::SIGKILL)
    // END child-1
}

/// The same, also when the parent, who holds the other side of `parent`, has ended before the kernel knew the wish.
///
/// # Errors
/// [`Abandoned`].
pub fn die_with(kernel: &Kernel, parent: &Handshake) -> Result<()> {
    die_with_parent(kernel)?;
    ensure!(!parent.is_abandoned(), Abandoned);
    Ok(())
}

/// Takes that wish back: from here on, this process may stay behind.
///
/// # Errors
/// None.
pub fn outlive_parent(kernel: &Kernel) -> Result<()> {
    kernel.because("whoever asked for us leaves, and does not end us by that").prctl_clear_pdeathsig()
}
// ANCHOR_END: die_with_parent

/// Waits for the end of the child that runs the command, and lets Ctrl-C be for the command.
///
/// # Errors
/// ECHILD when it is no child of this process.
pub fn wait_outside(kernel: &Kernel, child: Pid) -> Result<ExitCode> {
    kernel
        .because("the terminal sends Ctrl-C and Ctrl-\\ to parent and child: what they mean, the command decides")
        .sigprocmask_block(&[Signal::SIGINT, Signal::SIGQUIT])?;
    Ok(kernel.because("the command's status shall be ours").wait4(child)?.into())
}

/// What tells a program to end, and what tells its parent that it has.
const AWAITED: [Signal; 5] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGCHLD];

// ANCHOR: pass_on
/// Before [`pass_on`], as long as the child does not depend on it: from here on no signal ends this process before it.
///
/// # Errors
/// None for valid signals.
pub fn hold_signals(kernel: &Kernel) -> Result<()> {
    kernel
        .because("whoever ends us means the child, which may have something to take away first: it shall hear of it")
        .sigprocmask_block(&AWAITED)
}

/// Waits for the end of the child, and tells it to end when this process is told so.
///
/// # Errors
/// ECHILD when it is no child of this process.
pub fn pass_on(kernel: &Kernel, child: Pid) -> Result<ExitCode> {
    let awaited: SigSet = AWAITED.into_iter().collect();
    // In a rehearsal no signal waits for us.
    while !kernel.is_rehearsing() && !has_ended(child) {
        let signal = awaited.wait().context("sigwait(3)")?;
        // What a terminal sends for Ctrl-C has reached the child too.
        if matches!(signal, Signal::SIGHUP | Signal::SIGTERM) {
            let told = kernel.because("we are told to end, and it is the child that is meant").kill(child, signal);
            // EPERM: it has taken an id that is not ours, and nothing that it could leave behind.
            if !told.as_ref().is_err_and(|error| Refused::errno_of(error) == Some(Errno::EPERM)) {
                told?;
            }
        }
    }
    Ok(kernel.because("the command's status shall be ours").wait4(child)?.into())
}
// ANCHOR_END: pass_on

/// True when the child has ended, and nobody has asked for its status yet.
pub fn has_ended(child: Pid) -> bool {
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    !matches!(waitid(Id::Pid(child), look), Ok(WaitStatus::StillAlive) | Err(Errno::EINTR))
}

/// Waits, in the manner of `attend`, for a child that was, or was not, `prepared` for what it has to do; `line` leads to it.
///
/// # Errors
/// What went wrong while preparing, unless the child has ended and said why itself.
pub fn see_out(line: Handshake, prepared: Result<()>, attend: impl FnOnce() -> Result<ExitCode>) -> Result<ExitCode> {
    // A child that still waits learns by the closed line that nobody will release it.
    let line = prepared.is_ok().then_some(line);
    let ended = attend();
    drop(line);
    match prepared {
        Err(error) if !error.is::<Abandoned>() => Err(error),
        _ => ended,
    }
}

/// In a child: says nothing of an error that its parent has already said.
pub fn quietly(done: Result<ExitCode>) -> Result<ExitCode> {
    match done {
        Err(error) if error.is::<Abandoned>() => Ok(ExitCode::from(cli::OWN_FAILURE)),
        done => done,
    }
}
