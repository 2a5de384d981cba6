//! `user-2`: the maps of a user namespace, in the order that the kernel asks for.

use super::super::look::{STAYS, arrives};
use super::user::{id, squeeze};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};

pub(super) fn written(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("here");
    let mut running = bench.start("unshare-user", ["--", "sh", "-c", STAYS, word.as_str()])?;
    let inside = arrives(checks, &mut running, &word, |said| match said {
        said if said.contains("/gid_map") => Some("no-setgroups"),
        said if said.contains("/uid_map") => Some("swapped"),
        _ => None,
    })?;
    for (map, field, mistake) in [("uid_map", "Uid", "groups-only"), ("gid_map", "Gid", "users-only")] {
        let (lines, outside) = (squeeze(&inside.read(map)), id(inside, field));
        checks
            .check(format!("{map} says that 0 inside is you outside"))
            .worth(2)
            .did(running.command())
            .saw(format!("/proc/PID/{map} is {lines:?}, and the command is {outside} outside"))
            .means("an id that is in no map is nobody's")
            .mistake_if(lines.is_empty(), mistake)
            .must(lines == format!("0 {outside} 1"))?;
    }
    checks
        .check("whoever has mapped their own group has given up the right to drop groups")
        .did(running.command())
        .saw(format!("/proc/PID/setgroups says {:?}", inside.read("setgroups")))
        .means("a group can also take rights away; who could drop it would have more than before")
        .also(inside.read("setgroups").trim() == "deny");
    running.end();
    of_others(bench, checks)
}

/// Two ranges, and root, who maps them from outside.
fn of_others(bench: &Bench, checks: &mut Checks) -> Judged {
    let word = bench.nonce("root");
    let ranges = ["--map", "0:1000:1", "--map", "1:2000:10", "--", "sh", "-c", STAYS, word.as_str()];
    let mut running = bench.call("unshare-user", ranges).as_root().start()?;
    let inside = arrives(checks, &mut running, &word, |said| said.contains("/uid_map").then_some("line-by-line"))?;
    let lines = inside.read("uid_map");
    let inside_numbers: Vec<_> = lines.lines().filter_map(|line| line.split_whitespace().next()).collect();
    checks
        .check("two ranges are two lines")
        .did(running.command())
        .saw(format!("/proc/PID/uid_map is {lines:?}"))
        .means("a map is written once, with all its lines: the second write is refused")
        .also(inside_numbers == ["0", "1"] && id(inside, "Uid") == lines.split_whitespace().nth(1).unwrap_or_default());
    checks
        .check("root maps from outside, and need not give up anything")
        .did(running.command())
        .saw(format!("/proc/PID/setgroups says {:?}", inside.read("setgroups")))
        .means("root may drop groups anyway: without setgroups(2) no program inside could take the groups of its user")
        .mistake("always-deny")
        .also(inside.read("setgroups").trim() == "allow");
    running.end();
    Ok(())
}
