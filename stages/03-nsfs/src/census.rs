//! Every namespace that can be found, with who is in it, what holds it, and how it is related.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use groundwork::Kernel;
use nix::unistd::Pid;

use crate::holders::{Holder, holders};
use crate::inspect::{self, Process};
use crate::link::{Identity, link};
use crate::relations::{Relations, relate};

/// What is known of one namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// How many processes are in it.
    pub processes: usize,
    /// The one that has been in the world the longest.
    pub oldest: Option<Member>,
    /// What holds it besides.
    pub holders: Vec<Holder>,
    /// Its owner, parent and maker.
    pub relations: Relations,
}

/// A process in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its number.
    pub pid: Pid,
    /// Its command line.
    pub command: String,
    started: u64,
}

/// All of it.
#[derive(Debug)]
pub struct Census {
    /// Each namespace found, by kind and inode.
    pub namespaces: BTreeMap<Identity, Entry>,
    /// The processes that were looked at.
    pub processes: Vec<Process>,
    /// How many there are that one may not look at. What they alone hold is missing here.
    pub hidden: usize,
}

// ANCHOR: take
/// Looks at every process, and counts who is in what.
///
/// # Errors
/// /proc is not mounted. What ends in the meantime is left out, and no error.
pub fn take() -> Result<Census> {
    let inspect::Processes { seen, hidden } = inspect::all()?;
    let mut namespaces: BTreeMap<Identity, Entry> = BTreeMap::new();
    for process in &seen {
        for identity in &process.namespaces {
            namespaces.entry(*identity).or_default().count(process);
        }
    }
    for (identity, holder) in holders(&seen) {
        namespaces.entry(identity).or_default().holders.push(holder);
    }
    Ok(Census { namespaces, processes: seen, hidden })
}
// ANCHOR_END: take

impl Census {
    /// Asks the kernel who owns and contains these namespaces, and adds those that it names.
    pub fn relate(&mut self, kernel: &Kernel, wanted: &[Identity]) {
        relate(kernel, &mut self.namespaces, wanted);
    }

    /// Leaves only these namespaces, and those that own or contain them.
    pub fn keep_only(&mut self, wanted: &[Identity]) {
        let mut kept = BTreeMap::new();
        let mut next = wanted.to_vec();
        while let Some(identity) = next.pop() {
            if let Some(entry) = self.namespaces.remove(&identity) {
                next.extend(entry.relations.owner.identity());
                next.extend(entry.relations.parent.identity());
                kept.insert(identity, entry);
            }
        }
        self.namespaces = kept;
    }
}

impl Entry {
    fn count(&mut self, process: &Process) {
        self.processes += 1;
        let is_older =
            self.oldest.as_ref().is_none_or(|oldest| (process.started, process.pid) < (oldest.started, oldest.pid));
        if is_older {
            let Process { pid, started, command, .. } = process.clone();
            self.oldest = Some(Member { pid, started, command });
        }
    }

    /// A file through which it can be opened.
    pub fn path(&self, identity: Identity) -> Option<PathBuf> {
        let process = self.oldest.as_ref().map(|member| link(member.pid, identity.kind));
        process.or_else(|| self.holders.first().map(|holder| holder.path(identity.kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relations::Relation;
    use unshare::Namespace;

    fn process(pid: i32, started: u64) -> Process {
        let pid = Pid::from_raw(pid);
        Process {
            pid,
            started,
            command: String::new(),
            namespaces: Vec::new(),
            for_children: Vec::new(),
            begins_pid_namespace: false,
        }
    }

    #[test]
    fn the_oldest_is_the_one_started_first_whatever_its_number() {
        let mut entry = Entry::default();
        for process in [process(900, 5), process(20, 9), process(300, 5)] {
            entry.count(&process);
        }
        assert_eq!(entry.processes, 3);
        assert_eq!(entry.oldest.unwrap().pid, Pid::from_raw(300));
    }

    #[test]
    fn a_namespace_is_shown_with_those_that_own_it() {
        let [first, inner, net, other] =
            [(Namespace::User, 1), (Namespace::User, 2), (Namespace::Net, 3), (Namespace::Net, 4)]
                .map(|(kind, inode)| Identity { kind, inode });
        let owned_by = |owner| Entry {
            relations: Relations { owner: Relation::Is(owner), ..Relations::default() },
            ..Entry::default()
        };
        let namespaces =
            [(first, Entry::default()), (inner, owned_by(first)), (net, owned_by(inner)), (other, owned_by(first))];
        let mut census = Census { namespaces: namespaces.into(), processes: Vec::new(), hidden: 0 };
        census.keep_only(&[net]);
        assert_eq!(census.namespaces.into_keys().collect::<Vec<_>>(), [first, inner, net]);
    }
}
