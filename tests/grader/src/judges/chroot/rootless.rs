//! `rootless-1`: the right to chroot for an ordinary user.

use super::super::look::{STAYS, arrives};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;

pub(super) fn own_ids(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("here");
    let mut running =
        bench.start("enter-chroot", [bench.shared_root(), "--", "/bin/sh", "-c", STAYS, word.as_str()])?;
    let inside = arrives(checks, &mut running, &word, |said| match said {
        said if said.contains("gid_map") => Some("no-setgroups"),
        said if said.contains("uid_map") => Some("swapped"),
        said if said.contains("chroot(") => Some("no-namespace"),
        _ => None,
    })?;
    checks
        .check("an ordinary user's command has a user namespace of its own")
        .worth(2)
        .did(running.command())
        .saw(format!(
            "inside /proc/self/ns/user is {}, outside {}",
            inside.namespace("user").unwrap_or_default(),
            bench.host().namespace("user").unwrap_or_default()
        ))
        .means("chroot(2) takes CAP_SYS_CHROOT, and whoever makes a user namespace has it in there")
        .must(!inside.shares("user", bench.host()))?;
    for (map, field) in [("uid_map", "Uid"), ("gid_map", "Gid")] {
        let (lines, outside) = (inside.read(map), id(inside, field));
        checks
            .check(format!("in {map}, 0 inside is the one who called, outside"))
            .did(running.command())
            .saw(format!("/proc/PID/{map} is {:?}, and the command is {outside} outside", squeeze(&lines)))
            .means("without a map it is nobody; and who is not 0 inside is not root, and loses its rights at execve(2)")
            .mistake_if(lines.trim().is_empty(), "no-map")
            .must(squeeze(&lines) == format!("0 {outside} 1"))?;
    }
    running.end();
    let word = bench.nonce("root");
    let call = bench.call("enter-chroot", [bench.shared_root(), "--", "/bin/sh", "-c", STAYS, word.as_str()]);
    let mut running = call.as_root().start()?;
    let inside = arrives(checks, &mut running, &word, |_| None)?;
    checks
        .check("root needs none, and gets none")
        .did(running.command())
        .saw(format!("as root, inside /proc/self/ns/user is {}", inside.namespace("user").unwrap_or_default()))
        .means("in a user namespace of its own, root would lose its rights over everything outside")
        .mistake("always")
        .also(inside.shares("user", bench.host()));
    running.end();
    Ok(())
}

/// Its id, as we see it from outside.
fn id(process: Process, field: &str) -> String {
    process.status(field).unwrap_or_default().split(' ').next().unwrap_or_default().to_owned()
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
