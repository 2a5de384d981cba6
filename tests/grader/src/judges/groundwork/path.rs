//! `path-1`: where a command is found.

use super::super::look::arrives;
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

/// A script that is found by its name, says its first argument, and stays.
const SCRIPT: &str = "#!/bin/sh\necho \"$1\"; read end\n";

pub(super) fn found_in_path(bench: &Bench, checks: &mut Checks) -> Judged {
    let name = bench.nonce("tool");
    let there = |folder: &str, name: &str| bench.file(&format!("/work/{folder}/{name}"), SCRIPT);
    there("first", &name)?;
    there("second", &name)?;
    there("third", &name)?;
    there("own", "true")?;
    there("", &format!("here-{name}"))?;
    bench.shell(Who::Ordinary, &format!("chmod +x /work/second/* /work/third/* /work/own/* /work/here-{name}"))?;

    order(bench, checks, &name)?;
    own_before_default(bench, checks)?;
    without_path(bench, checks)?;
    nowhere(bench, checks, &name)?;
    of_a_container(bench, checks, &name)
}

fn order(bench: &Bench, checks: &mut Checks, name: &str) -> Judged {
    let word = bench.nonce("here");
    let call = bench.call("unshare-uts", ["--", name, word.as_str()]);
    let call = call.with("PATH", "/work/nowhere:/work/first:/work/second:/work/third:/usr/bin:/bin");
    let mut running = call.start()?;
    let first = format!("/work/first/{name}");
    let inside = arrives(checks, &mut running, &word, |said| said.contains(&first).then_some("first-by-name"))?;
    let command = inside.command();
    checks
        .check("of several files of that name, the first one that can be executed is run")
        .worth(2)
        .did(running.command())
        .saw(format!("/proc/PID/cmdline says: {command}"))
        .means("PATH is a list with an order: the first folder that has the command wins")
        .mistake_if(command.contains("/work/third/"), "last-wins")
        .must(command.contains(&format!("/work/second/{name}")))?;
    running.end();
    Ok(())
}

fn own_before_default(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("own");
    let call = bench.call("unshare-uts", ["--", "true", word.as_str()]).with("PATH", "/work/own");
    let mut running = call.start()?;
    let said = running.line_with(&word);
    let command = running.innermost().map(|process| process.command()).unwrap_or_default();
    checks
        .check("what PATH says comes before what is usual")
        .did(running.command())
        .saw(format!("with PATH=/work/own, which has a `true` of its own, this ran: {command}"))
        .means("the folders that are usual were searched first")
        .mistake("default-first")
        .also(said.is_some() && command.contains("/work/own/true"));
    running.end();
    Ok(())
}

fn without_path(bench: &Bench, checks: &mut Checks) -> Judged {
    let call = bench.call("unshare-uts", ["--", "sh", "-c", "exit 7"]).with("PATH", "/work/nowhere");
    let ran = call.run()?;
    checks
        .check("where PATH does not help, the usual folders do")
        .did(format!("PATH=/work/nowhere {}", ran.command))
        .saw(ran.in_words())
        .means("in a root of its own a command may have a PATH that was meant for another root")
        .mistake("no-default")
        .also(ran.status() == Some(7));
    Ok(())
}

fn nowhere(bench: &Bench, checks: &mut Checks, name: &str) -> Judged {
    let here = format!("here-{name}");
    let ran = bench.run("unshare-uts", ["--", here.as_str(), "word"])?;
    let is_found = ran.output.contains("word");
    checks
        .check("the folder one happens to be in is not searched")
        .did(format!("cd /work; {}", ran.command))
        .saw(ran.in_words())
        .means("whoever can write to that folder would decide what runs")
        .mistake_if(is_found, "current-directory")
        .also(!is_found);
    let ran = bench.run("unshare-uts", ["--", bench.nonce("none").as_str()])?;
    checks
        .check("a command that is nowhere is status 127")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("scripts tell by this number whether a command failed, or was not there")
        .mistake("wrong-error")
        .also(ran.status() == Some(127));
    Ok(())
}

/// A container's PATH is not that of the process that becomes its program.
fn of_a_container(bench: &Bench, checks: &mut Checks, name: &str) -> Judged {
    let word = bench.nonce("contained");
    let run = ["run", "--rm", "--volume", "/work/second:/mnt", "--env", "PATH=/mnt", bench.shared_root(), "--"];
    let command = || run.iter().copied().chain([name, word.as_str()]);
    // Where no container can be had, there is nothing to look at.
    if !bench.call(&bench.reference("boxwright"), command()).as_root().run()?.output.contains(&word) {
        return Ok(());
    }
    let ran = bench.call("boxwright", command()).as_root().run()?;
    checks
        .check("the PATH of a container's program is searched, and not that of boxwright")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the PATH that counts is the one that the command will have, and this process has another")
        .mistake_if(ran.status() == Some(127), "own-path")
        .also(ran.output.contains(&word));
    Ok(())
}
