//! The parent's page: what must be done from outside, before the child begins, while it runs and when it has ended.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use cgroup::Cgroup;
use groundwork::Kernel;
use groundwork::kernel::{Memory, Waited};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use unshare::born_to;
use unshare::namespace::is_known;
use unshare::user::{self, Maps};
use unshare::{Handshake, Namespace};

use crate::bundle::Bundle;
use crate::inside::{Asked, Outside, become_container};
use crate::limits;
use crate::relay::{self, Child, Signals};
use crate::report::{self, Failure, Heard, Listener};
use crate::spec::Spec;
use crate::start;
use crate::streams::Streams;

/// What became of a container.
#[derive(Debug)]
pub enum Outcome {
    /// Its program ended.
    Ended(Waited),
    /// There was no container.
    Failed(Failure),
    /// This process is another one by now, and only has to end with this status.
    Inside(ExitCode),
    /// It runs, and nobody of ours stays with it.
    Alone,
    /// It ran in the background, and this process stayed with it until its end.
    Stayed,
}

// ANCHOR: outside
/// Runs the container that `spec` asks for, and waits for its end.
///
/// `signals` are held before there is anything to be taken away. `started` is called once its program runs.
///
/// # Errors
/// Whatever the kernel refuses outside; what it refuses inside is [`Outcome::Failed`].
pub fn run(
    kernel: &Kernel,
    spec: &Spec,
    bundle: &Bundle,
    streams: &Streams,
    signals: &Signals,
    started: impl FnOnce() -> Result<()>,
) -> Result<Outcome> {
    let maps = user::is_needed().then(Maps::widest);
    // The walls around what is used stand before there is anybody to use it.
    let cgroup = make_cgroup(kernel, spec)?;
    let asked = Asked { spec, bundle, streams, cgroup: cgroup.as_ref(), maps: maps.as_ref() };
    let outcome = run_child(kernel, &asked, signals, started);
    if matches!(outcome, Ok(Outcome::Alone)) {
        return outcome;
    }
    clean_up(kernel, &asked, outcome)
}

fn run_child(
    kernel: &Kernel,
    asked: &Asked<'_>,
    signals: &Signals,
    started: impl FnOnce() -> Result<()>,
) -> Result<Outcome> {
    let (ready, ready_inside) = Handshake::pair()?;
    let (listener, speaker) = report::pair()?;
    // Before anybody is in it: should we be killed, whoever cleans up kills nobody in a cgroup that is not noted as ours.
    asked.cgroup.map_or(Ok(()), |cgroup| asked.bundle.note_cgroup(cgroup))?;
    let child = give_birth(kernel, asked, &|is_in_cgroup| {
        let_go([ready.as_fd(), listener.as_fd()]);
        inside(kernel, asked, &Outside { ready: &ready_inside, report: &speaker, is_in_cgroup })
    })?;
    drop((ready_inside, speaker));
    let started = || {
        asked.bundle.keep();
        started()
    };
    prepare(kernel, asked, &child, &ready)
        .and_then(|()| attend(kernel, &child, asked.streams, signals, &listener, started))
        .inspect_err(|_| child.end(kernel))
}
// ANCHOR_END: outside

fn make_cgroup(kernel: &Kernel, spec: &Spec) -> Result<Option<Cgroup>> {
    if !spec.has_cgroup {
        return Ok(None);
    }
    // Without limits a cgroup is a convenience, which an ordinary user may have to do without.
    if spec.limits.is_empty() {
        Cgroup::try_create(kernel, &spec.name)
    } else {
        Cgroup::create(kernel, &spec.name, &spec.limits).map(Some)
    }
}

fn give_birth(kernel: &Kernel, asked: &Asked<'_>, begin: &dyn Fn(bool) -> ExitCode) -> Result<Child> {
    // A process keeps its PID, its ids and its clocks for life: into these namespaces one must be born.
    let kinds = [Namespace::Pid, Namespace::Time, Namespace::User];
    let wanted = |kind: &&Namespace| match **kind {
        Namespace::User => asked.maps.is_some(),
        // Not before Linux 5.6.
        Namespace::Time => is_known(Namespace::Time),
        _ => true,
    };
    let flags = kinds.iter().filter(wanted).map(|kind| kind.flag()).collect();
    // Who waits for us needs us awake, and an init never gives back what it has borrowed.
    let memory = if asked.maps.is_some() || asked.spec.init { Memory::Copied } else { Memory::Borrowed };
    let (child, pidfd) = born_to(kernel, flags, asked.cgroup.and_then(Cgroup::birthplace), memory, begin)?;
    Ok(Child { pid: child, pidfd })
}

fn inside(kernel: &Kernel, asked: &Asked<'_>, outside: &Outside<'_>) -> ExitCode {
    // Before anything else: whatever becomes of us, we can be found.
    let ended = asked.bundle.note_running().and_then(|()| become_container(kernel, asked, outside));
    ended.unwrap_or_else(|error| start::give_up(kernel, outside.report, &error))
}

/// What only the parent needs: in the child nobody would notice its end. Not dropped, because the memory may be the parent's.
fn let_go(parents: [BorrowedFd<'_>; 2]) {
    for one in parents {
        let _ = nix::unistd::close(one.as_raw_fd());
    }
}

// ANCHOR: prepare
/// What the child waits for.
fn prepare(kernel: &Kernel, asked: &Asked<'_>, child: &Child, ready: &Handshake) -> Result<()> {
    let Some(maps) = asked.maps else { return Ok(()) };
    user::write_maps(kernel, Some(child.pid), maps)?;
    ready.release(kernel, "its ids are mapped: the child may begin")
}
// ANCHOR_END: prepare

/// Hears the child out, and stays with it until its program ends. What it says before that is heard at once where somebody
/// waits for it, and otherwise when there is another reason to wake.
///
/// # Errors
/// Those of [`relay::until_it_ends`].
pub fn attend(
    kernel: &Kernel,
    child: &Child,
    streams: &Streams,
    signals: &Signals,
    listener: &Listener,
    started: impl FnOnce() -> Result<()>,
) -> Result<Outcome> {
    if matches!(streams, Streams::Ours) && !kernel.is_rehearsing() {
        sleep_until_needed(child, signals)?;
    }
    let mut terminal = None;
    loop {
        match listener.hear(kernel, "the child speaks when it needs us, and falls silent when it is the program")? {
            Heard::Terminal(ours) => terminal = Some(ours),
            Heard::Failure(failure) => {
                child.wait(kernel)?;
                return Ok(Outcome::Failed(failure));
            }
            Heard::Silence | Heard::Started => break,
        }
    }
    started()?;
    if matches!(streams, Streams::Nowhere) {
        return Ok(Outcome::Alone);
    }
    relay::until_it_ends(kernel, child, signals, terminal).map(Outcome::Ended)
}

/// Sleeps until the child has ended, or a signal has come for it. Nobody waits for the beginning of a program without a
/// terminal or a log, and to wake us for it would hold the program up.
fn sleep_until_needed(child: &Child, signals: &Signals) -> Result<()> {
    let mut waiting = [child.pidfd.as_fd(), signals.as_fd()].map(|one| PollFd::new(one, PollFlags::POLLIN));
    while let Err(errno) = poll(&mut waiting, PollTimeout::NONE) {
        ensure!(errno == Errno::EINTR, errno);
    }
    Ok(())
}

// ANCHOR: clean_up
/// After the child, whatever became of it. The error that came first is the one to report.
fn clean_up(kernel: &Kernel, asked: &Asked<'_>, outcome: Result<Outcome>) -> Result<Outcome> {
    // EXERCISE run-3
    let removed = asked.cgroup.map_or(Ok(()), |cgroup| {
        limits::tell_what_was_refused(cgroup);
        cgroup.remove(kernel)
    });
    let outcome = outcome?;
    removed?;
    match &outcome {
        // Who would read the note? Its files go next.
        Outcome::Ended(waited) if !asked.spec.ephemeral => asked.bundle.note_ended(waited.status())?,
        _ => {}
    }
    Ok(outcome)
    // END run-3
}
// ANCHOR_END: clean_up
