//! `keep-1`: a namespace that outlives its last process.

use super::super::look::{STAYS, arrives, number};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::{Running, Who};

pub(super) fn kept(bench: &Bench, checks: &mut Checks) -> Judged {
    let file = format!("/run/{}", bench.nonce("net"));
    let (mut running, inside) = somebody(bench, checks, "unshare-net", &[])?;
    let namespace = inside.namespace("net").unwrap_or_default();
    let pid = number(bench, inside);
    let ran = bench.call("ns-keep", [pid.as_str(), "net", file.as_str()]).as_root().run()?;
    let mounts = bench.host().mounts_at(&file);
    checks
        .check("the namespace is mounted on the file")
        .worth(2)
        .did(&ran.command)
        .saw(format!("mounted there: {}\n{}", mounts.join("\n"), ran.in_words()))
        .means("a mount of its file holds a namespace as a process does; without it nothing does")
        .mistake_if(mounts.iter().any(|line| line.contains("net:[")), "own-namespace")
        .mistake_if(ran.errors.contains("ENOENT"), "no-mount-point")
        .mistake_if(ran.went_well(), "guards-dropped")
        .must(
            mounts.last().is_some_and(|line| line.contains(&format!(" {namespace} ")) && line.contains(" - nsfs ")),
        )?;
    running.hush();
    running.end();
    let word = bench.nonce("back");
    let call = bench.call(&bench.reference("ns-enter"), [file.as_str(), "--", "sh", "-c", STAYS, word.as_str()]);
    let mut running = call.as_root().start()?;
    let back = checks.arrives(&mut running, &word)?;
    checks
        .check("when its last process has gone, it can still be entered")
        .worth(2)
        .did(running.command())
        .saw(format!("it was {namespace}, and who entered is in {}", back.namespace("net").unwrap_or_default()))
        .means("a namespace lives while something refers to it")
        .also(back.namespace("net").as_deref() == Some(namespace.as_str()));
    running.end();
    mount_namespace(bench, checks)?;
    occupied(bench, checks)?;
    refused(bench, checks)?;
    interrupted(bench, checks)?;
    let drop = bench.call(&bench.reference("ns-drop"), [file.as_str()]).as_root().run()?;
    checks
        .check("ns-drop takes it away again, with the file")
        .did(&drop.command)
        .saw(drop.in_words())
        .means("the empty file marks the place, and has no permissions so that ns-drop knows it again")
        .also(drop.went_well() && bench.host().in_root(&file).is_none());
    Ok(())
}

/// Somebody in a namespace of their own.
fn somebody<'a>(bench: &'a Bench, checks: &mut Checks, program: &str, how: &[&str]) -> Judged<(Running<'a>, Process)> {
    let word = bench.nonce("here");
    let command = [how, &["--", "sh", "-c", STAYS, word.as_str()]].concat();
    let call = bench.call(&bench.reference(program), command);
    let mut running = call.as_root().start()?;
    let inside = arrives(checks, &mut running, &word, |_| None)?;
    Ok((running, inside))
}

/// Somebody in a mount namespace that the reference can keep: the kernel keeps none that it numbered before the present
/// one, and since Linux 6.18 each CPU has numbers of its own, so that a younger one may have a smaller number.
fn keepable<'a>(bench: &'a Bench, checks: &mut Checks) -> Judged<Option<(Running<'a>, Process)>> {
    for _ in 0..32 {
        let (running, inside) = somebody(bench, checks, "unshare-mount", &["--propagation", "unchanged"])?;
        let (pid, file) = (number(bench, inside), format!("/run/{}", bench.nonce("trial")));
        let keep = [pid.as_str(), "mnt", file.as_str()];
        if bench.call(&bench.reference("ns-keep"), keep).as_root().run()?.went_well() {
            bench.call(&bench.reference("ns-drop"), [file.as_str()]).as_root().run()?;
            return Ok(Some((running, inside)));
        }
        running.end();
    }
    Ok(None)
}

/// Where mounts are shared, a mount namespace is kept only on a mount that is not.
fn mount_namespace(bench: &Bench, checks: &mut Checks) -> Judged {
    bench.shell(Who::Root, "mount --make-shared /run")?;
    let file = format!("/run/{}", bench.nonce("mnt"));
    let Some((running, inside)) = keepable(bench, checks)? else {
        bench.shell(Who::Root, "mount --make-private /run")?;
        return Ok(());
    };
    let namespace = inside.namespace("mnt").unwrap_or_default();
    let pid = number(bench, inside);
    let ran = bench.call("ns-keep", [pid.as_str(), "mnt", file.as_str()]).as_root().run()?;
    let is_kept = bench.host().mounts_at(&file).iter().any(|line| line.contains(&format!(" {namespace} ")));
    checks
        .check("a mount namespace is kept where mounts are shared")
        .did(format!("mount --make-shared /run; {}", ran.command))
        .saw(ran.in_words())
        .means("a mount on a shared mount would appear in the very namespace that is kept: the kernel refuses that")
        .mistake_if(!is_kept && ran.errors.contains("EINVAL"), "no-bed")
        .also(is_kept);
    if is_kept {
        bench.call(&bench.reference("ns-drop"), [file.as_str()]).as_root().run()?;
    }
    running.end();
    bench.shell(Who::Root, "mount --make-private /run")?;
    Ok(())
}

fn occupied(bench: &Bench, checks: &mut Checks) -> Judged {
    let (file, text) = (format!("/work/{}", bench.nonce("file")), bench.nonce("text"));
    bench.file(&file, &text)?;
    let (running, inside) = somebody(bench, checks, "unshare-uts", &[])?;
    let ran = bench.call("ns-keep", [number(bench, inside).as_str(), "uts", file.as_str()]).as_root().run()?;
    let is_there = bench.host().file(&file).is_some_and(|now| now == text);
    checks
        .check("a file that has content is not hidden")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("what lies under a mount is gone until that is taken away, and nobody asked for it")
        .mistake("covers-everything")
        .also(!ran.went_well() && is_there);
    running.end();
    clear(bench, &file)
}

/// The kernel keeps no mount namespace in itself: the mount point is made by then.
fn refused(bench: &Bench, checks: &mut Checks) -> Judged {
    let file = format!("/run/{}", bench.nonce("self"));
    let pid = number(bench, bench.host());
    let ran = bench.call("ns-keep", [pid.as_str(), "mnt", file.as_str()]).as_root().run()?;
    let is_there = bench.host().in_root(&file).is_some();
    checks
        .check("when the kernel refuses to keep it, no file is left behind")
        .did(&ran.command)
        .saw(format!("{}\n{file} is {}there", ran.in_words(), if is_there { "" } else { "not " }))
        .means(
            "a mount namespace that kept itself would never end, so the mount is refused; by then its place was made",
        )
        .mistake("forgotten-early")
        .also(!ran.went_well() && !is_there);
    clear(bench, &file)
}

/// A signal that came before the program began, and that nobody lets strike.
fn interrupted(bench: &Bench, checks: &mut Checks) -> Judged {
    let can_block = bench.shell(Who::Root, "env --block-signal=TERM true")?.went_well();
    if !can_block {
        // An env(1) that cannot: nothing else on every host can hold a signal back.
        return Ok(());
    }
    let file = format!("/run/{}", bench.nonce("late"));
    let (running, inside) = somebody(bench, checks, "unshare-uts", &[])?;
    let (pid, keep) = (number(bench, inside), bench.program("ns-keep"));
    let script = "kill -TERM $$; exec \"$@\"";
    let command = ["--block-signal=TERM", "sh", "-c", script, "sh", keep.as_str(), pid.as_str(), "uts", file.as_str()];
    let ran = bench.call("/usr/bin/env", command).as_root().run()?;
    let kept = bench.host().mounts_at(&file).join("\n");
    checks
        .check("when a signal has come in the meantime, nothing is kept")
        .did(&ran.command)
        .saw(format!("{}\n{kept}", ran.in_words()).trim_end())
        .means("who asks for the end while something is being made does not expect to find it made")
        .mistake("signal-unheard")
        .also(!ran.went_well() && kept.is_empty());
    running.end();
    clear(bench, &file)
}

fn clear(bench: &Bench, file: &str) -> Judged {
    bench.shell(Who::Root, &format!("umount {file} 2>/dev/null; rm -f {file}"))?;
    Ok(())
}
