//! `user-1`: ids of one's own.

use super::super::look::{STAYS, arrives};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;

pub(super) fn own_ids(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("here");
    let mut running = bench.start("unshare-user", ["--", "sh", "-c", STAYS, word.as_str()])?;
    let inside = arrives(checks, &mut running, &word, |said| match said {
        // Maps of the caller alone, who is nobody once inside.
        said if said.contains("\"0 65534 1\\n\"") => Some("only-root"),
        said if said.contains("/setgroups") || said.contains("/uid_map") => Some("map-first"),
        _ => None,
    })?;
    checks
        .check("the command has a user namespace of its own")
        .worth(2)
        .did(running.command())
        .saw(format!(
            "inside /proc/self/ns/user is {}, outside {}",
            inside.namespace("user").unwrap_or_default(),
            bench.host().namespace("user").unwrap_or_default()
        ))
        .means("an id means the same to both, and so does a right")
        .mistake("no-namespace")
        .must(!inside.shares("user", bench.host()))?;
    let outside = id(inside, "Uid");
    let (users, groups) = (squeeze(&inside.read("uid_map")), squeeze(&inside.read("gid_map")));
    checks
        .check("its maps say that root inside is you outside")
        .worth(2)
        .did(running.command())
        .saw(format!("uid_map is {users:?}, gid_map {groups:?}; outside, the command is {outside}"))
        .means("until the maps are written, no id inside stands for anybody: the command is 65534, who owns nothing")
        .mistake_if(users.is_empty(), "no-map")
        // Who has no sub-ids begins in a user namespace already, which has another map.
        .mistake_if(!users.starts_with("0 "), "no-namespace")
        .must(users == format!("0 {outside} 1") && groups == format!("0 {} 1", id(inside, "Gid")))?;
    let rights = inside.status("CapEff").unwrap_or_default();
    checks
        .check("as root inside it has every right in there")
        .did(running.command())
        .saw(format!("CapEff is {rights}"))
        .means("execve(2) takes the capabilities of whoever is not root")
        .also(u64::from_str_radix(&rights, 16).is_ok_and(|set| set.trailing_ones() >= 38));
    running.end();
    other_numbers(bench, checks)
}

/// Inside another number than 0: the parameter is heeded.
fn other_numbers(bench: &Bench, checks: &mut Checks) -> Judged {
    let who = bench.run("/bin/sh", ["-c", "echo $(id -u) $(id -g)"])?.output;
    let mut ids = who.split_whitespace();
    let (user, group) = (ids.next().unwrap_or_default(), ids.next().unwrap_or_default());
    let maps = [format!("7:{user}:1"), format!("8:{group}:1")];
    let script = "echo $(id -u) $(id -g); exit 7";
    let ran = bench
        .run("unshare-user", ["--map", maps[0].as_str(), "--map-groups", maps[1].as_str(), "--", "sh", "-c", script])?;
    checks
        .check("other numbers are mapped as they were asked for, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("which numbers count inside is what `maps` says")
        .mistake_if(ran.output.trim() == "0 0", "only-root")
        .also(ran.output.trim() == "7 8" && ran.status() == Some(7));
    Ok(())
}

/// Its id, as we see it from outside.
pub(super) fn id(process: Process, field: &str) -> String {
    process.status(field).unwrap_or_default().split(' ').next().unwrap_or_default().to_owned()
}

pub(super) fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
