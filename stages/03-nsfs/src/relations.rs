//! Who owns a namespace, what contains it, and who made it: ioctl_ns(2).

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd, OwnedFd};

use anyhow::Result;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::unistd::Uid;
use unshare::Namespace;

use crate::census::Entry;
use crate::link::Identity;

/// How a namespace is related to another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relation {
    /// This one.
    Is(Identity),
    /// One that lies outside the caller's own user or PID namespace: the kernel does not name it (EPERM).
    OutsideOfView,
    /// There is none: the first namespace lies in no other, and most kinds do not nest.
    None,
    /// The namespace was gone before it could be asked, or the kernel cannot be asked.
    #[default]
    Unknown,
}

/// What the kernel answers about one namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relations {
    /// The user namespace in which one needs capabilities to act on it. That of a user namespace is its parent.
    pub owner: Relation,
    /// Of a user or PID namespace: the one around it.
    pub parent: Relation,
    /// Of a user namespace: who made it, and so has every right in it.
    pub maker: Option<Uid>,
}

impl Relation {
    /// The other namespace, if it was named.
    pub fn identity(self) -> Option<Identity> {
        if let Self::Is(identity) = self { Some(identity) } else { None }
    }
}

// ANCHOR: relate
/// Asks about these namespaces, and about those that come up in the answers: some have no process in them.
pub(crate) fn relate(kernel: &Kernel, namespaces: &mut BTreeMap<Identity, Entry>, wanted: &[Identity]) {
    let mut asked = BTreeSet::new();
    for identity in wanted {
        let path = namespaces.get(identity).and_then(|entry| entry.path(*identity));
        let Some(path) = path.filter(|_| !asked.contains(identity)) else { continue };
        let reason = "the link names the namespace; an open file of it can be asked about others";
        // One that ended in the meantime keeps its unknown relations.
        let Ok(file) = kernel.because(reason).openat_namespace(path) else { continue };
        let mut next = vec![(*identity, file)];
        while let Some((identity, file)) = next.pop() {
            if asked.insert(identity) {
                let (relations, named) = ask(kernel, identity, &file);
                namespaces.entry(identity).or_default().relations = relations;
                next.extend(named);
            }
        }
    }
}
// ANCHOR_END: relate

/// The answers, and the namespaces they name, open.
fn ask(kernel: &Kernel, identity: Identity, file: &OwnedFd) -> (Relations, Vec<(Identity, OwnedFd)>) {
    let mut named = Vec::new();
    // Of the first ones the kernel says the same as of those that lie out of view: EPERM.
    let mut note = |asked: Result<OwnedFd>, is_first| relation(asked, is_first, &mut named);
    let owner = note(
        kernel
            .because("every namespace belongs to a user namespace: who has rights in that one has rights over this one")
            .ioctl_ns_get_userns(file.as_fd()),
        identity == Identity { kind: Namespace::User, inode: FIRST_USER },
    );
    let parent = match identity.kind {
        // For a user namespace the parent is the owner: ioctl_ns(2).
        Namespace::User => owner,
        Namespace::Pid => note(
            kernel
                .because(
                    "PID namespaces lie in one another: the outer one has numbers for all processes of the inner one",
                )
                .ioctl_ns_get_parent(file.as_fd()),
            identity.inode == FIRST_PID,
        ),
        _ => Relation::None,
    };
    let maker = (identity.kind == Namespace::User).then(|| {
        kernel.because("who made a user namespace has every right in it").ioctl_ns_get_owner_uid(file.as_fd())
    });
    (Relations { owner, parent, maker: maker.and_then(Result::ok) }, named)
}

fn relation(asked: Result<OwnedFd>, is_first: bool, named: &mut Vec<(Identity, OwnedFd)>) -> Relation {
    match asked {
        Ok(file) => {
            let Some(identity) = Identity::of_file(file.as_fd()) else { return Relation::Unknown };
            named.push((identity, file));
            Relation::Is(identity)
        }
        Err(error) if Refused::errno_of(&error) != Some(Errno::EPERM) => Relation::Unknown,
        Err(_) if is_first => Relation::None,
        Err(_) => Relation::OutsideOfView,
    }
}

/// Inodes of the user and PID namespaces that the kernel began with: see include/uapi/linux/nsfs.h.
const FIRST_USER: u64 = 0xEFFF_FFFD;
const FIRST_PID: u64 = 0xEFFF_FFFC;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::link;
    use nix::unistd::Pid;

    fn open(kind: Namespace) -> OwnedFd {
        Kernel::quiet().because("a test").openat_namespace(link(Pid::this(), kind)).unwrap()
    }

    #[test]
    fn every_link_says_its_own_kind() {
        let known = Namespace::ALL.into_iter().filter(|kind| unshare::namespace::is_known(*kind));
        for kind in known {
            let asked = Kernel::quiet().because("a test").ioctl_ns_get_nstype(open(kind).as_fd());
            assert_eq!(asked.unwrap(), kind.flag(), "{}", kind.link());
        }
    }

    #[test]
    fn what_is_no_namespace_cannot_be_asked() {
        let file = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        let asked = Kernel::quiet().because("a test").ioctl_ns_get_nstype(file.as_fd());
        assert_eq!(Refused::errno_of(&asked.unwrap_err()), Some(Errno::ENOTTY));
    }

    #[test]
    fn only_a_user_namespace_has_an_owner_uid() {
        let ask = |kind| Kernel::quiet().because("a test").ioctl_ns_get_owner_uid(open(kind).as_fd());
        assert!(ask(Namespace::User).is_ok());
        assert_eq!(Refused::errno_of(&ask(Namespace::Net).unwrap_err()), Some(Errno::EINVAL));
    }

    #[test]
    fn kinds_that_do_not_nest_have_no_parent() {
        let asked = Kernel::quiet().because("a test").ioctl_ns_get_parent(open(Namespace::Net).as_fd());
        assert_eq!(Refused::errno_of(&asked.unwrap_err()), Some(Errno::EINVAL));
        let net = Identity::of_caller(Namespace::Net).unwrap();
        assert_eq!(ask(&Kernel::quiet(), net, &open(Namespace::Net)).0.parent, Relation::None);
    }
}
