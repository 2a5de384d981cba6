//! `cgroup-3`: an end to everybody in a cgroup, however fast they fork.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

use super::value;

/// How often one that forks without end is killed: who kills one after the other is lucky at times.
const TIMES: usize = 3;
/// How long the killed may take to be gone.
const GRACE: Duration = Duration::from_secs(2);

/// Sleepers, of which one ignores what can be ignored, and one in a cgroup inside the cgroup.
const SLEEPERS: &str = "mkdir $0 $0/below
    (echo 0 >$0/below/cgroup.procs; exec sleep 1000) &
    (echo 0 >$0/cgroup.procs; exec sleep 1000) &
    (echo 0 >$0/cgroup.procs; trap '' TERM HUP INT; echo ready; exec sleep 1000) &
    read end";
/// Some that sleep, and behind them in the list two that are another process every moment.
const HOPPERS: &str = "mkdir $0
    echo 0 >$0/cgroup.procs
    count=0; while [ $count -lt 20 ]; do sleep 1000 & count=$((count + 1)); done
    hop() { hop & }
    hop; hop; echo ready; read end";

pub(super) fn kill_all(bench: &Bench, checks: &mut Checks) -> Judged {
    checks.may_stay("cgroup /red-");
    let (top, name) = (tree(bench)?, bench.nonce("red"));
    let mut running = bench.call("/bin/sh", ["-c", SLEEPERS, &format!("{}/{name}", top.0)]).as_root().start()?;
    running.line_with("ready").context("the cgroup cannot be made")?;
    let folders = [top.1.join(&name), top.1.join(&name).join("below")];
    for folder in &folders {
        listed_by(folder, |list| !list.is_empty());
    }
    let ran = bench.call("kill-cgroup", [&name]).as_root().run()?;
    let left = folders.each_ref().map(|folder| listed_by(folder, Vec::is_empty).len());
    let saw =
        format!("{}\nafterwards {} are left in it, and {} in the one inside it", ran.in_words(), left[0], left[1]);
    checks
        .check("everybody in the cgroup is dead")
        .worth(2)
        .did(&ran.command)
        .saw(&saw)
        .means("who is left goes on using what the cgroup was to give back")
        .mistake_if(left[0] == 1 && left[1] == 0, "asked-politely")
        .mistake("first-only")
        .must(left[0] == 0)?;
    checks
        .check("and everybody in a cgroup inside it")
        .did(&ran.command)
        .saw(&saw)
        .means("a container may make cgroups of its own, and hide there")
        .mistake("not-below")
        .must(left[1] == 0)?;
    running.end();
    hoppers(bench, checks, &top)?;
    let nobody = bench.call("kill-cgroup", [bench.nonce("nobody")]).as_root().run()?;
    checks
        .check("a cgroup that is not there cannot be killed")
        .did(&nobody.command)
        .saw(nobody.in_words())
        .means("what was not done is said to be done")
        .also(nobody.status() == Some(125));
    Ok(())
}

fn hoppers(bench: &Bench, checks: &mut Checks, top: &(String, PathBuf)) -> Judged {
    let (mut did, mut is_over) = (String::new(), true);
    for _ in 0..TIMES {
        let name = bench.nonce("red");
        let mut running = bench.call("/bin/sh", ["-c", HOPPERS, &format!("{}/{name}", top.0)]).as_root().start()?;
        running.line_with("ready").context("the cgroup cannot be made")?;
        did = bench.call("kill-cgroup", [&name]).as_root().run()?.command;
        is_over = ends(&top.1.join(&name));
        bench.call(&bench.reference("kill-cgroup"), [&name]).as_root().run()?;
        running.end();
        if !is_over {
            break;
        }
    }
    checks
        .check("nobody escapes by forking")
        .worth(2)
        .did(did)
        .saw(format!(
            "two of them fork and end, again and again; afterwards cgroup.events says populated {}",
            u8::from(!is_over)
        ))
        .means("the list was old when its last line was read: by then they were other processes")
        .must(is_over)
}

/// The top of the cgroup2 tree: as programs in the sandbox name it, and as the grader does.
fn tree(bench: &Bench) -> Judged<(String, PathBuf)> {
    let mounts = bench.host().mounts();
    let line = mounts.iter().find(|line| line.contains(" - cgroup2 ")).context("there is no cgroup2 tree")?;
    let inside = line.split(' ').nth(4).unwrap_or_default().to_owned();
    let outside = bench.cgroups().into_iter().find(|top| top.join("cgroup.controllers").exists());
    bench.shell(Who::Root, &format!("test -w {inside}/cgroup.procs"))?;
    Ok((inside, outside.context("no cgroup2 tree can be written to")?))
}

/// True when nobody is left, now or soon. The list of processes would not do: whoever forks while it is read may be missing.
fn ends(folder: &Path) -> bool {
    let end = Instant::now() + GRACE;
    let is_populated = || {
        let events = std::fs::read_to_string(folder.join("cgroup.events")).unwrap_or_default();
        value(&events, "populated") == Some(1)
    };
    while is_populated() && Instant::now() < end {
        std::thread::yield_now();
    }
    !is_populated()
}

/// The processes of a cgroup, once they are as they should be or have had their time.
fn listed_by(folder: &Path, is_right: impl Fn(&Vec<String>) -> bool) -> Vec<String> {
    let end = Instant::now() + GRACE;
    loop {
        let text = std::fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        let list: Vec<_> = text.lines().map(str::to_owned).collect();
        if is_right(&list) || Instant::now() > end {
            return list;
        }
        std::thread::yield_now();
    }
}
