//! `handshake-1`: maps that only somebody outside may write.

use std::time::Duration;

use super::super::look::{STAYS, arrives, ends_within, explained};
use super::user::id;
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;

pub(super) fn mapped_from_outside(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("here");
    let whose = || {
        let told = explained(bench, "unshare-user", &["--map", "0:1000:1", "--map", "1:2000:10", "--", "true"]);
        // What the child says is indented.
        let is_inside = |line: &str| line.starts_with("    write(") && line.contains("uid_map");
        if told.unwrap_or_default().lines().any(is_inside) { "child-maps" } else { "maps-too-early" }
    };
    let ranges = ["--map", "0:1000:1", "--map", "1:2000:10", "--", "sh", "-c", STAYS, word.as_str()];
    let mut running = bench.call("unshare-user", ranges).as_root().start()?;
    let parent = running.process();
    let inside = arrives(checks, &mut running, &word, |said| match said {
        said if said.contains("setresgid(") || said.contains("setresuid(") => Some("root-too-early"),
        said if said.contains("_map") || said.contains("/setgroups") => Some(whose()),
        _ => parent.is_some_and(both_are_here).then_some("both-wait"),
    })?;
    checks
        .check("the command has a user namespace of its own")
        .worth(2)
        .did(running.command())
        .saw(format!(
            "inside /proc/self/ns/user is {}, outside {}",
            inside.namespace("user").unwrap_or_default(),
            bench.host().namespace("user").unwrap_or_default()
        ))
        .means("ids inside are ids outside")
        .must(!inside.shares("user", bench.host()))?;
    let map = inside.read("uid_map");
    let words: Vec<_> = map.split_whitespace().collect();
    checks
        .check("its map has both ranges")
        .worth(2)
        .did(running.command())
        .saw(format!("/proc/PID/uid_map is {map:?}"))
        .means("somebody outside who may do so has to write it, once the namespace is there")
        .must(words.len() == 6 && [words[0], words[2], words[3], words[5]] == ["0", "1", "1", "10"])?;
    let outside = id(inside, "Uid");
    checks
        .check("the command is root inside, and outside the user that this stands for")
        .did(running.command())
        .saw(format!("outside its user id is {outside}; the map says {map:?}"))
        .means("a process keeps its id when it enters a user namespace: one that is in no map is nobody there")
        .mistake("not-root")
        .must(outside == words[1])?;
    let parent = running.process();
    if let Some(parent) = parent.filter(|parent| *parent != inside) {
        parent.kill();
    }
    let has_ended = ends_within(inside, Duration::from_secs(1));
    checks
        .check("when the one who waits outside is killed, the one inside ends")
        .did(format!("kill -9 the parent of: {}", running.command()))
        .saw(if has_ended { "it has ended" } else { "it still runs" })
        .means("a change of ids takes back the wish to die with one's parent: see PR_SET_PDEATHSIG(2const)")
        .mistake("wish-lost")
        .also(has_ended);
    running.kill();
    let ran = bench.call("unshare-user", ["--map", "0:1000:1", "--", "sh", "-c", "exit 7"]).as_root().run()?;
    checks
        .check("the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the one outside waits for the one inside")
        .also(ran.status() == Some(7));
    Ok(())
}

/// True when parent and child live, and the child is not the command yet: nobody stops them but they themselves.
fn both_are_here(parent: Process) -> bool {
    let child = parent.children().first().copied();
    parent.is_alive() && child.is_some_and(|child| child.is_alive() && child.command() == parent.command())
}
