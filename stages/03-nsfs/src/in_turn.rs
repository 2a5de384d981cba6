//! Going into namespaces one after the other, through files that stand for them.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use groundwork::refusal::WithHint;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use unshare::{Namespace, user};

use crate::enter::who_may_look;
use crate::inside::{become_root, may_drop_groups};
use crate::link::Identity;

/// A file that stands for a namespace.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) kind: Namespace,
    pub(crate) file: OwnedFd,
}

// ANCHOR: enter_files
/// Brings this process into the namespaces that these files stand for, and says which kinds they are.
///
/// An ordinary user enters the user namespace that owns the first of them, too, unless one is given.
///
/// # Errors
/// ENOENT and EACCES about a file; EPERM without CAP_SYS_ADMIN in the owner of a namespace.
pub fn enter_files(kernel: &Kernel, paths: &[PathBuf]) -> Result<Vec<Namespace>> {
    let mut files = paths.iter().map(|path| open(kernel, path)).collect::<Result<Vec<_>>>()?;
    if user::is_needed() {
        files.extend(owner(kernel, &files)?);
    }
    let kinds: Vec<_> = files.iter().map(|opened| opened.kind).collect();
    enter_in_turn(kernel, files)?;
    if kinds.contains(&Namespace::User) {
        // A rehearsal is still outside, and cannot look.
        become_root(kernel, !kernel.is_rehearsing() && may_drop_groups("self"))?;
    }
    Ok(kinds)
}
// ANCHOR_END: enter_files

// ANCHOR: in_turn
/// Enters one namespace after the other. The user namespace is the turning point: see [`in_order`].
pub(crate) fn enter_in_turn(kernel: &Kernel, files: Vec<Opened>) -> Result<()> {
    for Opened { kind, file } in in_order(files, user::is_needed()) {
        kernel.because(why(kind)).setns(file.as_fd(), kind.flag())?;
    }
    Ok(())
}

/// An ordinary user enters the user namespace first: it gives the right to enter those that it owns.
/// Root enters it last: inside, root is nobody to a namespace that was made outside.
fn in_order(mut files: Vec<Opened>, lacks_rights: bool) -> Vec<Opened> {
    // EXERCISE enter-1
    files.sort_by_key(|opened| (opened.kind == Namespace::User) != lacks_rights);
    files
    // END enter-1
}
// ANCHOR_END: in_turn

fn why(kind: Namespace) -> &'static str {
    match kind {
        Namespace::User => "from here on, ids and capabilities are those of this namespace",
        Namespace::Mount => "this namespace has mounts of its own; its root becomes \"/\" and the working directory",
        Namespace::Pid => "this process keeps its PID; only its children will be born into the namespace",
        Namespace::Time => "setns, unlike unshare, changes the clocks of the caller at once",
        Namespace::Cgroup => "what counts as \"/\" in cgroup paths changes; the cgroup this process is in does not",
        Namespace::Uts | Namespace::Ipc | Namespace::Net => "the file stands for the namespace, whoever else is in it",
    }
}

fn open(kernel: &Kernel, path: &Path) -> Result<Opened> {
    let file = kernel
        .because("what is open here is the namespace itself, not a file about it")
        .openat_namespace(path)
        .hint_with(|error| who_may_look(error).or_else(|| where_to_look(error)))?;
    let asked =
        kernel.because("setns(2) checks that a file is of the kind it is told").ioctl_ns_get_nstype(file.as_fd());
    let flag = match asked {
        Err(error) if Refused::errno_of(&error) == Some(Errno::ENOTTY) => {
            bail!("{} is no namespace; `ns-show --kept` lists the files that are", path.display())
        }
        asked => asked?,
    };
    let kind = Namespace::ALL.into_iter().find(|kind| kind.flag() == flag);
    let kind = kind.with_context(|| format!("{} is a namespace of a kind unknown here: {flag:?}", path.display()))?;
    Ok(Opened { kind, file })
}

// ANCHOR: owner
/// The user namespace that owns the first of these, unless one is among them or it is the one we are in.
fn owner(kernel: &Kernel, files: &[Opened]) -> Result<Option<Opened>> {
    let has_user = files.iter().any(|opened| opened.kind == Namespace::User);
    let Some(first) = files.first().filter(|_| !has_user) else {
        return Ok(None);
    };
    let owner = kernel
        .because("an ordinary user has rights over a namespace only in the user namespace that owns it")
        .ioctl_ns_get_userns(first.file.as_fd())
        .hint_with(outside_of_view)?;
    let is_elsewhere = Identity::of_file(owner.as_fd()) != Identity::of_caller(Namespace::User);
    Ok(is_elsewhere.then_some(Opened { kind: Namespace::User, file: owner }))
}
// ANCHOR_END: owner

fn where_to_look(error: &anyhow::Error) -> Option<String> {
    let remedy = "a file is asked for here, or the number of a process; \
                  `ns-show --kept` lists the files that stand for namespaces";
    (Refused::errno_of(error) == Some(Errno::ENOENT)).then(|| remedy.to_owned())
}

fn outside_of_view(error: &anyhow::Error) -> Option<String> {
    let remedy = "the user namespace that owns it lies outside of your own, and nobody in yours has rights there; \
                  enter it from outside";
    (Refused::errno_of(error) == Some(Errno::EPERM)).then(|| remedy.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(kind: Namespace) -> Opened {
        Opened { kind, file: std::fs::File::open("/dev/null").unwrap().into() }
    }

    fn order(lacks_rights: bool) -> Vec<Namespace> {
        let files = vec![opened(Namespace::Net), opened(Namespace::User), opened(Namespace::Uts)];
        in_order(files, lacks_rights).into_iter().map(|opened| opened.kind).collect()
    }

    #[test]
    fn an_ordinary_user_enters_the_user_namespace_first() {
        assert_eq!(order(true), [Namespace::User, Namespace::Net, Namespace::Uts]);
    }

    #[test]
    fn root_enters_the_user_namespace_last() {
        assert_eq!(order(false), [Namespace::Net, Namespace::Uts, Namespace::User]);
    }
}
