//! `enter-2`: going where a process is.

use super::super::look::{STAYS, arrives, number, place_in_words, place_of};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::Who;

/// Runs its arguments in a group besides the usual ones.
const IN_A_GROUP: &str = "if command -v setpriv >/dev/null; then exec setpriv --groups 1 \"$@\"; fi
    exec chroot --groups=1 / \"$@\"";

pub(super) fn where_it_is(bench: &Bench, checks: &mut Checks) -> Judged {
    narrower_root(bench, checks)?;
    other_ids(bench, checks)?;
    other_groups(bench, checks)?;
    let word = bench.nonce("user");
    let mut running = bench.call(&bench.reference("clone-into"), ["--", "sh", "-c", STAYS, word.as_str()]).start()?;
    let inside = checks.arrives(&mut running, &word)?;
    let pid = number(bench, inside);
    let ran = bench.run("ns-enter", [pid.as_str(), "--", "sh", "-c", "echo $(id -u); exit 7"])?;
    checks
        .check("an ordinary user can go where they are, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("whoever made a user namespace has every right in it")
        .also(ran.status() == Some(7) && ran.output.trim() == "0");
    running.end();
    Ok(())
}

/// Somebody in a chroot in namespaces of their own.
fn narrower_root(bench: &Bench, checks: &mut Checks) -> Judged {
    let (root, word) = (bench.root(Who::Root)?, bench.nonce("there"));
    let [unshare, enter] = ["unshare-pid", "enter-chroot"].map(|program| bench.reference(program));
    let there = [enter.as_str(), root.as_str(), "--", "/bin/sh", "-c", STAYS, word.as_str()];
    let command = ["--"].iter().chain(&there).copied();
    let mut running = bench.call(&unshare, command).as_root().start()?;
    let them = checks.arrives(&mut running, &word)?;
    let (word, pid) = (bench.nonce("here"), number(bench, them));
    let mut entered =
        bench.call("ns-enter", [pid.as_str(), "--", "/bin/sh", "-c", STAYS, word.as_str()]).as_root().start()?;
    let inside = arrives(checks, &mut entered, &word, |said| {
        (said.contains(&format!("/proc/{pid}/root")) && !said.contains("EACCES")).then_some("root-too-late")
    })?;
    in_namespaces(checks, entered.command(), inside, them, &["mnt", "pid"])?;
    let (ours, theirs) = (place_of(inside, "root"), place_of(them, "root"));
    checks
        .check("its root is that of the process, which may be narrower than that of its mounts")
        .worth(2)
        .did(entered.command())
        .saw(format!(
            "/proc/PID/root is {}; of the one who was to be joined it is {}",
            place_in_words(ours),
            place_in_words(theirs)
        ))
        .means("setns(2) starts paths at the root of the mount namespace; the process had been through chroot(2)")
        .mistake("no-root")
        .must(ours == theirs)?;
    entered.end();
    running.end();
    Ok(())
}

/// Somebody in a user namespace, entered by root.
fn other_ids(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("there");
    let mut running = bench
        .call(&bench.reference("clone-into"), ["--kinds", "user,uts", "--", "sh", "-c", STAYS, word.as_str()])
        .start()?;
    let them = checks.arrives(&mut running, &word)?;
    let (word, pid) = (bench.nonce("here"), number(bench, them));
    let mut entered =
        bench.call("ns-enter", [pid.as_str(), "--", "sh", "-c", STAYS, word.as_str()]).as_root().start()?;
    let inside = arrives(checks, &mut entered, &word, |_| None)?;
    in_namespaces(checks, entered.command(), inside, them, &["user", "uts"])?;
    let (ours, theirs) = (inside.status("Uid").unwrap_or_default(), them.status("Uid").unwrap_or_default());
    checks
        .check("with the user namespace come its ids")
        .did(entered.command())
        .saw(format!("seen from outside, the ids are {ours}; of the one who was to be joined, {theirs}"))
        .means("a process keeps its id when it enters a user namespace, and the root of the host is nobody in there")
        .mistake("ids-left")
        .must(ours == theirs)?;
    entered.end();
    running.end();
    Ok(())
}

/// Root, who is in a group besides, enters user namespaces that let groups go; the second has a /proc of its own too, to
/// which the numbers of the host mean nothing.
fn other_groups(bench: &Bench, checks: &mut Checks) -> Judged {
    let unshare = bench.reference("unshare-pid");
    let are_dropped = groups_are_dropped(bench, checks, &[], "groups-kept")?;
    let mistake = if are_dropped { "asked-too-late" } else { "groups-kept" };
    groups_are_dropped(bench, checks, &[&unshare, "--"], mistake)?;
    Ok(())
}

fn groups_are_dropped(bench: &Bench, checks: &mut Checks, through: &[&str], mistake: &str) -> Judged<bool> {
    let word = bench.nonce("there");
    let (maps, stays) = (["--map", "0:1000:1", "--map", "1:2000:10", "--"], ["sh", "-c", STAYS, word.as_str()]);
    let there = [&maps[..], through, &stays[..]].concat();
    let mut running = bench.call(&bench.reference("unshare-user"), there).as_root().start()?;
    let them = checks.arrives(&mut running, &word)?;
    let (word, pid, program) = (bench.nonce("here"), number(bench, them), bench.program("ns-enter"));
    let enter = ["-c", IN_A_GROUP, "sh", &program, &pid, "--", "sh", "-c", STAYS, &word];
    let mut entered = bench.call("/bin/sh", enter).as_root().start()?;
    let inside = arrives(checks, &mut entered, &word, |_| None)?;
    let groups = inside.status("Groups").unwrap_or_default();
    let more = if through.is_empty() { "" } else { ", with another /proc too" };
    let are_dropped = checks
        .check(format!("with the user namespace go the groups that root had outside{more}"))
        .did(entered.command())
        .saw(format!("/proc/PID/status says Groups: {groups}"))
        .means("a group that nobody has in there still opens files outside")
        .mistake(mistake)
        .also(groups.is_empty());
    entered.end();
    running.end();
    Ok(are_dropped)
}

fn in_namespaces(checks: &mut Checks, did: &str, inside: Process, them: Process, kinds: &[&str]) -> Judged {
    let missed: Vec<_> = kinds.iter().filter(|kind| !inside.shares(kind, them)).copied().collect();
    checks
        .check(format!("the command is in the namespaces of the process: {}", kinds.join(", ")))
        .did(did)
        .saw(format!("in others are: {}", missed.join(" ")))
        .means("it was not joined")
        .mistake("nothing-entered")
        .must(missed.is_empty())
}
