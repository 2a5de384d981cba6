//! The labs of stage 02: what leaks, and what stops it.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::{Running, Who};

/// Three trees that differ in nothing but with whom they share.
const TREES: &str = "cd /mnt && for kind in private slave shared; do \
                     mkdir $kind && mount -t tmpfs $kind /mnt/$kind && mount --make-shared /mnt/$kind && \
                     mkdir /mnt/$kind/place; done && \
                     mount --make-private /mnt/private && mkdir /var/peer && \
                     mount --bind /mnt/slave /var/peer && mount --make-slave /mnt/slave";
const CLEAR: &str = "umount /mnt/private /mnt/slave /mnt/shared /var/peer; \
                     rmdir /mnt/private /mnt/slave /mnt/shared /var/peer";

/// Runs the script, says that it is done, and stays.
const RUN: &str = "/bin/sh \"$1\" /mnt \"$2\"; echo $0; read end";

pub(super) fn shared_leak(bench: &Bench, checks: &mut Checks) -> Judged {
    bench.prepare(TREES)?;
    let name = bench.nonce("leak");
    let on_host = |name: &str| with(bench.host(), name);
    let (mut running, inside) = leaking(bench, checks, "unchanged", &name)?;
    let there = with(inside, &name);
    let leaked = on_host(&name);
    checks
        .check("something mounted inside is on the host's list")
        .worth(2)
        .did(running.command())
        .saw(format!("on the host: {}\ninside: {}\n{}", leaked.join("\n"), there.join("\n"), running.so_far()))
        .means("of the three trees one shares in both directions; a mount on the others is seen by nobody else")
        .mistake_if(there.iter().any(|line| line.contains(" /mnt/private")), "first-tree")
        .mistake_if(there.iter().any(|line| line.contains(" /mnt/slave")), "slave-tree")
        .mistake_if(there.iter().any(|line| line.contains(" /mnt/shared")), "made-private")
        .must(!leaked.is_empty())?;
    running.hush();
    let ran = running.end();
    let leaked = on_host(&name);
    checks
        .check("it is still there when the namespace is gone, and lies in the shared tree")
        .did(&ran.command)
        .saw(leaked.join("\n"))
        .means("what leaks belongs to the host from then on, and nobody takes it away")
        .must(!leaked.is_empty() && leaked.iter().all(|line| line.contains(" /mnt/shared/")))?;
    bench.shell(Who::Root, "umount /mnt/shared/place")?;
    for how in ["private", "slave"] {
        let name = bench.nonce(how);
        let (running, _) = leaking(bench, checks, how, &name)?;
        let leaked = on_host(&name);
        checks
            .check(format!("with --propagation {how} the same script leaks nothing"))
            .did(running.command())
            .saw(format!("on the host: {}", leaked.join("\n")))
            .means("the copy has been cut off before the script began, and there is no shared tree in it")
            .also(leaked.is_empty());
        running.end();
    }
    bench.shell(Who::Root, CLEAR)?;
    Ok(())
}

/// The script of the lab in a mount namespace with this propagation.
fn leaking<'a>(bench: &'a Bench, checks: &mut Checks, how: &str, name: &str) -> Judged<(Running<'a>, Process)> {
    let (word, lab) = (bench.nonce("done"), bench.lab("shared-leak.sh"));
    let script = ["--", "/bin/sh", "-c", RUN, word.as_str(), lab.as_str(), name];
    let arguments = [&["--propagation", how][..], &script].concat();
    let mut running = bench.call(&bench.reference("unshare-mount"), arguments).as_root().start()?;
    let process = checks.arrives(&mut running, &word)?;
    Ok((running, process))
}

/// Lines of mountinfo that speak of this name.
fn with(process: Process, name: &str) -> Vec<String> {
    process.mounts().into_iter().filter(|line| line.contains(name)).collect()
}

pub(super) fn stale_proc(bench: &Bench, checks: &mut Checks) -> Judged {
    let (mark, secret, lab) = (bench.nonce("mark"), bench.nonce("secret"), bench.lab("stale-proc.sh"));
    let holder = ["-c", "echo $1; read end", "sh", mark.as_str(), secret.as_str()];
    let mut host = bench.call("/bin/sh", holder).who(Who::Ordinary).start()?;
    host.line_with(&mark);
    let inside = |stale: &[&str]| {
        let command = [stale, &["--", "/bin/sh", lab.as_str(), mark.as_str()]].concat();
        bench.call(&bench.reference("unshare-pid"), command).who(Who::Ordinary).run()
    };
    let ran = inside(&["--no-proc"])?;
    let said = ran.output.trim().to_owned();
    checks
        .check("from inside a PID namespace with the host's /proc, the secret of a host's process is read")
        .worth(2)
        .did(&ran.command)
        .saw(ran.in_words())
        .means(format!("a process of the host has {mark} on its command line, and the secret after it"))
        .mistake_if(said == mark, "the-mark")
        .mistake_if(said.is_empty(), "own-numbers")
        .mistake_if(said.contains(&secret) && said != secret, "whole-line")
        .must(said == secret)?;
    let ran = inside(&[])?;
    checks
        .check("with a /proc of its own the same script finds nothing")
        .worth(2)
        .did(&ran.command)
        .saw(ran.in_words())
        .means("a fresh /proc shows the processes of its own namespace, and no others have a name in there")
        .also(!ran.output.contains(&secret));
    host.end();
    let ran = inside(&["--no-proc"])?;
    checks
        .check("and where the process has ended, there is nothing to find")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("what was said was not read from /proc")
        .also(!ran.output.contains(&secret));
    Ok(())
}
