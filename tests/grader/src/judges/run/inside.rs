//! `run-1`: the order of everything.

use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::Who;

use super::super::reach::{are_three, is_same, open_files, reached};

/// Those of which a container has its own.
const OWN: [&str; 6] = ["mnt", "pid", "uts", "ipc", "net", "cgroup"];
/// Says where it is, then that it is there, and stays until its input ends.
const SCRIPT: &str = "while read line; do echo in-$line; done </proc/self/cgroup; echo $0; read end";

pub(super) fn inside(bench: &Bench, checks: &mut Checks) -> Judged {
    // As systemd leaves it on most hosts.
    bench.shell(Who::Root, "mount --make-rshared /")?;
    let found = inside_on_a_shared_host(bench, checks);
    bench.shell(Who::Root, "mount --make-rprivate /")?;
    found?;
    ordinary_user_too(bench, checks)?;
    limited(bench, checks)?;
    ends_with_its_parent(bench, checks)
}

fn inside_on_a_shared_host(bench: &Bench, checks: &mut Checks) -> Judged {
    let (name, word, sign) = (bench.nonce("red"), bench.nonce("here"), bench.nonce("sign"));
    bench.file("/work/data/sign", &sign)?;
    let (before, called) = (bench.host().mounts().len(), bench.names().hostname);
    // Somebody has left a directory of the host open.
    let (leaky, program) = ("exec 7</; exec \"$@\"", bench.program("boxwright"));
    let run = ["-c", leaky, "sh", &program, "run", "--rm", "--name", &name, "--volume", "/work/data:/mnt"];
    let command = [bench.shared_root(), "--", "sh", "-c", SCRIPT, &word];
    let mut running = bench.call("/bin/sh", run.iter().chain(&command).copied()).as_root().start()?;
    let parent = running.process();
    let inside = reached(checks, &mut running, &word, |words| match () {
        // Born, alive, and silent: it has not come as far as the first namespace of its own.
        () if parent.is_some_and(|parent| waits(parent, bench.host())) => Some("waits-for-nobody"),
        () if words.contains("open_tree(") => Some("volumes-late"),
        // It has failed, and left behind what appeared here.
        () if bench.host().mounts().len() > before => Some("shared"),
        () => None,
    })?;
    let (did, host) = (running.command().to_owned(), bench.host());
    let shared: Vec<_> = OWN.into_iter().filter(|kind| inside.shares(kind, host)).collect();
    checks
        .check("it has namespaces of its own")
        .worth(2)
        .did(&did)
        .saw(format!("of {OWN:?} it shares with the host: {shared:?}"))
        .means("what belongs to a namespace that is shared belongs to the host")
        .mistake_if(shared == ["cgroup"], "cgroup-of-host")
        .must(shared.is_empty())?;
    let after = host.mounts().len();
    checks
        .check("on a host whose mounts are shared, none of them appears there")
        .did(&did)
        .saw(format!("the host has {after} mounts, and had {before}"))
        .means("a mount that is made on a shared one is made on all its peers")
        .mistake("shared")
        .must(after == before)?;
    let names = (bench.names_of(inside).unwrap_or_default().hostname, bench.names().hostname);
    checks
        .check("it has its own name, and the host keeps its own")
        .did(&did)
        .saw(format!("inside the host is called {}, outside {}", names.0, names.1))
        .means("one of them bears the other's name")
        .also(names == (name, called));
    let said = running.so_far();
    let lines: Vec<_> = said.lines().filter(|line| line.starts_with("in-")).collect();
    checks
        .check("its cgroup looks like the top of the tree")
        .did(&did)
        .saw(lines.join("\n"))
        .means("a cgroup namespace begins where its maker is at that moment, and that was not inside yet")
        .also(!lines.is_empty() && lines.iter().all(|line| line.ends_with(":/")));
    views(bench, checks, &did, inside)?;
    checks
        .check("the volume is at its place")
        .did(&did)
        .saw(inside.mounts_at("/mnt").join("\n"))
        .means("inside, /mnt is another directory than /work/data of the host")
        .mistake("volumes-late")
        .also(inside.file("/mnt/sign").is_some_and(|text| text == sign));
    running.end();
    Ok(())
}

/// True when the child is there, and still where it was born.
fn waits(parent: Process, host: Process) -> bool {
    let child = parent.children().first().copied();
    child.is_some_and(|child| child.is_alive() && child.shares("uts", host) && child.shares("mnt", host))
}

/// What shows a namespace shows the one of whoever mounted it.
fn views(bench: &Bench, checks: &mut Checks, did: &str, inside: Process) -> Judged {
    let host = bench.host();
    let of = |place: &str| inside.mounts_at(place).pop().unwrap_or_default();
    checks
        .check("/dev/mqueue shows its own message queues")
        .did(did)
        .saw(of("/dev/mqueue"))
        .means("the file system there is the very one of the host: it was mounted in the host's IPC namespace")
        .mistake("queues-of-host")
        .also(!of("/dev/mqueue").is_empty() && !is_same((inside, "/dev/mqueue"), (host, "/dev/mqueue")));
    checks
        .check("/sys shows its own network")
        .did(did)
        .saw(of("/sys"))
        .means("the file system there is the very one of the host: it was mounted in the host's network namespace")
        .mistake("network-of-host")
        .also(!of("/sys").is_empty() && !is_same((inside, "/sys"), (host, "/sys")));
    let open = open_files(bench, inside)?;
    checks
        .check("three files are open, and no directory of the host")
        .did(did)
        .saw(format!("/proc/{}/fd has {open:?}", inside.0))
        .means("an open directory needs no path: who has one of the host is out")
        .mistake("left-open")
        .also(are_three(&open));
    Ok(())
}

fn ordinary_user_too(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("ordinary");
    let command = ["run", "--rm", bench.shared_root(), "--", "sh", "-c", "echo $0; exit 7", &word];
    let ran = bench.call("boxwright", command).with("BOXWRIGHT_HOME", "/work/mine").run()?;
    checks
        .check("an ordinary user can do it too, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the parent maps our ids while we wait; before that and without becoming root we may do nothing")
        .also(ran.status() == Some(7) && ran.output.trim() == word);
    Ok(())
}

/// A limit makes a cgroup in each v1 hierarchy that has its controller, and nobody is born inside of one of those.
fn limited(bench: &Bench, checks: &mut Checks) -> Judged {
    let command = ["run", "--rm", "--pids", "30", bench.shared_root(), "--", "cat", "/proc/self/cgroup"];
    // Where no cgroup can be had, there is nothing to look at.
    if !bench.call(&bench.reference("boxwright"), command).as_root().run()?.went_well() {
        return Ok(());
    }
    let ran = bench.call("boxwright", command).as_root().run()?;
    let is_top = |line: &str| line.ends_with(":/");
    checks
        .check("with a limit too, its cgroup looks like the top of the tree, in each hierarchy")
        .did(&ran.command)
        .saw(ran.in_words())
        .means(
            "a cgroup namespace begins where its maker is at that moment, and in one of them that was not inside yet",
        )
        .mistake_if(ran.went_well(), "enters-late")
        .also(ran.went_well() && !ran.output.is_empty() && ran.output.lines().all(is_top));
    Ok(())
}

fn ends_with_its_parent(bench: &Bench, checks: &mut Checks) -> Judged {
    let (name, word) = (bench.nonce("red"), bench.nonce("here"));
    checks.may_stay(format!("cgroup /boxwright/{name}"));
    checks.may_stay("cgroup /boxwright");
    let stays = ["run", "--name", &name, bench.shared_root(), "--", "sh", "-c", "echo $0; sleep 1000", &word];
    let mut running = bench.call("boxwright", stays).as_root().start()?;
    let (parent, said) = (running.process(), running.line_with(&word));
    let child = parent.and_then(|parent| parent.children().first().copied());
    let (Some(parent), Some(child), Some(_)) = (parent, child, said) else {
        return Err(anyhow::anyhow!("the container did not come up a second time").into());
    };
    parent.kill();
    let end = Instant::now() + Duration::from_secs(2);
    while child.is_alive() && Instant::now() < end {
        std::thread::yield_now();
    }
    let survives = child.is_alive();
    child.kill();
    checks
        .check("it does not outlive the boxwright that made it")
        .did(running.command())
        .saw(format!("boxwright was killed; process {} is {}", child.0, if survives { "alive" } else { "gone" }))
        .means("nobody waits for it, nobody notes its end, and nobody takes its cgroup away")
        .mistake("survives")
        .also(!survives);
    running.end();
    Ok(())
}
