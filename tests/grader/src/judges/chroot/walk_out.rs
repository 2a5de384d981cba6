//! `lab-walk-out`: the walk out of a chroot, and where it ends.

use super::super::look::{STAYS, arrives, everybodys_root, place_at, place_in_words, place_of};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

pub(super) fn out_of_a_chroot(bench: &Bench, checks: &mut Checks) -> Judged {
    // One root in another, so that whoever ends half way up finds a shell there.
    let (outer, inner, word) = (bench.root(Who::Root)?, bench.root(Who::Root)?, bench.nonce("out"));
    let root = format!("{outer}/inner");
    bench.shell(Who::Root, &format!("mv {inner} {root}"))?;
    let call = bench.call("escape-chroot", [root.as_str(), "--", "sh", "-c", STAYS, word.as_str()]);
    let mut running = call.as_root().start()?;
    let inside = arrives(checks, &mut running, &word, |said| match said {
        said if said.contains("contained:") => Some("no-step"),
        // "/" is now a directory without anything in it.
        said if said.contains("no such command") || said.contains("execve(") => Some("stepped-in"),
        _ => None,
    })?;
    let (theirs, host, above) = (place_of(inside, "root"), place_at(bench, "/"), place_at(bench, &outer));
    checks
        .check("the command has the root of the host")
        .worth(2)
        .did(running.command())
        .saw(format!(
            "/proc/PID/root is {}, / of the host {}; what lies above {root} is {}",
            place_in_words(theirs),
            place_in_words(host),
            place_in_words(above)
        ))
        .means("the walk went up, and ended before the top")
        .mistake_if(theirs == above, "one-step")
        .must(theirs.is_some() && theirs == host)?;
    running.end();
    nothing_left(bench, checks, &root)?;
    ordinary(bench, checks)?;
    refused(bench, checks, &root)
}

fn nothing_left(bench: &Bench, checks: &mut Checks, root: &str) -> Judged {
    let list = |root: &str| bench.shell(Who::Root, &format!("ls -A {root}"));
    let (now, before) = (list(root)?, list(bench.shared_root())?);
    checks
        .check("the root is as it was before")
        .did(format!("ls -A {root}"))
        .saw(now.output.split_whitespace().collect::<Vec<_>>().join(" "))
        .means("the directory that served as a step is still there, and tells of the walk")
        .mistake("leaves-the-step")
        .also(now.output == before.output);
    Ok(())
}

fn ordinary(bench: &Bench, checks: &mut Checks) -> Judged {
    let (root, secret) = (everybodys_root(bench)?, bench.nonce("secret"));
    let file = format!("/work/{}", bench.nonce("file"));
    bench.file(&file, &secret)?;
    let ran = bench.run("escape-chroot", [root.as_str(), "--", "cat", file.as_str()])?;
    let is_out = checks
        .check("an ordinary user gets out of their own chroot too, and reads what lies outside")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("in a user namespace of their own they may chroot(2), and that is all it takes")
        .also(ran.output.contains(&secret));
    let ran = bench.run("escape-chroot", [bench.shared_root(), "--", "cat", file.as_str()])?;
    checks
        .check("and out of a root that they may not write to")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the step needs a directory, and not a new one")
        .mistake_if(is_out, "needs-a-new-one")
        .also(ran.output.contains(&secret));
    Ok(())
}

/// The same program from inside a root that another program has entered.
fn refused(bench: &Bench, checks: &mut Checks, root: &str) -> Judged {
    let program = bench.program("escape-chroot");
    bench.shell(Who::Root, &format!("cp {program} {root}/escape-chroot"))?;
    let word = bench.nonce("word");
    let walk = ["--", "/escape-chroot", "--", "/bin/sh", "-c", "echo $0", word.as_str()];
    let from = |enter: &str| bench.call(enter, [root].iter().chain(&walk).copied()).as_root().run();
    let ran = from(&bench.reference("enter-chroot"))?;
    checks
        .check("out of enter-chroot it leads")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("whoever entered the root, the walk is the same")
        .also(ran.output.contains(&word));
    let ran = from(&bench.reference("enter-pivot"))?;
    checks
        .check("out of enter-pivot it does not")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("pivot_root(2) leaves nothing above the root: the walk leads back to where it began")
        .chapter("04-pivot.md#idea")
        .also(ran.status() == Some(1) && !ran.output.contains(&word));
    Ok(())
}
