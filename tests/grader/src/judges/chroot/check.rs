//! `check-1`: a root looked at before it is entered.

use super::super::look::{arrives, everybodys_root, place_at, place_in_words, place_of};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::{Ran, Who};

/// A script that says its first argument, and stays.
const SCRIPT: &str = "#!/bin/sh\necho \"$1\"; read end\n";

pub(super) fn looked_at_first(bench: &Bench, checks: &mut Checks) -> Judged {
    let root = everybodys_root(bench)?;
    only_inside(bench, checks, &root)?;
    only_outside(bench, checks, &root)?;
    without_a_loader(bench, checks, &root)?;
    let missing = format!("/work/{}", bench.nonce("none"));
    let ran = bench.run("enter-chroot", [missing.as_str(), "--", "/bin/sh"])?;
    checks
        .check("a root that is not there is no missing command")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("127 says that the command is missing; here it is the root, and that is our own failure: 125")
        .mistake("no-directory")
        .also(ran.status() == Some(125) && ran.errors.contains(&missing));
    Ok(())
}

fn only_inside(bench: &Bench, checks: &mut Checks, root: &str) -> Judged {
    let (command, word) = (format!("/{}/tool", bench.nonce("inside")), bench.nonce("here"));
    bench.file(&format!("{root}{command}"), SCRIPT)?;
    bench.shell(Who::Ordinary, &format!("chmod +x {root}{command}"))?;
    let mut running = bench.start("enter-chroot", [root, "--", command.as_str(), word.as_str()])?;
    let is_refused = |said: &str| (said.contains(&command) && !said.contains("execve(")).then_some("outside");
    let inside = arrives(checks, &mut running, &word, is_refused)?;
    let (theirs, wanted) = (place_of(inside, "root"), place_at(bench, root));
    checks
        .check("a command that only this root has is run in it")
        .did(running.command())
        .saw(format!("/proc/PID/root is {}, and {root} is {}", place_in_words(theirs), place_in_words(wanted)))
        .means("the command has another root than the one that was looked at")
        .must(wanted.is_some() && theirs == wanted)?;
    running.end();
    Ok(())
}

fn only_outside(bench: &Bench, checks: &mut Checks, root: &str) -> Judged {
    let tool = format!("/work/{}/tool", bench.nonce("outside"));
    bench.file(&tool, SCRIPT)?;
    bench.shell(Who::Ordinary, &format!("chmod +x {tool}"))?;
    let ran = bench.run("enter-chroot", [root, "--", tool.as_str()])?;
    checks
        .check("a command that only the host has is missed before the root is entered")
        .did(&ran.command)
        .saw(ran.in_words())
        .means(format!("{tool} is there, and not in {root}: the path was looked up outside"))
        .mistake("outside")
        .also(ran.status() == Some(127) && is_before(&ran));
    Ok(())
}

fn without_a_loader(bench: &Bench, checks: &mut Checks, root: &str) -> Judged {
    let outside = format!("/work/{}", bench.nonce("loaders"));
    let names = "-name 'ld-linux*' -o -name 'ld-musl*' -o -name 'ld64.so*' -o -name 'ld.so*'";
    let script = format!(
        "mkdir {outside}; find {root} \\( {names} \\) > {outside}/list; \
         while read -r file; do cp $file {outside}; rm -f $file; echo ${{file##*/}}; done < {outside}/list"
    );
    let loaders = bench.shell(Who::Ordinary, &script)?.output;
    if loaders.trim().is_empty() {
        // Programs that need no loader cannot miss it.
        return Ok(());
    }
    let is_refused = |ran: &Ran| {
        ran.status() == Some(125) && is_before(ran) && loaders.lines().any(|name| ran.errors.contains(name))
    };
    // Refused in time, with words that do not help.
    let is_unnamed = |ran: &Ran| ran.status() == Some(125) && is_before(ran) && !is_refused(ran);
    let run = || bench.run("enter-chroot", [root, "--", "/bin/sh", "-c", "exit 7"]);
    let ran = run()?;
    let is_seen = checks
        .check("a root without the loader of the command is refused, and the loader named")
        .worth(2)
        .did(&ran.command)
        .saw(ran.in_words())
        .means("execve(2) says ENOENT of a program that is there when its loader is not; nobody understands that from inside")
        .mistake_if(!is_before(&ran), "no-loader")
        .mistake_if(is_unnamed(&ran), "loader-unnamed")
        .also(is_refused(&ran));
    behind_a_link(bench, checks, root, is_seen)?;
    let script = format!("while read -r file; do ln -s {outside}/${{file##*/}} $file; done < {outside}/list");
    bench.shell(Who::Ordinary, &script)?;
    let ran = run()?;
    checks
        .check("a loader that is a link is followed as it will be from inside")
        .did(&ran.command)
        .saw(ran.in_words())
        .means(format!("the link leads to {outside}; from inside that is a path of the root, which has no such folder"))
        .mistake_if(!is_before(&ran), if is_seen { "follows-out" } else { "no-loader" })
        .mistake_if(is_unnamed(&ran), "loader-unnamed")
        .also(is_refused(&ran));
    Ok(())
}

/// The same root, in which the command is reached by a link to a folder: from inside, its target begins at the root.
fn behind_a_link(bench: &Bench, checks: &mut Checks, root: &str, is_seen: bool) -> Judged {
    let (real, link) = (bench.nonce("real"), bench.nonce("link"));
    let script = format!("mkdir {root}/{real} && cp -L /bin/sh {root}/{real}/sh && ln -s /{real} {root}/{link}");
    bench.shell(Who::Ordinary, &script)?;
    let ran = bench.run("enter-chroot", [root, "--", &format!("/{link}/sh"), "-c", "exit 7"])?;
    checks
        .check("a command behind a link is looked at where it will be found from inside")
        .did(&ran.command)
        .saw(ran.in_words())
        .means(format!("/{link} leads to /{real}, which is a folder of the root, and not of the host"))
        .mistake_if(!is_before(&ran), if is_seen { "joined-by-hand" } else { "no-loader" })
        .also(ran.status() == Some(125) && is_before(&ran));
    Ok(())
}

/// True when nothing was executed yet.
fn is_before(ran: &Ran) -> bool {
    !ran.errors.contains("execve(")
}
