//! `child-1`: a child that goes in, and does not outlive the one who waits for it.

use std::time::Duration;

use super::super::look::{STAYS, arrives, ends_within, explained};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};

pub(super) fn ends_with_its_parent(bench: &Bench, checks: &mut Checks) -> Judged {
    let ran = bench.call("unshare-pid", ["--no-proc", "--", "sh", "-c", "exit 7"]).as_root().run()?;
    checks
        .check("the parent waits, and the command's status is its own")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("whoever started this program believes that the command is over, and knows nothing of how it ended")
        .mistake_if(ran.went_well(), "no-wait")
        .must(ran.status() == Some(7))?;
    let word = bench.nonce("here");
    let call = bench.call("unshare-pid", ["--no-proc", "--", "sh", "-c", STAYS, word.as_str()]).as_root();
    let mut running = call.start()?;
    let inside = arrives(checks, &mut running, &word, |_| None)?;
    let parent = running.process().filter(|parent| *parent != inside);
    let parents = inside.status("PPid").unwrap_or_default();
    checks
        .check("the command is a child of the program")
        .did(running.command())
        .saw(format!("its PPid is {parents}, and the program is {}", parent.map_or(0, |parent| parent.0)))
        .means("the function that was to run in a child ran in the program itself")
        .must(parent.is_some_and(|parent| parents == parent.0.to_string()))?;
    if let Some(parent) = parent {
        parent.kill();
    }
    let has_ended = ends_within(inside, Duration::from_secs(1));
    let told = if has_ended { String::new() } else { explained(bench, "unshare-pid", &["--no-proc", "--", "true"])? };
    let (wish, fork) = (told.find("PR_SET_PDEATHSIG"), told.find("fork(").or_else(|| told.find("clone(")));
    checks
        .check("when the parent is killed, the command ends")
        .worth(2)
        .did(format!("kill -9 the parent of: {}", running.command()))
        .saw(if has_ended { "it has ended" } else { "it still runs, and its parent is another one" })
        .means("nobody is left who knows of it, and nobody cleans up after it")
        .mistake_if(wish.is_none(), "no-wish")
        .mistake_if(told.contains("PR_SET_PDEATHSIG, SIGTERM"), "asks-politely")
        .mistake_if(wish < fork, "wish-before-fork")
        .must(has_ended)?;
    running.kill();
    let ran = bench.run("unshare-pid", ["--no-proc", "--", "sh", "-c", "exit 9"])?;
    checks
        .check("an ordinary user's status comes back too")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("unshare-pid makes a user namespace first; what your function does must also work in there")
        .also(ran.status() == Some(9));
    Ok(())
}
