//! What was found, as JSON for programs.

use std::collections::BTreeMap;

use anyhow::Result;
use nix::unistd::Pid;
use serde::Serialize;

use crate::census::{Census, Entry};
use crate::compare::compare;
use crate::holders::Holder;
use crate::inspect::Process;
use crate::link::Identity;
use crate::relations::Relation;

/// Of everything: `namespaces`, `processes` where some were asked for, `hidden_processes`.
#[derive(Serialize)]
struct Everything<'a> {
    namespaces: Vec<OneNamespace<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    processes: Vec<OneProcess<'a>>,
    hidden_processes: usize,
}

#[derive(Serialize)]
struct OneNamespace<'a> {
    kind: &'static str,
    inode: u64,
    processes: usize,
    oldest: Option<Oldest<'a>>,
    held_by: &'a [Holder],
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    made_by_uid: Option<u32>,
}

#[derive(Serialize)]
struct Oldest<'a> {
    pid: i32,
    command: &'a str,
}

#[derive(Serialize)]
struct OneProcess<'a> {
    pid: i32,
    command: &'a str,
    /// Link in /proc/PID/ns, and inode.
    namespaces: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Pair {
    first: i32,
    second: i32,
    kinds: Vec<Compared>,
}

#[derive(Serialize)]
struct Compared {
    kind: &'static str,
    first: Option<u64>,
    second: Option<u64>,
    same: bool,
    meaning: &'static str,
}

/// The namespaces of a census, and these processes of it.
///
/// # Errors
/// None that a caller can cause.
pub fn everything(census: &Census, processes: &[Process]) -> Result<String> {
    let namespaces = census.namespaces.iter().map(|(identity, entry)| one_namespace(*identity, entry)).collect();
    let processes = processes.iter().map(one_process).collect();
    text(&Everything { namespaces, processes, hidden_processes: census.hidden })
}

/// Two processes side by side.
///
/// # Errors
/// None that a caller can cause.
pub fn comparison(first: &Process, second: &Process) -> Result<String> {
    let kinds = compare(first, second).into_iter().map(|one| Compared {
        kind: one.kind.link(),
        first: one.first.map(|identity| identity.inode),
        second: one.second.map(|identity| identity.inode),
        same: one.is_same(),
        meaning: one.meaning(),
    });
    text(&Pair { first: first.pid.as_raw(), second: second.pid.as_raw(), kinds: kinds.collect() })
}

fn text(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn one_namespace(identity: Identity, entry: &Entry) -> OneNamespace<'_> {
    let oldest = entry.oldest.as_ref().map(|member| Oldest { pid: Pid::as_raw(member.pid), command: &member.command });
    OneNamespace {
        kind: identity.kind.link(),
        inode: identity.inode,
        processes: entry.processes,
        oldest,
        held_by: &entry.holders,
        owner: relation(entry.relations.owner),
        parent: relation(entry.relations.parent),
        made_by_uid: entry.relations.maker.map(nix::unistd::Uid::as_raw),
    }
}

fn relation(relation: Relation) -> Option<String> {
    match relation {
        Relation::Is(identity) => Some(identity.to_string()),
        Relation::OutsideOfView => Some("outside of view".to_owned()),
        Relation::None | Relation::Unknown => None,
    }
}

fn one_process(process: &Process) -> OneProcess<'_> {
    let own = process.namespaces.iter().map(|identity| (identity.kind.link().to_owned(), identity.inode));
    let next =
        process.for_children.iter().map(|identity| (format!("{}_for_children", identity.kind.link()), identity.inode));
    OneProcess { pid: process.pid.as_raw(), command: &process.command, namespaces: own.chain(next).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;
    use unshare::Namespace;

    #[test]
    fn a_file_name_that_is_no_text_is_no_error() {
        let file = std::ffi::OsString::from_vec(b"/run/\xff".to_vec()).into();
        let holders = vec![Holder::Mount { file, seen_by: None }, Holder::Descriptor { pid: 7, number: 3 }];
        let net = Identity { kind: Namespace::Net, inode: 9 };
        let namespaces = [(net, Entry { holders, ..Entry::default() })].into();
        let census = Census { namespaces, processes: Vec::new(), hidden: 2 };
        let text = everything(&census, &[]).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["hidden_processes"], 2);
        assert_eq!(value["namespaces"][0]["held_by"][0]["mount"]["file"], "/run/\u{fffd}");
        assert_eq!(value["namespaces"][0]["held_by"][1]["descriptor"]["number"], 3);
    }
}
