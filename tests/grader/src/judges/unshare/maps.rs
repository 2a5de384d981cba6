//! `user-2`: the maps of a user namespace, in the order that the kernel asks for.

use super::super::look::{STAYS, arrives};
use super::user::{id, squeeze};
use crate::bench::{Bench, PATH};
use crate::checks::{Checks, Judged};
use crate::sandbox::Who;

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
    of_others(bench, checks)?;
    by_helpers(bench, checks)?;
    of_a_child(bench, checks)
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

/// Helpers of our own, which note that they were asked, and map what anybody may: whoever writes a second time is refused.
fn by_helpers(bench: &Bench, checks: &mut Checks) -> Judged {
    let folder = format!("/work/{}", bench.nonce("helpers"));
    let asked = format!("{folder}/asked");
    let helper = format!(
        "#!/bin/sh\necho \"${{0##*/}} $*\" >> {asked}\ncase $0 in\n\
         *newgidmap) echo deny > /proc/$1/setgroups; echo \"$2 $3 1\" > /proc/$1/gid_map ;;\n\
         *) echo \"$2 $3 1\" > /proc/$1/uid_map ;;\nesac\n"
    );
    bench.file(&format!("{folder}/newuidmap"), &helper)?;
    let script =
        format!("cd {folder} && cp newuidmap newgidmap && chmod +x newuidmap newgidmap; echo $(id -u) $(id -g)");
    let who = bench.shell(Who::Ordinary, &script)?.output;
    let (user, group) = who.trim().split_once(' ').unwrap_or_default();
    let (users, groups, word) = (format!("0:{user}:1"), format!("0:{group}:1"), bench.nonce("helped"));
    let more = "1:100000:10";
    let maps = ["--map", &users, "--map", more, "--map-groups", &groups, "--map-groups", more];
    let call = bench.call("unshare-user", [&maps[..], &["--", "sh", "-c", STAYS, &word]].concat());
    let mut running = call.with("PATH", format!("{folder}:{PATH}")).start()?;
    let calls = || bench.host().file(&asked).unwrap_or_default();
    let went_on = |said: &str| (said.contains("/proc/") && calls().lines().count() == 2).then_some("both-ways");
    let inside = arrives(checks, &mut running, &word, went_on)?;
    let map = squeeze(&inside.read("uid_map"));
    checks
        .check("ids that are not an ordinary user's own are mapped by newuidmap and newgidmap")
        .did(running.command())
        .saw(format!("they were asked:\n{}/proc/PID/uid_map is {map:?}", calls()))
        .means("the kernel lets nobody without rights map the ids of others; these two programs may")
        .also(calls().contains("newuidmap ") && calls().contains("newgidmap ") && map == format!("0 {user} 1"));
    running.end();
    Ok(())
}

/// An ordinary user's child, with the ids of that user alone.
fn of_a_child(bench: &Bench, checks: &mut Checks) -> Judged {
    let ran = bench.run("clone-into", ["--kinds", "uts", "--", "cat", "/proc/self/setgroups"])?;
    checks
        .check("whoever maps a child with their own ids alone gives up the right to drop groups for it")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("who is outside has no more rights there than the child had: the kernel asks both for the same")
        .mistake_if(ran.errors.contains("gid_map"), "not-for-a-child")
        .also(ran.output.trim() == "deny");
    Ok(())
}
