//! What ids inside a user namespace stand for outside.

use super::State;
use crate::trace::{Step, unquoted};

/// So many ids from here inside are so many from there outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) inside: u64,
    pub(crate) outside: u64,
    pub(crate) count: u64,
}

/// The maps of a user namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Maps {
    pub(crate) users: Vec<Range>,
    pub(crate) groups: Vec<Range>,
}

impl State {
    pub(super) fn ids_change(&mut self, step: &Step) {
        let Some((pid, is_of_groups, ranges)) = written(step).or_else(|| by_helper(step)) else { return };
        let Some(namespace) = self.namespace(pid, "user") else { return };
        let maps = self.maps.entry(namespace).or_default();
        *(if is_of_groups { &mut maps.groups } else { &mut maps.users }) = ranges;
    }
}

/// Written into /proc/PID/uid_map.
fn written(step: &Step) -> Option<(u32, bool, Vec<Range>)> {
    let path = step.argument(0).strip_prefix("FD</proc/").filter(|_| step.call == "write")?;
    let (pid, file) = path.trim_end_matches('>').split_once('/')?;
    if !matches!(file, "uid_map" | "gid_map") {
        return None;
    }
    let lines = step.argument(1).split("\\n").filter(|line| !line.is_empty());
    let numbers = lines.flat_map(|line| line.split_whitespace().filter_map(|number| number.parse().ok()));
    Some((pid.parse().ok()?, file == "gid_map", ranges(&numbers.collect::<Vec<_>>())))
}

/// Given to newuidmap(1).
fn by_helper(step: &Step) -> Option<(u32, bool, Vec<Range>)> {
    let program = step.argument(0).rsplit('/').next().filter(|_| step.call == "execve")?;
    if !matches!(program, "newuidmap" | "newgidmap") {
        return None;
    }
    let words = step.argument(1).trim_matches(['[', ']']).split(", ").skip(1);
    let numbers: Vec<u64> = words.filter_map(|word| unquoted(word).parse().ok()).collect();
    let (pid, rest) = numbers.split_first()?;
    Some((u32::try_from(*pid).ok()?, program == "newgidmap", ranges(rest)))
}

fn ranges(numbers: &[u64]) -> Vec<Range> {
    let (whole, _) = numbers.as_chunks::<3>();
    whole.iter().map(|[inside, outside, count]| Range { inside: *inside, outside: *outside, count: *count }).collect()
}
