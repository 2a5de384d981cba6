//! `mount-1`: a list of mounts of one's own.

use super::super::look::arrives;
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::Who;

/// A tree that is shared as systemd shares "/", with a second mount below it.
const SHARE: &str = "mount --make-shared / && mkdir -p /mnt/top && mount -t tmpfs top /mnt/top && \
                     mount --make-shared /mnt/top && mkdir /mnt/top/place /mnt/top/below && \
                     mount -t tmpfs below /mnt/top/below && mkdir /mnt/top/below/place && \
                     mount --make-shared /mnt/top/below";
const UNSHARE: &str = "umount /mnt/top/below && umount /mnt/top && rmdir /mnt/top && mount --make-private /";

pub(super) fn own_mounts(bench: &Bench, checks: &mut Checks) -> Judged {
    bench.prepare(SHARE)?;
    let (first, second, word) = (bench.nonce("first"), bench.nonce("second"), bench.nonce("here"));
    let script = format!(
        "mount -t tmpfs {first} /mnt/top/place && mount -t tmpfs {second} /mnt/top/below/place && echo $0; read end"
    );
    let call = bench.call("unshare-mount", ["--", "sh", "-c", script.as_str(), word.as_str()]).as_root();
    let mut running = call.start()?;
    let inside = arrives(checks, &mut running, &word, |_| None)?;
    checks
        .check("the command has a mount namespace of its own")
        .worth(2)
        .did(running.command())
        .saw(format!(
            "inside /proc/self/ns/mnt is {}, outside {}",
            inside.namespace("mnt").unwrap_or_default(),
            bench.host().namespace("mnt").unwrap_or_default()
        ))
        .means("what it mounts is mounted on the host")
        .mistake("no-namespace")
        .must(!inside.shares("mnt", bench.host()))?;
    let ours = lines(bench.host(), "/mnt/top");
    checks
        .check("the host's mounts are shared as they were before")
        .did(running.command())
        .saw(&ours)
        .means("mount(2) changes the mounts of the namespace that the caller is in at that moment, and that was the host's")
        .mistake("private-first")
        .must(ours.contains("shared:"))?;
    let leaked: Vec<_> =
        bench.host().mounts().into_iter().filter(|line| line.contains(&first) || line.contains(&second)).collect();
    checks
        .check("nothing that is mounted inside appears on the host")
        .worth(2)
        .did(running.command())
        .saw(format!("on the host: {}\ninside /: {}", leaked.join("\n"), lines(inside, "/")))
        .means("a new mount namespace is a copy, and copies of shared mounts stay in touch")
        .mistake_if(!lines(inside, "/").contains("shared:"), "only-the-top")
        .mistake("no-private")
        .must(leaked.is_empty())?;
    checks
        .check("inside, it is mounted")
        .did(running.command())
        .saw(inside.mounts().into_iter().filter(|line| line.contains(&second)).collect::<String>())
        .means("the copy of the list is there to be changed")
        .also(inside.mounts().iter().any(|line| line.contains(&first)));
    running.end();
    as_asked(bench, checks)?;
    bench.shell(Who::Root, UNSHARE)?;
    let ran = bench.run("unshare-mount", ["--", "sh", "-c", "mount -t tmpfs mine /mnt && exit 7"])?;
    checks
        .check("an ordinary user can do it too, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("unshare-mount makes a user namespace first; what your function does must also work in there")
        .also(ran.status() == Some(7));
    Ok(())
}

/// Other propagations than the usual one: the parameter is heeded.
fn as_asked(bench: &Bench, checks: &mut Checks) -> Judged {
    for (how, wanted) in [("slave", "master:"), ("unchanged", "shared:")] {
        let command = ["--propagation", how, "--", "cat", "/proc/self/mountinfo"];
        let ran = bench.call("unshare-mount", command).as_root().run()?;
        let line = ran.output.lines().find(|line| line.contains(" /mnt/top ")).unwrap_or_default();
        checks
            .check(format!("asked for `{how}`, it shares with the host what that means"))
            .did(&ran.command)
            .saw(format!("/proc/self/mountinfo says: {line}"))
            .means(format!("the mount has no `{wanted}`, by which the kernel says with whom it still shares"))
            .mistake_if(!line.is_empty() && !line.contains("master:") && !line.contains("shared:"), "always-private")
            .also(line.contains(wanted) && (how == "unchanged" || !line.contains("shared:")));
    }
    Ok(())
}

fn lines(process: Process, place: &str) -> String {
    process.mounts_at(place).join("\n")
}
