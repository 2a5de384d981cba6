//! `cgroup-1`: the walls stand before there is anybody to use them.

use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::{Ran, Running};

use super::super::reach::reached;
use super::{file_of, text_of};

/// How often the first instruction is looked at: who is late is not late every time.
const TIMES: usize = 6;
/// How long one may take to come in after its beginning.
const LATE: Duration = Duration::from_millis(500);
/// The shell's own words about where it is, and nothing that has to be started for it.
const WHERE: &str = "while read line; do echo $line; done </proc/self/cgroup";

pub(super) fn start(bench: &Bench, checks: &mut Checks) -> Judged {
    checks.leak_means("cgroup /", "left-behind");
    let (name, word) = (bench.nonce("red"), bench.nonce("here"));
    first_instruction(bench, checks)?;
    let script = "echo $0; read end; exit 7";
    let arguments = ["--pids", "17", "--name", &name, "--", "sh", "-c", script, &word];
    let mut running = bench.call("limit", arguments).as_root().start()?;
    let inside = reached(checks, &mut running, &word, |_| None)?;
    let most = text_of(bench, &name, "pids.max").unwrap_or_default();
    checks
        .check("the limit is the one that was asked for")
        .did(running.command())
        .saw(format!("pids.max of the cgroup says {most:?}, and not 17"))
        .means("the cgroup was made without its limits")
        .must(most == "17")?;
    let of_limit = |name: &str| file_of(bench, name, "pids.max").map(|file| file.with_file_name("cgroup.procs"));
    let listed = of_limit(&name).and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    checks
        .check("the command is inside")
        .worth(2)
        .did(running.command())
        .saw(format!("cgroup.procs has {:?}, the command is process {}", listed.trim(), inside.0))
        .means("the limit is there, and holds for nobody")
        .mistake("never-entered")
        .must(listed.lines().any(|line| line == inside.0.to_string()))?;
    checks
        .check("and nobody else")
        .did(running.command())
        .saw(format!("cgroup.procs has {:?}, the command is process {}", listed.trim(), inside.0))
        .means("limit is inside itself: its memory is counted, and nobody can remove the cgroup it sits in")
        .mistake("parent-too")
        .must(listed.lines().count() == 1)?;
    gone_afterwards(bench, checks, running, &name);
    Ok(())
}

fn gone_afterwards(bench: &Bench, checks: &mut Checks, running: Running<'_>, name: &str) {
    let ran = running.end();
    checks
        .check("the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("who runs a command wants to know how it ended")
        .also(ran.status() == Some(7));
    let left = file_of(bench, name, "cgroup.procs");
    checks
        .check("the cgroup is gone with the command")
        .did(&ran.command)
        .saw(left.as_ref().map_or_else(String::new, |file| format!("{} is still there", file.display())))
        .means("a cgroup outlives its processes")
        .mistake("left-behind")
        .also(left.is_none());
}

/// Where a command was when it ran its first instruction.
struct Begun {
    did: String,
    saw: String,
    was_inside: bool,
    /// To tell who comes late from who never comes.
    is_inside: bool,
}

fn first_instruction(bench: &Bench, checks: &mut Checks) -> Judged {
    let begun = match held(bench)? {
        Some(begun) => begun,
        None => often(bench)?,
    };
    checks
        .check("the command is inside when it runs its first instruction")
        .worth(3)
        .did(begun.did)
        .saw(begun.saw)
        .means("until it is inside, what it starts and what it allocates is counted for somebody else, and stays there")
        .mistake_if(begun.is_inside, "after-the-start")
        .mistake("never-entered")
        .must(begun.was_inside)
}

/// Looked at from outside, while nobody moves: who is late is late every time. Nothing where nobody may be traced.
fn held(bench: &Bench) -> Judged<Option<Begun>> {
    let (name, word) = (bench.nonce("red"), bench.nonce("here"));
    let arguments = ["--quiet", "--pids", "17", "--name", &name, "--", "sh", "-c", "read end", &word];
    let where_it_is = |process: Process| process.read("cgroup");
    let is_it = |process: &Process| process.read("cmdline").starts_with("sh\0") && process.command().ends_with(&word);
    let call = bench.call("limit", arguments).as_root();
    let (running, seen) =
        call.at_first_instruction(|process| is_it(&process).then(|| (process, where_it_is(process))))?;
    let Some((process, at_first)) = seen else {
        running.kill();
        return Ok(None);
    };
    let did = format!("{}, and held whoever starts the command until it begins", running.command());
    let saw = format!("before its first instruction, its /proc/PID/cgroup says\n{}", at_first.trim_end());
    let was_inside = is_inside(&at_first, &name);
    let until = Instant::now() + LATE;
    while !is_inside(&where_it_is(process), &name) && process.is_alive() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
    let is_inside = is_inside(&where_it_is(process), &name);
    running.end();
    Ok(Some(Begun { did, saw, was_inside, is_inside }))
}

/// Told by the command itself, as often as makes a late one be seen.
fn often(bench: &Bench) -> Judged<Begun> {
    // Under a name of its own each time: what one leaves behind is looked at later.
    let run = |script: &str| -> Judged<(Ran, bool)> {
        let name = bench.nonce("red");
        let arguments = ["--quiet", "--pids", "17", "--name", &name, "--", "sh", "-c", script];
        let ran = bench.call("limit", arguments).as_root().run()?;
        let is_inside = is_inside(&ran.output, &name);
        Ok((ran, is_inside))
    };
    let (mut ran, mut was_inside) = run(WHERE)?;
    for _ in 1..TIMES {
        if was_inside {
            (ran, was_inside) = run(WHERE)?;
        }
    }
    let is_inside = was_inside || run(&format!("sleep 0.5; {WHERE}"))?.1;
    let saw = format!("the first thing that it reads in /proc/self/cgroup is\n{}\n{}", ran.output, ran.in_words());
    Ok(Begun { did: ran.command, saw, was_inside, is_inside })
}

/// In the hierarchy that limits the number of processes; where it is cgroup2, there is one line.
fn is_inside(said: &str, name: &str) -> bool {
    let of_pids = said.lines().find(|line| line.contains(":pids:"));
    of_pids.or(said.lines().find(|line| line.starts_with("0::"))).is_some_and(|line| line.ends_with(name))
}
