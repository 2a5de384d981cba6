//! uid_map and gid_map: one write, checked line by line, that holds for good. See user_namespaces(7).

use std::path::Path;

use crate::cause::Cause;
use crate::refusal::asked::{Asked, say};

/// A map has at most so many lines since Linux 4.15.
const MOST_LINES: usize = 340;

/// One line of a map.
#[derive(Clone, Copy)]
struct Range {
    inside: u64,
    outside: u64,
    count: u64,
}

fn range(line: &str) -> Option<Range> {
    let numbers: Vec<u64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    let [inside, outside, count] = numbers.try_into().ok()?;
    Some(Range { inside, outside, count })
}

/// True when two ranges have an id in common, each given as its first id and its length.
fn overlap(ranges: &[Range], first: impl Fn(&Range) -> u64) -> bool {
    let meet =
        |one: &Range, other: &Range| first(one) < first(other) + other.count && first(other) < first(one) + one.count;
    ranges.iter().enumerate().any(|(at, one)| ranges[at + 1..].iter().any(|other| meet(one, other)))
}

// ANCHOR: invalid
pub(super) fn invalid(content: &str) -> Option<String> {
    let lines: Vec<_> = content.lines().collect();
    let ranges: Option<Vec<_>> = lines.iter().map(|line| range(line)).collect();
    let apart = "let each range end before the next begins";
    let Some(ranges) = ranges.filter(|ranges| !ranges.is_empty()) else {
        return say(
            "each line of a map is INSIDE OUTSIDE COUNT, in decimal",
            "write `0 1000 1` to be root in there as user 1000 out here",
        );
    };
    if lines.len() > MOST_LINES {
        return say(format!("a map has at most {MOST_LINES} lines, and this one {}", lines.len()), "join ranges");
    }
    if ranges.iter().any(|range| range.count == 0) {
        return say("a range of no ids maps nothing", "give a COUNT of at least 1");
    }
    if ranges.iter().any(|range| range.inside.max(range.outside) + range.count > u64::from(u32::MAX)) {
        return say("ids end at 4294967294", "make the range shorter");
    }
    if overlap(&ranges, |range| range.inside) {
        return say("two lines map the same id inside", apart);
    }
    if overlap(&ranges, |range| range.outside) {
        return say("two lines map to the same id outside", apart);
    }
    say("a map is written at once, from the start of the file", "give all lines to one write(2)")
}
// ANCHOR_END: invalid

pub(super) fn forbidden(asked: &Asked<'_>, path: &Path) -> Option<String> {
    let host = asked.host;
    let content = asked.text(1)?;
    let ranges: Vec<_> = content.lines().filter_map(range).collect();
    if host.text(path).is_some_and(|map| !map.is_empty()) {
        return say(
            format!("{} is written already, and holds for good", path.display()),
            "make a new user namespace for another map",
        );
    }
    if let Some(cause) = host.apparmor_profile().and_then(|_| Cause::of_a_guard(host, asked.errno)) {
        return Some(cause.sentence());
    }
    let is_gid = path.ends_with("gid_map");
    if ranges.len() > 1 || ranges.iter().any(|range| range.count > 1) {
        return say(
            "without CAP_SETUID outside, one may map a single id, one's own",
            "let root outside write it, or newuidmap(1) and newgidmap(1), which hand out the ids of /etc/subuid",
        );
    }
    let setgroups = host.text(path.with_file_name("setgroups"));
    if is_gid && setgroups.as_deref() == Some("allow") {
        return say(
            "an ordinary user gives up setgroups(2) before mapping a group, lest one be dropped that forbids something",
            "write `deny` to /proc/PID/setgroups first",
        );
    }
    let own = if is_gid { "group" } else { "user" };
    say(
        format!("the only id outside that one may map is one's own {own} id, from inside or from the namespace around"),
        "map that one: `id` tells it",
    )
}
