//! `ipc-1`: message queues and shared memory of one's own.

use super::super::look::{arrives, explained, random_number};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

pub(super) fn own_ipc(bench: &Bench, checks: &mut Checks) -> Judged {
    let (ours, theirs) = (random_number(1 << 20, 1 << 24), random_number(1 << 24, 1 << 28));
    let (queue, word) = (bench.nonce("queue"), bench.nonce("here"));
    let objects = bench.reference("ipc-objects");
    let on_host = |what: &str| bench.shell(Who::Root, &format!("{objects} {what} --key {ours} --queue /{queue}"));
    on_host("make")?;

    let script = format!("{objects} make --key {theirs} --queue /{queue}-too && echo $0; read end");
    let call = bench.call("unshare-ipc", ["--", "sh", "-c", script.as_str(), word.as_str()]).as_root();
    let mut running = call.start()?;
    let inside = arrives(checks, &mut running, &word, |_| None)?;
    let is_new = !inside.shares("ipc", bench.host());
    let told = if is_new { String::new() } else { explained(bench, "unshare-ipc", &["--", "true"])? };
    checks
        .check("the command has an IPC namespace of its own")
        .worth(2)
        .did(running.command())
        .saw(format!(
            "inside /proc/self/ns/ipc is {}, outside {}",
            inside.namespace("ipc").unwrap_or_default(),
            bench.host().namespace("ipc").unwrap_or_default()
        ))
        .means("both find the same objects: whoever knows a key reads the other's memory")
        .mistake_if(!inside.shares("mnt", bench.host()), "mounts-instead")
        .mistake_if(told.contains("CLONE_SYSVSEM"), "undo-list")
        .mistake("no-namespace")
        .must(is_new)?;
    let has = |objects: &[String], key: u32| objects.iter().any(|line| line.contains(&format!("key {key},")));
    let (here, there) = (bench.names().objects, bench.names_of(inside).unwrap_or_default().objects);
    checks
        .check("objects of the host are not found inside")
        .did(running.command())
        .saw(format!("inside there are: {}", there.join("; ")))
        .means("a new IPC namespace begins empty")
        .also(!has(&there, ours));
    checks
        .check("objects made inside are not found on the host")
        .did(running.command())
        .saw(format!("inside: {}\non the host: {}", there.join("; "), here.join("; ")))
        .means("System V objects are found by number, so the number must count for one side only")
        .also(has(&there, theirs) && !has(&here, theirs));
    checks
        .check("the host keeps its own")
        .did(running.command())
        .saw(format!("on the host: {}", here.join("; ")))
        .means("a namespace is something new beside what there is; nothing is taken away")
        .also(has(&here, ours));
    running.end();
    on_host("remove")?;
    let ran = bench.run("unshare-ipc", ["--", "sh", "-c", "exit 7"])?;
    checks
        .check("an ordinary user can do it too, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("unshare-ipc makes a user namespace first; what your function does must also work in there")
        .also(ran.status() == Some(7));
    Ok(())
}
