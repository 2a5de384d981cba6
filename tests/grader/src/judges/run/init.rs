//! `run-2`: PID 1, who reaps orphans and passes signals on.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::bench::Bench;
use crate::checks::{Checks, Judged, Stop};
use crate::process::Process;
use crate::sandbox::Running;

use super::super::reach::reached;

/// Orphans that end while PID 1 does not look.
const ORPHANS: usize = 5;
/// How long what is promised may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Told so, it makes orphans that end at once, and says when it has; then it ends with a status of its own.
const PARENT: &str =
    "echo $0; read go; for one in 1 2 3 4 5; do (true &); done; echo made-$0; read on; echo on-$0; read end; exit 7";
/// Has something to say to SIGTERM.
const LISTENER: &str = "trap 'echo heard-$0; exit 9' TERM; echo $0; sleep 1000 & wait";

pub(super) fn init(bench: &Bench, checks: &mut Checks) -> Judged {
    reaps(bench, checks)?;
    passes_on(bench, checks)?;
    let word = bench.nonce("ordinary");
    let command = ["run", "--rm", "--init", bench.shared_root(), "--", "sh", "-c", "echo $0; kill -9 $$", &word];
    let ran = bench.call("boxwright", command).with("BOXWRIGHT_HOME", "/work/mine").run()?;
    checks
        .check("a program that is killed by signal 9 ends with status 137, for an ordinary user too")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("who looks at the status must be able to tell how it ended")
        .mistake("status-lost")
        .also(ran.status() == Some(137) && ran.output.trim() == word);
    Ok(())
}

fn start<'a>(bench: &'a Bench, checks: &mut Checks, script: &str) -> Judged<(Running<'a>, Process, String)> {
    let word = bench.nonce("here");
    let command = ["run", "--rm", "--init", bench.shared_root(), "--", "sh", "-c", script, &word];
    let mut running = bench.call("boxwright", command).as_root().start()?;
    reached(checks, &mut running, &word, |_| None)?;
    let first = running.process().and_then(|parent| parent.children().first().copied());
    Ok((running, first.ok_or(Stop::Failed)?, word))
}

fn zombies(first: Process) -> usize {
    let is_dead = |child: &Process| child.status("State").is_some_and(|state| state.starts_with('Z'));
    first.children().iter().filter(|child| is_dead(child)).count()
}

/// Looks until it is so, or has had its time.
fn becomes(is_so: impl Fn() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    while !is_so() && Instant::now() < end {
        std::thread::yield_now();
    }
    is_so()
}

fn reaps(bench: &Bench, checks: &mut Checks) -> Judged {
    let (mut running, first, word) = start(bench, checks, PARENT)?;
    let tell = |signal| {
        // It may be gone, which is seen later.
        let _ = kill(Pid::from_raw(first.0.cast_signed()), signal);
    };
    // Meanwhile all of them end: to PID 1 that is one signal.
    tell(Signal::SIGSTOP);
    running.say("go");
    let made = running.line_with(&format!("made-{word}")).is_some() && becomes(|| zombies(first) == ORPHANS);
    tell(Signal::SIGCONT);
    becomes(|| zombies(first) == 0);
    let left = zombies(first);
    // Who has reaped the last one still has to decide what that means: to wait on, or to end.
    becomes(|| first.status("State").is_none_or(|state| !state.starts_with('R')));
    running.say("on");
    let goes_on = running.line_with(&format!("on-{word}")).is_some();
    checks
        .check("who is orphaned and ends does not end the container")
        .did(running.command())
        .saw(format!("{ORPHANS} orphans have ended; PID 1 is {}", first.status("State").unwrap_or_default()))
        .means("the program still runs, and with PID 1 the kernel ends everybody")
        .mistake("ends-with-anybody")
        .must(made && goes_on)?;
    checks
        .check("orphans that have ended are reaped")
        .worth(2)
        .did(running.command())
        .saw(format!("of {ORPHANS} orphans that ended at the same moment, {left} are still there, as zombies"))
        .means("each of them keeps its PID until somebody asks how it ended, and nobody else will")
        .mistake_if(left < ORPHANS, "one-a-signal")
        .mistake("never-reaps")
        .must(left == 0)?;
    let ran = running.end();
    checks
        .check("the container ends with its program, and with the program's status")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the program said 7")
        .mistake("status-lost")
        .also(ran.status() == Some(7));
    Ok(())
}

fn passes_on(bench: &Bench, checks: &mut Checks) -> Judged {
    let (mut running, _, word) = start(bench, checks, LISTENER)?;
    let Some(parent) = running.process() else { return Err(Stop::Failed) };
    kill(Pid::from_raw(parent.0.cast_signed()), Signal::SIGTERM)?;
    let heard = running.line_with(&format!("heard-{word}")).is_some();
    let ran = if heard { running.end() } else { running.kill() };
    checks
        .check("a signal for the container reaches the program")
        .worth(2)
        .did(&ran.command)
        .saw(format!("after SIGTERM to boxwright the program {}", if heard { "heard it" } else { "heard nothing" }))
        .means("a signal has no default effect on PID 1: one that it does not pass on is lost")
        .mistake("passes-nothing-on")
        .must(heard)?;
    checks
        .check("and the status that it then ends with comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the program said 9")
        .mistake("status-lost")
        .also(ran.status() == Some(9));
    Ok(())
}
