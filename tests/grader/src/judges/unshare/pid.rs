//! `pid-1` and `pid-2`: process numbers of one's own, and a /proc that shows them.

use super::super::look::{STAYS, arrives, random_number};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};

pub(super) fn own_pids(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("here");
    let call = bench.call("unshare-pid", ["--no-proc", "--", "sh", "-c", STAYS, word.as_str()]).as_root();
    let mut running = call.start()?;
    let inside = arrives(checks, &mut running, &word, |_| None)?;
    let is_own_child = running.process() != Some(inside);
    let numbers = inside.numbers();
    let (theirs, ours) = (inside.namespace("pid"), bench.host().namespace("pid"));
    let next = inside.namespace("pid_for_children");
    let is_for_children = next != theirs;
    // Before the first child is born, the link of the namespace that it will begin leads nowhere.
    let shown = |link: &Option<String>| link.clone().unwrap_or_else(|| "none yet".to_owned());
    let (own, others) = (shown(&theirs), shown(&ours));
    checks
        .check("the command has a PID namespace of its own")
        .worth(2)
        .did(running.command())
        .saw(format!(
            "inside /proc/self/ns/pid is {own}, and pid_for_children {}; outside it is {others}",
            shown(&next)
        ))
        .means("a process keeps its numbers for life: unshare(2) changes the namespace that its children will be in")
        .mistake_if(is_for_children && is_own_child, "fork-first")
        .mistake_if(is_for_children, "no-fork")
        .mistake("no-namespace")
        .must(theirs.is_some() && theirs != ours)?;
    checks
        .check("there it is PID 1, and outside it has another number")
        .did(running.command())
        .saw(format!("NSpid: {}", inside.status("NSpid").unwrap_or_default()))
        .means("the first one born into the namespace is its init, and this command is not")
        .must(numbers.last() == Some(&1) && numbers.len() == bench.host().numbers().len() + 1)?;
    running.end();

    let seconds = random_number(100_000, 999_999).to_string();
    let script = format!("sleep {seconds} & exit 7");
    let ran = bench.call("unshare-pid", ["--no-proc", "--", "sh", "-c", script.as_str()]).as_root().run()?;
    let left: Vec<_> = bench.processes().into_iter().filter(|process| process.command().contains(&seconds)).collect();
    checks
        .check("with PID 1 everybody in the namespace ends")
        .did(&ran.command)
        .saw(left.iter().map(|process| format!("{} {}", process.0, process.command())).collect::<String>())
        .means("the kernel ends the others when init ends; whoever is left was never in there")
        .also(left.is_empty());
    let user = bench.run("unshare-pid", ["--no-proc", "--", "sh", "-c", "exit $$"])?;
    checks
        .check("the command's status comes back, an ordinary user's too")
        .did(&user.command)
        .saw(format!("as root: {}; as an ordinary user: {}", ran.in_words(), user.in_words()))
        .means("whoever asks for the status of this program means the command")
        .also(ran.status() == Some(7) && user.status() == Some(1));
    Ok(())
}

pub(super) fn own_proc(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("here");
    let mut running = bench.call("unshare-pid", ["--", "sh", "-c", STAYS, word.as_str()]).as_root().start()?;
    let inside = arrives(checks, &mut running, &word, |_| None)?;
    let (mounts, before) = (inside.mounts_at("/proc"), bench.host().mounts_at("/proc"));
    let first = inside.file("/proc/1/cmdline").unwrap_or_default().replace('\0', " ");
    let begins: String = first.chars().take(80).collect();
    let elsewhere = inside.mounts().iter().any(|line| line.contains(" - proc ") && place(line) != Some("/proc"));
    checks
        .check("/proc shows the processes of the new namespace")
        .worth(2)
        .did(running.command())
        .saw(format!("/proc/1/cmdline begins: {begins}\nmounted there: {}", mounts.join("\n")))
        .means("a mount of proc shows the PID namespace of the one who mounted it, whoever looks")
        .mistake_if(elsewhere, "elsewhere")
        .mistake_if(mounts.len() > before.len(), "bind")
        .mistake("stale")
        .must(first.contains(&word))?;
    let own = inside.file("/proc/2/status").is_none();
    checks
        .check("and no other")
        .did(running.command())
        .saw(format!("inside there is {} process 2", if own { "no" } else { "a" }))
        .means("processes of the outer namespace have no number in here")
        .also(own);
    let options = mounts.last().and_then(|line| line.split(' ').nth(5)).unwrap_or_default().to_owned();
    checks
        .check("it is mounted as every /proc is: nosuid, nodev, noexec")
        .did(running.command())
        .saw(format!("its options are {options}"))
        .means("no program, no device and no set-user-ID file has any business in /proc, so nobody shall be able to make one count")
        .mistake("no-flags")
        .also(["nosuid", "nodev", "noexec"].iter().all(|flag| options.split(',').any(|option| option == *flag)));
    checks
        .check("the host keeps its own")
        .did(running.command())
        .saw(bench.host().mounts_at("/proc").join("\n"))
        .means("the mount was made in the mount namespace of the host")
        .also(bench.host().mounts_at("/proc") == before && !inside.shares("mnt", bench.host()));
    running.end();
    let ran = bench.run("unshare-pid", ["--", "sh", "-c", "echo /proc/[0-9]*"])?;
    checks
        .check("an ordinary user sees one process, too")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("in a user namespace of their own they may mount proc, for the PID namespace that it owns")
        .also(ran.output.trim() == "/proc/1");
    Ok(())
}

/// The mount point of a line of mountinfo.
fn place(line: &str) -> Option<&str> {
    line.split(' ').nth(4)
}
