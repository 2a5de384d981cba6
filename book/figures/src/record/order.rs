//! Processes run at once, and their lines fall between one another as chance has it. Here they get the one order in which a
//! process goes on until it has to wait for another: the same on every machine.

use std::collections::{BTreeMap, BTreeSet};

use super::raw::Raw;

/// A call in its place, and the process that it has made, if that was heard of again.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) raw: Raw,
    pub(crate) child: Option<u32>,
}

/// Puts the calls in order.
pub(crate) fn in_order(lines: Vec<Raw>) -> Vec<Placed> {
    let mut processes = BTreeMap::<u32, Vec<Raw>>::new();
    let mut first_seen = Vec::new();
    for line in lines {
        if !processes.contains_key(&line.pid) {
            first_seen.push(line.pid);
        }
        processes.entry(line.pid).or_default().push(line);
    }
    let children = births(&processes, &first_seen);
    Order::new(processes, children, &first_seen).all()
}

/// Which birth, by its number in the trace, was whose.
fn births(processes: &BTreeMap<u32, Vec<Raw>>, first_seen: &[u32]) -> BTreeMap<usize, u32> {
    let mut births: Vec<&Raw> = processes.values().flatten().filter(|raw| raw.is_birth()).collect();
    births.sort_by_key(|raw| raw.seq);
    let depth = |pid: &u32| processes[pid][0].depth;
    let mut of = BTreeMap::new();
    let mut orphans: Vec<u32> = first_seen.iter().copied().filter(|pid| depth(pid) > 0).collect();
    // By its number, where the parent sees the same number as everybody; otherwise by order, one fork deeper.
    let is_known = |raw: &Raw| {
        raw.result.as_deref().and_then(|pid| pid.parse().ok()).is_some_and(|pid| processes.contains_key(&pid))
    };
    for by_number in [true, false] {
        for raw in &births {
            let fits = |pid: &u32| {
                let is_it = if by_number { raw.result.as_deref() == Some(&pid.to_string()) } else { !is_known(raw) };
                is_it && depth(pid) == raw.depth + 1
            };
            if !of.contains_key(&raw.seq)
                && let Some(at) = orphans.iter().position(fits)
            {
                of.insert(raw.seq, orphans.remove(at));
            }
        }
    }
    of
}

struct Order {
    /// What each process has still to do, the next first.
    left: BTreeMap<u32, std::collections::VecDeque<Raw>>,
    /// Those that have been born, the oldest first.
    born: Vec<u32>,
    children: BTreeMap<usize, u32>,
    parents: BTreeMap<u32, u32>,
    /// What a parent calls its child, which inside a PID namespace is another number.
    names: BTreeMap<(u32, String), u32>,
    /// Messages on their way: who sent them, and what they say.
    sent: Vec<(u32, String)>,
    placed: Vec<Placed>,
}

impl Order {
    fn new(processes: BTreeMap<u32, Vec<Raw>>, children: BTreeMap<usize, u32>, first_seen: &[u32]) -> Self {
        let (mut parents, mut names) = (BTreeMap::new(), BTreeMap::new());
        for raw in processes.values().flatten() {
            if let Some(child) = children.get(&raw.seq) {
                parents.insert(*child, raw.pid);
                names.insert((raw.pid, raw.result.clone().unwrap_or_default()), *child);
            }
        }
        let born = first_seen.iter().copied().filter(|pid| !parents.contains_key(pid)).collect();
        let left = processes.into_iter().map(|(pid, lines)| (pid, lines.into())).collect();
        Self { left, born, children, parents, names, sent: Vec::new(), placed: Vec::new() }
    }

    fn all(mut self) -> Vec<Placed> {
        while let Some(pid) = self.next() {
            self.place(pid);
            while self.is_ready(pid) {
                self.place(pid);
            }
        }
        self.placed
    }

    /// The oldest that has something to do and need not wait; if all of them wait, whoever was first in the trace.
    fn next(&self) -> Option<u32> {
        let ready = self.born.iter().copied().find(|pid| self.is_ready(*pid));
        let first = || self.left.iter().filter_map(|(pid, lines)| Some((lines.front()?.seq, *pid))).min();
        ready.or_else(|| first().map(|(_, pid)| pid))
    }

    fn place(&mut self, pid: u32) {
        let Some(raw) = self.left.get_mut(&pid).and_then(std::collections::VecDeque::pop_front) else { return };
        let child = self.children.get(&raw.seq).copied();
        self.born.extend(child);
        if raw.is_sent() {
            self.sent.push((pid, raw.message().to_owned()));
        }
        if raw.is_received()
            && let Some(at) = self.message_for(&raw)
        {
            self.sent.remove(at);
        }
        self.placed.push(Placed { raw, child });
    }

    fn is_ready(&self, pid: u32) -> bool {
        let Some(raw) = self.left.get(&pid).and_then(|lines| lines.front()) else { return false };
        if raw.is_wait() {
            let name = (pid, raw.result.clone().unwrap_or_default());
            return self.names.get(&name).is_none_or(|child| self.has_ended(*child));
        }
        if raw.is_received() {
            // Nothing was received because nobody is left who could send.
            let is_silence = raw.result.as_deref() == Some("0");
            return if is_silence { self.have_children_ended(pid) } else { self.message_for(raw).is_some() };
        }
        true
    }

    fn message_for(&self, raw: &Raw) -> Option<usize> {
        let is_near =
            |other: u32| self.parents.get(&raw.pid) == Some(&other) || self.parents.get(&other) == Some(&raw.pid);
        self.sent.iter().position(|(from, message)| is_near(*from) && message == raw.message())
    }

    fn has_ended(&self, pid: u32) -> bool {
        self.left.get(&pid).is_none_or(std::collections::VecDeque::is_empty)
    }

    fn have_children_ended(&self, pid: u32) -> bool {
        let born: BTreeSet<_> = self.born.iter().collect();
        self.parents
            .iter()
            .filter(|(child, parent)| **parent == pid && born.contains(child))
            .all(|(child, _)| self.has_ended(*child))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(seq: usize, pid: u32, call: &str, arguments: &[&str], result: &str) -> Raw {
        Raw {
            seq,
            pid,
            depth: usize::from(pid > 7),
            call: call.to_owned(),
            arguments: arguments.iter().map(|one| (*one).to_owned()).collect(),
            result: Some(result.to_owned()),
            ..Raw::default()
        }
    }

    fn order(lines: Vec<Raw>) -> Vec<(u32, String)> {
        in_order(lines).into_iter().map(|placed| (placed.raw.pid, placed.raw.call)).collect()
    }

    #[test]
    fn a_parent_goes_on_until_it_waits() {
        let lines = vec![
            raw(1, 9, "unshare", &[], "0"),
            raw(2, 7, "fork", &[], "9"),
            raw(3, 9, "sendto", &["FD", "\"go\""], "2"),
            raw(4, 7, "umask", &[], "0"),
            raw(5, 9, "recvfrom", &["FD", "\"on\""], "2"),
            raw(6, 7, "recvfrom", &["FD", "\"go\""], "2"),
            raw(7, 7, "sendto", &["FD", "\"on\""], "2"),
            raw(8, 7, "wait4", &["9"], "9"),
        ];
        let mut shuffled = lines.clone();
        shuffled.swap(0, 1);
        shuffled.swap(2, 3);
        for (at, line) in shuffled.iter_mut().enumerate() {
            line.seq = at + 1;
        }
        let calls = ["7 fork", "7 umask", "9 unshare", "9 sendto", "7 recvfrom", "7 sendto", "9 recvfrom", "7 wait4"];
        let expected: Vec<_> = calls.iter().filter_map(|call| call.split_once(' ')).collect();
        for lines in [lines, shuffled] {
            let order = order(lines);
            let order: Vec<_> = order.iter().map(|(pid, call)| (pid.to_string(), call.as_str())).collect();
            assert_eq!(order.iter().map(|(pid, call)| (pid.as_str(), *call)).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_child_is_found_by_its_depth_where_its_parent_knows_another_number() {
        let lines = vec![raw(1, 7, "fork", &[], "1"), raw(2, 9, "prctl", &[], "0")];
        assert_eq!(in_order(lines)[0].child, Some(9));
    }
}
