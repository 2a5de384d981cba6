//! The namespaces as a tree: each below the user namespace that owns it.

use std::fmt::Write;

use unshare::Namespace;

use crate::census::{Census, Entry};
use crate::link::Identity;
use crate::relations::Relation;
use crate::show::{user_name, who};

// ANCHOR: tree
/// The whole tree. What is owned by a user namespace above the caller's own comes under a heading of its own.
pub fn tree(census: &Census) -> String {
    let mut text = String::new();
    let is_top = |relation: Relation| relation.identity().is_none_or(|owner| !census.namespaces.contains_key(&owner));
    let tops = census.namespaces.iter().filter(|(_, entry)| is_top(entry.relations.owner));
    let (known, outside): (Vec<_>, Vec<_>) =
        tops.partition(|(identity, entry)| identity.kind == Namespace::User && entry.relations.owner == Relation::None);
    for (identity, _) in known {
        branch(census, *identity, "", "", &mut text);
    }
    if !outside.is_empty() {
        text.push_str("(owner outside of view)\n");
        let outside: Vec<_> = outside.into_iter().map(|(identity, _)| *identity).collect();
        branches(census, &outside, "", &mut text);
    }
    text
}
// ANCHOR_END: tree

fn branch(census: &Census, identity: Identity, before: &str, below: &str, text: &mut String) {
    let _ = writeln!(text, "{before}{}", label(identity, &census.namespaces[&identity]));
    let is_owned = |entry: &Entry| entry.relations.owner == Relation::Is(identity);
    let owned = census.namespaces.iter().filter(|(_, entry)| is_owned(entry)).map(|(identity, _)| *identity);
    // What a user namespace owns first, then the user namespaces in it with what they own.
    let (inner, mut owned): (Vec<_>, Vec<_>) = owned.partition(|other| other.kind == Namespace::User);
    owned.extend(inner);
    branches(census, &owned, below, text);
}

fn branches(census: &Census, identities: &[Identity], before: &str, text: &mut String) {
    for (at, identity) in identities.iter().enumerate() {
        let (corner, line) = if at + 1 == identities.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        branch(census, *identity, &format!("{before}{corner}"), &format!("{before}{line}"), text);
    }
}

fn label(identity: Identity, entry: &Entry) -> String {
    let around = match (identity.kind, entry.relations.parent) {
        (Namespace::Pid, Relation::Is(parent)) => format!(" in {parent}"),
        (Namespace::Pid, Relation::OutsideOfView) => " in one outside of view".to_owned(),
        _ => String::new(),
    };
    let maker = entry.relations.maker.map(|maker| format!(", made by {}", user_name(maker))).unwrap_or_default();
    let members = match (&entry.oldest, entry.processes) {
        (None, _) => ":".to_owned(),
        (Some(oldest), 1) => format!(", process {}:", oldest.pid),
        (Some(oldest), count) => format!(", {count} processes, oldest {}:", oldest.pid),
    };
    format!("{identity}{around}{maker}{members} {}", who(entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relations::Relations;

    fn census(entries: &[(Namespace, u64, Relation, Relation)]) -> Census {
        let namespaces = entries.iter().map(|&(kind, inode, owner, parent)| {
            let relations = Relations { owner, parent, maker: None };
            (Identity { kind, inode }, Entry { relations, ..Entry::default() })
        });
        Census { namespaces: namespaces.collect(), processes: Vec::new(), hidden: 0 }
    }

    fn shape(census: &Census) -> Vec<String> {
        tree(census).lines().map(|line| line.split(": nobody").next().unwrap().to_owned()).collect()
    }

    const FIRST: Relation = Relation::Is(Identity { kind: Namespace::User, inode: 1 });

    #[test]
    fn each_namespace_lies_below_its_owner() {
        let inner = Relation::Is(Identity { kind: Namespace::User, inode: 2 });
        let outer_pid = Relation::Is(Identity { kind: Namespace::Pid, inode: 3 });
        let census = census(&[
            (Namespace::User, 1, Relation::None, Relation::None),
            (Namespace::User, 2, FIRST, FIRST),
            (Namespace::Pid, 3, FIRST, Relation::None),
            (Namespace::Pid, 4, inner, outer_pid),
        ]);
        let expected = ["user:[1]", "├─ pid:[3]", "└─ user:[2]", "   └─ pid:[4] in pid:[3]"];
        assert_eq!(shape(&census), expected);
    }

    #[test]
    fn what_is_owned_from_outside_has_its_own_heading() {
        let outside = Relation::OutsideOfView;
        let census = census(&[
            (Namespace::User, 2, outside, outside),
            (Namespace::Net, 5, outside, Relation::None),
            (Namespace::Uts, 6, Relation::Is(Identity { kind: Namespace::User, inode: 2 }), Relation::None),
        ]);
        assert_eq!(shape(&census), ["(owner outside of view)", "├─ user:[2]", "│  └─ uts:[6]", "└─ net:[5]"]);
    }
}
