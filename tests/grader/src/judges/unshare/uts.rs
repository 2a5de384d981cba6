//! `uts-1`: a host name of one's own.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::KINDS;
use crate::sandbox::Who;

/// Says that it is there, and stays until its input ends.
const STAYS: &str = "echo $0; read end";

pub(super) fn own_hostname(bench: &Bench, checks: &mut Checks) -> Judged {
    let (name, word) = (bench.nonce("red"), bench.nonce("here"));
    let before = bench.names().hostname;
    // As root: a user namespace of its own would hide whose name was changed.
    let call =
        bench.call("unshare-uts", ["--hostname", name.as_str(), "--", "sh", "-c", STAYS, word.as_str()]).as_root();
    let mut running = call.start()?;
    let inside = checks.arrives(&mut running, &word)?;

    let (theirs, ours) =
        (inside.namespace("uts").unwrap_or_default(), bench.host().namespace("uts").unwrap_or_default());
    let after = bench.names().hostname;
    checks
        .check("the command has a UTS namespace of its own")
        .worth(2)
        .did(running.command())
        .saw(format!(
            "inside /proc/self/ns/uts is {theirs}, outside it is {ours}; the host is called {after}, and was {before}"
        ))
        .means("both are in one namespace, and share its name: whoever renames one renames the other")
        .mistake_if(KINDS.iter().any(|kind| *kind != "user" && !inside.shares(kind, bench.host())), "another-namespace")
        .mistake("no-namespace")
        .must(!theirs.is_empty() && theirs != ours)?;
    checks
        .check("the host keeps its name")
        .did(running.command())
        .saw(format!("the host was called {before}, and is now called {after}"))
        .means(
            "sethostname(2) renames the namespace that the caller is in at that moment, and that was still the host's",
        )
        .mistake("hostname-first")
        .must(after == before)?;
    let called = bench.names_of(inside).unwrap_or_default().hostname;
    checks
        .check("inside, the host has the name that was asked for")
        .worth(2)
        .did(running.command())
        .saw(format!("the kernel's name for the host in {theirs} is {called}, and not {name}"))
        .means("a new UTS namespace begins as a copy of the old one, its name included")
        .mistake_if(called == before, "no-name")
        .mistake_if(called != before, "another-name")
        .also(called == name);
    running.end();

    let ran = bench
        .call("unshare-uts", ["--hostname", name.as_str(), "--", "sh", "-c", "hostname; exit 7"])
        .who(Who::Ordinary)
        .run()?;
    checks
        .check("an ordinary user can do it too, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("unshare-uts makes a user namespace first; what your function does must also work in there")
        .also(ran.status() == Some(7) && ran.output.trim() == called);
    Ok(())
}
