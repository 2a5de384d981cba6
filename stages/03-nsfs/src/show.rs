//! What was found, as text for people.

use groundwork::accounts;

use crate::census::{Census, Entry};
use crate::compare::{compare, what_it_holds};
use crate::holders::Holder;
use crate::inspect::{Process, WHO_MAY_LOOK};
use crate::link::Identity;
use crate::relations::Relation;
use crate::table::{row, shortened, table};

/// Every namespace: who is in it, and whose it is.
pub fn everything(census: &Census) -> String {
    let mut rows = vec![row(["KIND", "INODE", "PROCESSES", "OLDEST", "OWNER", "COMMAND"])];
    rows.extend(census.namespaces.iter().map(|(identity, entry)| {
        let pid = entry.oldest.as_ref().map_or_else(|| "-".to_owned(), |oldest| oldest.pid.to_string());
        vec![
            identity.kind.link().to_owned(),
            identity.inode.to_string(),
            entry.processes.to_string(),
            pid,
            owner(census, entry),
            who(entry),
        ]
    }));
    table(&rows)
}

/// The namespaces that something else than a process in them holds.
pub fn kept(census: &Census) -> String {
    let mut rows = vec![row(["KIND", "INODE", "PROCESSES", "HELD BY"])];
    for (identity, entry) in &census.namespaces {
        rows.extend(entry.holders.iter().map(|holder| {
            let kind = identity.kind.link().to_owned();
            vec![kind, identity.inode.to_string(), entry.processes.to_string(), holder.to_string()]
        }));
    }
    if rows.len() == 1 { "No namespace is held by a mount or a descriptor.\n".to_owned() } else { table(&rows) }
}

/// One process: its links, and how it stands to the caller.
pub fn process(census: &Census, process: &Process) -> String {
    let mut rows = vec![row(["LINK", "NAMESPACE", "YOU", "PROCESSES", "WHAT IT HOLDS"])];
    let line = |name: String, identity: &Identity, holds: String| {
        let is_ours = Identity::of_caller(identity.kind) == Some(*identity);
        let processes = census.namespaces.get(identity).map_or(0, |entry| entry.processes);
        let you = if is_ours { "in it" } else { "outside" };
        vec![name, identity.to_string(), you.to_owned(), processes.to_string(), holds]
    };
    for identity in &process.namespaces {
        rows.push(line(identity.kind.link().to_owned(), identity, what_it_holds(identity.kind).to_owned()));
    }
    for identity in &process.for_children {
        let name = format!("{}_for_children", identity.kind.link());
        rows.push(line(name, identity, "its next child will be in it".to_owned()));
    }
    format!(
        "Process {}: {}, links in /proc/{}/ns\n{}",
        process.pid,
        shortened(&process.command),
        process.pid,
        table(&rows)
    )
}

/// Two processes side by side.
pub fn comparison(first: &Process, second: &Process) -> String {
    let (one, other) = (format!("PID {}", first.pid), format!("PID {}", second.pid));
    let mut rows = vec![row(["KIND", &one, &other, "", "SO"])];
    let compared = compare(first, second);
    let inode = |identity: Option<Identity>| identity.map_or_else(|| "-".to_owned(), |one| one.inode.to_string());
    rows.extend(compared.iter().map(|one| {
        let verdict = if one.is_same() { "same" } else { "different" };
        row([one.kind.link(), &inode(one.first), &inode(one.second), verdict, one.meaning()])
    }));
    let same = compared.iter().filter(|one| one.is_same()).count();
    format!(
        "{}\nThe same inode is the same namespace: one object in the kernel, which both are in. They share {same} of {}.\n",
        table(&rows),
        compared.len(),
    )
}

/// What could not be looked at, in one sentence.
pub fn hidden(census: &Census) -> Option<String> {
    let processes = match census.hidden {
        0 => return None,
        1 => "1 process is".to_owned(),
        count => format!("{count} processes are"),
    };
    Some(format!("{processes} not yours to look at, and missing here; {WHO_MAY_LOOK}"))
}

/// Who is in a namespace, or why it is there all the same.
pub(crate) fn who(entry: &Entry) -> String {
    match (&entry.oldest, entry.holders.first()) {
        (Some(oldest), _) => shortened(&oldest.command),
        (None, Some(holder)) => format!("nobody; held by {holder}"),
        (None, None) => "nobody; held by the namespaces below it".to_owned(),
    }
}

/// The user who made the user namespace that owns this one.
fn owner(census: &Census, entry: &Entry) -> String {
    let maker = match (entry.relations.maker, entry.relations.owner) {
        (Some(maker), _) => Some(maker),
        (None, Relation::OutsideOfView) => return "outside of view".to_owned(),
        (None, Relation::Is(owner)) => census.namespaces.get(&owner).and_then(|owner| owner.relations.maker),
        (None, Relation::None | Relation::Unknown) => None,
    };
    maker.map_or_else(|| "?".to_owned(), user_name)
}

pub(crate) fn user_name(uid: nix::unistd::Uid) -> String {
    accounts::user_name(uid).unwrap_or_else(|| uid.to_string())
}

/// What still holds a namespace, for the one who just let go of it.
pub fn what_remains(census: &Census, identity: Identity) -> String {
    let Some(entry) = census.namespaces.get(&identity) else {
        return "nothing that you can see holds it any more".to_owned();
    };
    let mounts = entry.holders.iter().filter(|holder| matches!(holder, Holder::Mount { .. })).count();
    match (&entry.oldest, entry.holders.first()) {
        (Some(oldest), _) => {
            format!(
                "processes in it: {}, the oldest is {}, {}",
                entry.processes,
                oldest.pid,
                shortened(&oldest.command)
            )
        }
        (None, Some(holder)) if mounts <= 1 => format!("it lives on, held by {holder}"),
        (None, Some(holder)) => format!("it lives on, held by {mounts} mounts, one of them {holder}"),
        (None, None) => "it lives on, held by the namespaces below it".to_owned(),
    }
}
