//! Being PID 1: every orphan becomes its child, and no signal has a default effect on it. See pid_namespaces(7).

use std::process::ExitCode;

use anyhow::Result;
use groundwork::{Kernel, Program};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};
use rustix::stdio::stdin;

use crate::report::Speaker;

// ANCHOR: run
/// Runs the program as a child, passes signals on to it, and reaps whoever is orphaned, until it ends.
///
/// # Errors
/// Those of fork(2), and, in the child, those of setsid(2) and execve(2).
pub fn run(kernel: &Kernel, program: &Program, report: &Speaker) -> Result<ExitCode> {
    if report.has_terminal() {
        // Before signals wait: the SIGHUP of this moment means nothing to a PID 1 that has no handler for it.
        kernel.because("^C shall reach the program, and not us too, who would pass it on").ioctl_tiocnotty(stdin())?;
    }
    // A signal that comes before we are ready waits for us.
    let mut before = SigSet::empty();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), Some(&mut before))?;
    match kernel.because("PID 1 stays with us: it reaps the orphans and passes signals on").fork()? {
        ForkResult::Child => {
            before.thread_set_mask()?;
            if report.has_terminal() {
                // In our session, a group of its own would be stopped by ^Z, and nobody would be there to continue it.
                kernel.because("the terminal goes from one session to another").setsid()?;
                kernel.because("^C at this terminal is for the program alone").ioctl_tiocsctty(stdin())?;
            }
            program.exec(kernel)
        }
        ForkResult::Parent { child } => {
            // Only the program's own silence is to be heard outside.
            report.fall_silent();
            kernel
                .because("who enters this container later finds its namespaces by looking at PID 1")
                .prctl_set_dumpable()?;
            pivot::keep_three(kernel)?;
            end(serve(child))
        }
    }
}

fn serve(child: Pid) -> Result<u8> {
    // EXERCISE run-2
    loop {
        match SigSet::all().wait()? {
            Signal::SIGCHLD => {
                if let Some(status) = reap(child)? {
                    return Ok(status);
                }
            }
            // The child may be gone already; its SIGCHLD is on its way.
            signal => drop(kill(child, signal)),
        }
    }
    // END run-2
}

/// Collects everyone who has ended: one SIGCHLD may stand for several. Gives the program's status once it has.
fn reap(program: Pid) -> Result<Option<u8>> {
    // EXERCISE run-2
    let mut status = None;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) if pid == program => status = Some(code as u8),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == program => status = Some(128 + signal as u8),
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return Ok(status),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    // END run-2
}
// ANCHOR_END: run

#[expect(clippy::exit, reason = "on the way back to main it would close, once more, what it has closed already")]
fn end(status: Result<u8>) -> ! {
    let status = status.unwrap_or_else(|error| {
        groundwork::cli::report(&error);
        groundwork::cli::OWN_FAILURE
    });
    std::process::exit(status.into())
}
