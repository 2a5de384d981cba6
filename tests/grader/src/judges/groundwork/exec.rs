//! `exec-1`: this process becomes the program.

use super::super::look::{STAYS, arrives};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};

pub(super) fn handed_over(bench: &Bench, checks: &mut Checks) -> Judged {
    let (word, token) = (bench.nonce("here"), bench.nonce("token"));
    let call = bench.call("unshare-uts", ["--", "sh", "-c", STAYS, word.as_str()]).with("TOKEN", token.as_str());
    let mut running = call.start()?;
    // Without its name before it, "-c" is the name, and the script after it a file to be opened.
    let inside = arrives(checks, &mut running, &word, |said| said.contains("-c: ").then_some("no-name"))?;
    let program = running.process();
    checks
        .check("the process becomes the command, and keeps its PID")
        .worth(2)
        .did(running.command())
        .saw(format!("the command is process {}, started was {}", inside.0, program.map_or(0, |program| program.0)))
        .means("the command was started as a child, and somebody who means the command signals another process")
        .mistake("child")
        .must(program == Some(inside))?;
    let command = inside.command();
    checks
        .check("the command is told its name as it was typed")
        .did(running.command())
        .saw(format!("/proc/PID/cmdline says: {command}"))
        .means("the first argument is the name by which a program was called, and some act on it")
        .mistake_if(command.starts_with('/'), "path-as-name")
        .also(command == format!("sh -c {STAYS} {word}"));
    let environment = inside.read("environ");
    let variables: Vec<_> = environment.split('\0').collect();
    let has_value = variables.contains(&token.as_str());
    checks
        .check("it has the environment that we were started with")
        .did(format!("TOKEN={token} {}", running.command()))
        .saw(format!("/proc/PID/environ has {} bytes: {}", environment.len(), environment.replace('\0', " ")))
        .means("execve(2) hands over what it is given, and nothing besides")
        .mistake_if(has_value, "values-only")
        .mistake_if(environment.is_empty(), "empty-environment")
        .also(variables.contains(&format!("TOKEN={token}").as_str()));
    running.end();

    let ran = bench.run("unshare-uts", ["--", "sh", "-c", "exit 7"])?;
    checks
        .check("the command's status is ours")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("whoever started us waits for this process")
        .also(ran.status() == Some(7));
    contained(bench, checks)
}

/// The environment of a container is not that of the process that becomes its program.
fn contained(bench: &Bench, checks: &mut Checks) -> Judged {
    let (asked, ours) = (format!("ASKED={}", bench.nonce("asked")), bench.nonce("ours"));
    let command = ["run", "--rm", "--env", asked.as_str(), bench.shared_root(), "--", "cat", "/proc/self/environ"];
    // Where no container can be had, there is nothing to look at.
    if !bench.call(&bench.reference("boxwright"), command).as_root().run()?.output.contains(&asked) {
        return Ok(());
    }
    let ran = bench.call("boxwright", command).as_root().with("OURS", &ours).run()?;
    let variables: Vec<_> = ran.output.split('\0').collect();
    let is_ours = variables.contains(&format!("OURS={ours}").as_str());
    checks
        .check("a container's program has the environment that was asked for, and not boxwright's")
        .did(format!("OURS={ours} {}", ran.command))
        .saw(format!("/proc/self/environ says: {}", variables.join(" ")))
        .means("what a container must not see begins with the variables of whoever started it")
        .mistake_if(is_ours, "own-environment")
        .also(variables.contains(&asked.as_str()) && !is_ours);
    Ok(())
}
