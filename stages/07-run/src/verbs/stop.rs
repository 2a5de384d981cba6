//! `boxwright stop` and `kill`: a request, a deadline, and an end.

use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use crate::bundle::Bundle;
use crate::limits;
use crate::state::{Process, Running, Standing};
use crate::verbs::running;

const STOPPED: &str = "\
Examples:
  boxwright stop web              SIGTERM, and ten seconds later SIGKILL
  boxwright stop --time 0 a b c   at once

What to know:
  - SIGTERM does nothing to a PID 1 that has no handler for it: the kernel shields it. `boxwright
    run --init` puts a process there that passes the signal on.
  - The container stays, with what it has written: `boxwright rm` removes it.

See also: kill(2), signal(7), pid_namespaces(7)";

/// Ask a container to end, and end it when it does not
#[derive(Args, Debug)]
#[command(after_help = STOPPED)]
pub struct Stop {
    /// How many seconds to wait between SIGTERM and SIGKILL
    #[arg(short, long, default_value_t = 10, value_name = "SECONDS")]
    time: u64,
    /// The container
    #[arg(required = true)]
    names: Vec<String>,
}

const KILLED: &str = "\
Examples:
  boxwright kill web                 SIGKILL: its PID 1 ends, and everyone with it
  boxwright kill --signal HUP web    for a program that reads its settings again

What to know:
  - A signal goes to the first process. One that it has no handler for does nothing to it, SIGKILL
    and SIGSTOP from outside excepted.

See also: kill(2), signal(7), pid_namespaces(7)";

/// Send a signal to a container's first process
#[derive(Args, Debug)]
#[command(after_help = KILLED)]
pub struct Kill {
    /// The signal, by name or number
    #[arg(short, long, default_value = "KILL")]
    signal: String,
    /// The container
    #[arg(required = true)]
    names: Vec<String>,
}

pub(super) fn stop(kernel: &Kernel, options: &Stop) -> Result<ExitCode> {
    for name in &options.names {
        let (bundle, running) = running(name)?;
        if limits::is_paused(&running) {
            limits::of(&bundle, &running)?.thaw(kernel)?;
        }
        signal(kernel, running.process, Signal::SIGTERM, "a program that wants to tidy up gets the chance")?;
        // Nobody hears a rehearsal: it tells of the deadline and does not wait for it.
        if kernel.is_rehearsing() || !has_ended(running.process, Duration::from_secs(options.time))? {
            end(kernel, &bundle)?;
        }
        await_parent(kernel, &bundle)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn kill(kernel: &Kernel, options: &Kill) -> Result<ExitCode> {
    let asked = parse(&options.signal)?;
    for name in &options.names {
        let (_, running) = running(name)?;
        signal(kernel, running.process, asked, "this signal was asked for")?;
        if asked == Signal::SIGKILL {
            limits::let_end(kernel, &running)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Ends a container at once, and waits until its parent has cleaned up.
fn end(kernel: &Kernel, bundle: &Bundle) -> Result<()> {
    if let Standing::Running(running) = bundle.standing()? {
        end_soon(kernel, &running)?;
        await_end(kernel, running.process)?;
    }
    await_parent(kernel, bundle)
}

/// Tells the kernel to end a container, and does not wait for it.
pub(super) fn end_soon(kernel: &Kernel, running: &Running) -> Result<()> {
    let reason = "when PID 1 is killed, the kernel kills everyone in its namespace";
    signal(kernel, running.process, Signal::SIGKILL, reason)?;
    limits::let_end(kernel, running)
}

/// Waits until a container's first process has ended, which is after all others in it. Its parent may not live to see that.
pub(super) fn await_end(kernel: &Kernel, process: Process) -> Result<()> {
    while !kernel.is_rehearsing() && !has_ended(process, Duration::from_secs(60))? {}
    Ok(())
}

/// Waits until whoever attends to the container has cleaned up, if anybody was really ended.
pub(super) fn await_parent(kernel: &Kernel, bundle: &Bundle) -> Result<()> {
    if kernel.is_rehearsing() { Ok(()) } else { bundle.await_parent() }
}

fn signal(kernel: &Kernel, process: Process, signal: Signal, reason: &'static str) -> Result<()> {
    let held = kernel.because("held like this, the PID cannot come to mean another process").pidfd_open(process.pid());
    let Some(pidfd) = unless_it_has_ended(held)? else { return Ok(()) };
    // Only now is it certain whom we hold.
    if !process.is_alive() {
        return Ok(());
    }
    unless_it_has_ended(kernel.because(reason).pidfd_send_signal(pidfd.as_fd(), signal)).map(drop)
}

/// Whom one wants to end may be faster.
fn unless_it_has_ended<T>(asked: Result<T>) -> Result<Option<T>> {
    match asked {
        Err(error) if Refused::errno_of(&error) == Some(Errno::ESRCH) => Ok(None),
        asked => asked.map(Some),
    }
}

/// Waits until a process has ended. False when it takes longer than that.
fn has_ended(process: Process, most: Duration) -> Result<bool> {
    let Some(pid) = rustix::process::Pid::from_raw(process.pid) else { return Ok(true) };
    let Ok(pidfd) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) else { return Ok(true) };
    let deadline = Instant::now() + most;
    while process.is_alive() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        let timeout = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(true)
}

fn parse(text: &str) -> Result<Signal> {
    let name = text.to_ascii_uppercase();
    let by_number = text.parse::<i32>().ok().and_then(|number| Signal::try_from(number).ok());
    let by_name = || [name.clone(), format!("SIG{name}")].iter().find_map(|name| name.parse().ok());
    match by_number.or_else(by_name) {
        Some(signal) => Ok(signal),
        None => bail!("{text:?} is no signal; name one, such as TERM, or give its number"),
    }
}
