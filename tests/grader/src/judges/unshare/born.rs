//! `born-1`: what is left to do for a child that is born inside.

use std::time::Duration;

use super::super::look::{STAYS, arrives, ends_within};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::KINDS;
use crate::sandbox::Who;

const SHARE: &str = "mount --make-shared / && mount --make-shared /proc && mkdir -p /mnt/top && \
                     mount -t tmpfs top /mnt/top && mount --make-shared /mnt/top && mkdir /mnt/top/place";
const UNSHARE: &str = "umount /mnt/top && rmdir /mnt/top && mount --make-private /proc && mount --make-private /";

pub(super) fn born_inside(bench: &Bench, checks: &mut Checks) -> Judged {
    one_after_the_other(bench, checks)?;
    all_kinds(bench, checks)?;
    as_root(bench, checks)?;
    let ran = bench.run("clone-into", ["--", "sh", "-c", "exit 7"])?;
    checks
        .check("the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the parent waits for the child that was born inside")
        .also(ran.status() == Some(7));
    Ok(())
}

/// Where the parent cannot write the maps, a child that waits for them never goes on: that is so however fast each of
/// them is.
fn one_after_the_other(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("alone");
    let script = "mount --rbind /proc /proc && mount -o remount,bind,ro /proc && exec \"$@\"";
    let born = [&bench.program("clone-into"), "--kinds", "user,uts", "--", "sh", "-c", "echo $0", word.as_str()];
    let command = [&["--", "sh", "-c", script, "sh"][..], &born].concat();
    let ran = bench.call(&bench.reference("unshare-mount"), command).as_root().run()?;
    let waits = !ran.output.contains(&word) && !ran.errors.contains("setres");
    let is_told = ran.errors.contains("/uid_map");
    checks
        .check("where the parent cannot do its part, the child does not begin with its own")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("/proc is read-only there, so nobody writes a map: a child that goes on does not wait for the maps")
        .mistake_if(is_told, "no-wait")
        .mistake("no-map")
        .must(waits && is_told)
}

fn all_kinds(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("here");
    let mut running = bench.start("clone-into", ["--", "sh", "-c", STAYS, word.as_str()])?;
    let inside = arrives(checks, &mut running, &word, |said| said.contains("setresgid(").then_some("no-map"))?;
    let shared: Vec<_> = KINDS.iter().filter(|kind| inside.shares(kind, bench.host())).copied().collect();
    checks
        .check("the command shares no namespace with the host")
        .did(running.command())
        .saw(format!("shared are: {}", shared.join(" ")))
        .means("it was not born into all of them")
        .must(shared.is_empty())?;
    let first = inside.file("/proc/1/cmdline").unwrap_or_default().replace('\0', " ");
    checks
        .check("/proc shows the processes of the new namespace")
        .did(running.command())
        .saw(format!("/proc/1/cmdline says: {first}"))
        .means("born into a new list of mounts, the child has a copy of the old one, and in it the old /proc")
        .mistake("stale-proc")
        .also(first.contains(&word));
    let locals = inside.read("net/fib_trie");
    checks
        .check("127.0.0.1 answers")
        .did(running.command())
        .saw(format!(
            "/proc/PID/net/fib_trie has {} bytes, and 127.0.0.1 is {}in it",
            locals.len(),
            if locals.contains("127.0.0.1") { "" } else { "not " }
        ))
        .means("a new network namespace has one device, lo, and it is down")
        .mistake("lo-down")
        .also(locals.contains("127.0.0.1"));
    let map = inside.read("uid_map");
    checks
        .check("the maps are written, and the command is root inside")
        .did(running.command())
        .saw(format!("/proc/PID/uid_map is {map:?}, Uid {}", inside.status("Uid").unwrap_or_default()))
        .means("an id that is in no map is nobody's")
        .also(
            map.split_whitespace().next() == Some("0")
                && inside.status("CapEff").is_some_and(|set| set != "0000000000000000"),
        );
    if let Some(parent) = running.process().filter(|parent| *parent != inside) {
        parent.kill();
    }
    let has_ended = ends_within(inside, Duration::from_secs(1));
    checks
        .check("when its parent is killed, the command ends")
        .did(format!("kill -9 the parent of: {}", running.command()))
        .saw(if has_ended { "it has ended" } else { "it still runs" })
        .means("who asked for the command is gone, and nobody else knows of it: see PR_SET_PDEATHSIG(2const)")
        .mistake("outlives")
        .also(has_ended);
    running.kill();
    Ok(())
}

/// Without a user namespace nothing keeps mounts from leaking but what the child does.
fn as_root(bench: &Bench, checks: &mut Checks) -> Judged {
    bench.prepare(SHARE)?;
    let before = bench.host().mounts_at("/proc").len();
    let (name, word) = (bench.nonce("mine"), bench.nonce("root"));
    let script = format!("mount -t tmpfs {name} /mnt/top/place && echo $0; read end");
    let call = bench.call("clone-into", ["--kinds", "pid,mount,net", "--", "sh", "-c", script.as_str(), word.as_str()]);
    let mut running = call.as_root().start()?;
    let inside = arrives(checks, &mut running, &word, |_| None)?;
    let after = bench.host().mounts_at("/proc").len();
    let leaked: Vec<_> = bench.host().mounts().into_iter().filter(|line| line.contains(&name)).collect();
    let is_shared = inside.mounts_at("/").iter().any(|line| line.contains("shared:"));
    checks
        .check("nothing that is mounted inside appears on the host")
        .worth(2)
        .did(running.command())
        .saw(format!("{after} mounts on /proc of the host, before it were {before}; {}", leaked.join("\n")))
        .means("where mounts are shared, the copies stay in touch until somebody says otherwise")
        .mistake_if(is_shared, "not-private")
        .mistake_if(after > before, "proc-first")
        .must(leaked.is_empty() && after == before)?;
    running.end();
    bench.shell(Who::Root, UNSHARE)?;
    Ok(())
}
