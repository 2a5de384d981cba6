//! `cgroup-2`: a freeze that has happened when it says so.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::Ran;

use super::super::reach::reached;
use super::{text_of, value};

/// How often it is looked at: who does not wait is lucky at times.
const TIMES: usize = 5;
/// Busy, with so little CPU time that it takes a while to be stopped.
const SLOWLY: &str = "echo $0; while :; do :; done";

pub(super) fn freeze(bench: &Bench, checks: &mut Checks) -> Judged {
    let (name, word) = (bench.nonce("red"), bench.nonce("here"));
    let arguments = ["--quiet", "--cpus", "0.05", "--name", &name, "--", "sh", "-c", SLOWLY, &word];
    let mut running = bench.call(&bench.reference("limit"), arguments).as_root().start()?;
    let inside = reached(checks, &mut running, &word, |_| None)?;
    let found = rounds(bench, checks, &name, inside);
    // It may be frozen still, and then no signal but this one is heard.
    bench.call(&bench.reference("kill-cgroup"), [format!("boxwright/{name}")]).as_root().run()?;
    let ran = running.end();
    found?;
    checks
        .check("a frozen command can still be killed")
        .did("kill-cgroup")
        .saw(ran.in_words())
        .means("somebody is stopped for good")
        .also(ran.status() == Some(137));
    Ok(())
}

fn rounds(bench: &Bench, checks: &mut Checks, name: &str, inside: Process) -> Judged {
    let target = format!("boxwright/{name}");
    for round in 0..TIMES {
        let ran = bench.call("freeze", [&target]).as_root().run()?;
        let events = text_of(bench, name, "cgroup.events").unwrap_or_default();
        let asked = text_of(bench, name, "cgroup.freeze").unwrap_or_default();
        let state = inside.status("State").unwrap_or_default();
        let is_stopped = state.starts_with('T') || is_told_to_stop(inside);
        let saw = format!("cgroup.freeze says {asked}; cgroup.events says {events:?}; process {} is {state}", inside.0);
        let is_frozen_at_once = value(&events, "frozen") == Some(1);
        let is_last = round + 1 == TIMES || !is_frozen_at_once;
        if asked != "1" || is_last {
            asked_for(checks, &ran, &asked, &format!("{saw}\n{}", ran.in_words()), is_stopped)?;
        }
        if is_last {
            return at_once(bench, checks, (&ran.command, &saw), is_frozen_at_once);
        }
        bench.call(&bench.reference("thaw"), [&target]).as_root().run()?;
    }
    Ok(())
}

fn asked_for(checks: &mut Checks, ran: &Ran, asked: &str, saw: &str, is_stopped: bool) -> Judged {
    checks
        .check("the kernel was asked to freeze the cgroup")
        .did(&ran.command)
        .saw(saw)
        .means("the processes may stand still, but the cgroup is not frozen: a child that is born now runs")
        .mistake_if(is_stopped, "stopped-instead")
        .mistake_if(ran.errors.contains("EINVAL"), "other-word")
        .must(asked == "1")
}

fn at_once(bench: &Bench, checks: &mut Checks, (did, saw): (&str, &str), is_frozen: bool) -> Judged {
    checks
        .check("when freeze comes back, everybody has stopped")
        .worth(3)
        .did(did)
        .saw(saw)
        .means("to write the file is to ask; who goes on at once takes pictures of something that still moves")
        .mistake("no-wait")
        .must(is_frozen)?;
    let nobody = bench.call("freeze", [format!("boxwright/{}", bench.nonce("nobody"))]).as_root().run()?;
    checks
        .check("a cgroup that is not there cannot be frozen")
        .did(&nobody.command)
        .saw(nobody.in_words())
        .means("what was not done is said to be done")
        .also(nobody.status() == Some(125));
    Ok(())
}

/// True when a SIGSTOP waits for the process until it has CPU time again: see "Signals" in proc_pid_status(5).
fn is_told_to_stop(process: Process) -> bool {
    const STOP: u64 = 1 << (nix::sys::signal::Signal::SIGSTOP as u64 - 1);
    let waiting = ["SigPnd", "ShdPnd"].into_iter().filter_map(|field| process.status(field));
    waiting.filter_map(|mask| u64::from_str_radix(&mask, 16).ok()).any(|mask| mask & STOP != 0)
}
