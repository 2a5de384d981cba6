//! `run-3`: what is left of a container, and what is noted of it.

use std::fs;
use std::path::PathBuf;

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

/// Lets nobody remove a cgroup, or make one, until `AS_BEFORE`.
const READ_ONLY: &str = "for at in $(grep ' - cgroup' /proc/self/mountinfo | cut -d ' ' -f 5)
    do mount --bind $at $at && mount -o remount,bind,ro $at || exit; done";
/// Removes the cgroup of this name too, where there still is one.
const AS_BEFORE: &str = "for at in $(grep ' - cgroup' /proc/self/mountinfo | cut -d ' ' -f 5 | sort | uniq -d)
    do umount $at || exit; find $at -depth -type d -name $0 -exec rmdir {} + || :; done";

pub(super) fn end(bench: &Bench, checks: &mut Checks) -> Judged {
    let (name, word) = (bench.nonce("red"), bench.nonce("here"));
    let script = "echo $0; exit 7";
    let root = bench.shared_root();
    let command = ["run", "--pids", "30", "--name", &name, root, "--", "sh", "-c", script, &word];
    let ran = bench.call("boxwright", command).as_root().run()?;
    checks
        .check("the program ran, and its status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the program said 7")
        .must(ran.output.trim() == word && ran.status() == Some(7))?;
    let left = cgroups_of(bench, &name);
    checks
        .check("its cgroup is gone")
        .worth(2)
        .did(&ran.command)
        .saw(format!("left of it there is {left:?}"))
        .means("a cgroup outlives its processes; the next container of that name could not have one")
        .mistake("cgroup-stays")
        .must(left.is_empty())?;
    noted(bench, checks, &name)?;
    failed(bench, checks, root)?;
    failed_twice(bench, checks, root)?;
    let command = ["run", "--rm", "--pids", "30", "--name", &name, root, "--", "true"];
    let ran = bench.call("boxwright", command).as_root().with("BOXWRIGHT_HOME", "/work/other").run()?;
    let places = ["records", "containers"].map(|place| format!("/work/other/{place}/{name}"));
    let left: Vec<_> = places.iter().filter(|place| bench.host().in_root(place).is_some()).collect();
    checks
        .check("of one that was to vanish nothing is left")
        .did(&ran.command)
        .saw(format!("{}\nleft of its files there is {left:?}", ran.in_words()))
        .means("--rm means that nobody has to clean up")
        .also(ran.went_well() && left.is_empty() && cgroups_of(bench, &name).is_empty());
    Ok(())
}

/// In every hierarchy.
fn cgroups_of(bench: &Bench, name: &str) -> Vec<PathBuf> {
    let all = bench.cgroups().into_iter().map(|top| top.join("boxwright").join(name));
    all.filter(|folder| fs::exists(folder).unwrap_or(false)).collect()
}

fn noted(bench: &Bench, checks: &mut Checks, name: &str) -> Judged {
    // Read by the reference: the note is for whoever comes later.
    let listed = bench.call(&bench.reference("boxwright"), ["ps", "--all"]).as_root().run()?;
    let line = listed.output.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
    checks
        .check("how it ended is noted")
        .worth(2)
        .did(&listed.command)
        .saw(&line)
        .means("whoever looks later can only tell that it is not there any more")
        .mistake_if(line.contains("ended ("), "another-status")
        .mistake("end-not-noted")
        .also(line.contains("ended (7)"));
    Ok(())
}

fn failed(bench: &Bench, checks: &mut Checks, root: &str) -> Judged {
    let name = bench.nonce("red");
    let command = ["run", "--pids", "30", "--name", &name, root, "--", "/nowhere/to/be/found"];
    let ran = bench.call("boxwright", command).as_root().run()?;
    let left = cgroups_of(bench, &name);
    checks
        .check("one that could not be made is reported as such")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("a program that is not there ends with status 127, and with a word about it")
        .also(ran.status() == Some(127) && ran.errors.contains("nowhere"));
    checks
        .check("and leaves no cgroup behind either")
        .did(&ran.command)
        .saw(format!("left of it there is {left:?}"))
        .means("what was made first has to go last, and above all when something fails in between")
        .mistake("only-when-well")
        .also(left.is_empty());
    Ok(())
}

/// What the program says cannot be written, and then its cgroup cannot be removed.
fn failed_twice(bench: &Bench, checks: &mut Checks, root: &str) -> Judged {
    let (name, word) = (bench.nonce("red"), bench.nonce("here"));
    let mut door =
        bench.call("/bin/sh", ["-c", "mkdir doors; mkfifo doors/one; echo made; cat doors/one"]).as_root().start()?;
    door.line_with("made");
    let full = ["-c", "exec \"$@\" >/dev/full", "sh", &bench.program("boxwright")];
    let run = ["run", "--tty", "--pids", "30", "--name", &name, "--volume", "/work/doors:/mnt", root];
    let command = ["--", "sh", "-c", "echo $0 >/mnt/one; read go; echo $go", &word];
    let mut running = bench.call("/bin/sh", full.iter().chain(&run).chain(&command).copied()).as_root().start()?;
    let is_inside = door.line_with(&word).is_some();
    door.kill();
    let prepared = bench.shell(Who::Root, READ_ONLY)?;
    running.say("go");
    let ran = running.end();
    let left = cgroups_of(bench, &name);
    let restored = bench.call("/bin/sh", ["-c", AS_BEFORE, &name]).as_root().run()?;
    // Removing its own, it takes away what was only common to the two.
    bench.call(&bench.reference("boxwright"), ["run", "--rm", "--pids", "30", root, "--", "true"]).as_root().run()?;
    if !prepared.went_well() || !restored.went_well() {
        return Err(anyhow::anyhow!("{}\n{}", prepared.in_words(), restored.in_words()).into());
    }
    checks
        .check("when two things fail, the first is reported")
        .did(&ran.command)
        .saw(format!("its output cannot be written, and then {left:?} cannot be removed\n{}", ran.in_words()))
        .means("the cause is not told, and what is told is no cause")
        .mistake("hides-the-first")
        .also(is_inside && !ran.went_well() && ran.errors.to_lowercase().contains("no space left"));
    Ok(())
}
