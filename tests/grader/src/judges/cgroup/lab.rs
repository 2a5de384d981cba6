//! `lab-fork-bomb`: processes that make processes, with a wall and without.

use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Running;

use super::{text_of, value};

/// Generations of two children each, and how many processes that makes: it stays below the walls of the sandbox.
const FUSE: &str = "5";
const ALL: usize = 63;
/// How long to wait for them.
const PATIENCE: Duration = Duration::from_secs(4);
const WALL: usize = 20;

pub(super) fn fork_bomb(bench: &Bench, checks: &mut Checks) -> Judged {
    let script = bench.lab("fork-bomb.sh");
    let mut running = bench.call("/bin/sh", [script.as_str(), FUSE]).as_root().start()?;
    let (most, is_over) = most_at_once(&mut running, || false);
    let command = running.command().to_owned();
    running.kill();
    checks
        .check("without a wall, one command becomes dozens")
        .worth(3)
        .did(command)
        .saw(format!(
            "there were at most {most} processes at once{}",
            if is_over { ", and then it was over" } else { "" }
        ))
        .means(format!("two children in each of {FUSE} generations would be {ALL}, all at the same time"))
        .mistake_if(is_over, "over-at-once")
        .mistake_if(most < 3, "one-after-another")
        .mistake_if(most < 20, "one-child")
        .must(most > ALL * 3 / 4)?;
    let name = bench.nonce("red");
    // Whatever becomes of the bomb, its cgroup stays to be looked at.
    let stays = format!("sh {script} {FUSE}; read end");
    let arguments = ["--quiet", "--pids", &WALL.to_string(), "--name", &name, "--", "sh", "-c", &stays];
    let mut running = bench.call(&bench.reference("limit"), arguments).as_root().start()?;
    let refused = || {
        let events = text_of(bench, &name, "pids.events").unwrap_or_default();
        value(&events, "max").is_some_and(|count| count > 0)
    };
    let (most, _) = most_at_once(&mut running, refused);
    let (events, command) = (text_of(bench, &name, "pids.events").unwrap_or_default(), running.command().to_owned());
    bench.call(&bench.reference("kill-cgroup"), [format!("boxwright/{name}")]).as_root().run()?;
    running.end();
    checks
        .check("with a wall, fork(2) is refused")
        .worth(2)
        .did(&command)
        .saw(format!("pids.events says {events:?}"))
        .means("it never came to the wall")
        .must(value(&events, "max").is_some_and(|count| count > 0))?;
    checks
        .check("and there are never more than the wall allows")
        .did(&command)
        .saw(format!("there were at most {most} processes at once, limit itself among them"))
        .means("the wall has a hole that nobody knew: please report it")
        .also(most <= WALL + 1);
    Ok(())
}

/// The most processes that were seen, until there are enough, or it is over, or `is_enough`; and whether it was over.
fn most_at_once(running: &mut Running<'_>, is_enough: impl Fn() -> bool) -> (usize, bool) {
    let end = Instant::now() + PATIENCE;
    let Some(program) = running.process() else { return (0, true) };
    let mut most = 0;
    while program.is_alive() && most < ALL && Instant::now() < end && !is_enough() {
        let alive = program.descendants().into_iter().filter(|one| one.is_alive()).count();
        most = most.max(1 + alive);
        std::thread::yield_now();
    }
    (most, !program.is_alive())
}
