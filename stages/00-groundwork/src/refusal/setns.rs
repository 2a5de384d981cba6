//! setns(2): a namespace that cannot be joined.

use std::path::Path;

use nix::errno::Errno::{EBADF, EINVAL, EPERM, ESRCH, EUSERS};

use crate::refusal::asked::{Asked, say};
use crate::refusal::namespaces::{KINDS, Kind};

pub(super) fn hint(asked: &Asked<'_>) -> Option<String> {
    if asked.name != "setns" {
        return None;
    }
    match asked.errno {
        EPERM => say(
            "one may join what belongs to a user namespace in which one is root, and this belongs to another",
            "join its user namespace first (CLONE_NEWUSER), or run it with sudo",
        ),
        EUSERS => one_thread("a time namespace"),
        ESRCH => say("that process has ended", "name one that lives, or a file that keeps its namespaces"),
        EBADF => say("that descriptor is closed", "open the file of the namespace again"),
        EINVAL if is_ordinary_file(asked) => say(
            format!("{} is an ordinary file, and keeps no namespace, or no longer", asked.shown(0)),
            format!("keep one there: `mount --bind /proc/PID/ns/KIND {}`", asked.shown(0)),
        ),
        EINVAL => invalid(asked),
        _ => None,
    }
}

fn is_ordinary_file(asked: &Asked<'_>) -> bool {
    let path = asked.path(0).filter(|path| !path.starts_with("/proc"));
    path.is_some_and(|path| asked.host.mount_at(&path).is_none_or(|mount| mount.fstype != "nsfs"))
}

/// The kind of namespace that the descriptor is open on: `3<uts:[402653]>`.
fn open_on(word: &str) -> Option<&'static Kind> {
    let (kind, _) = word.split_once('<')?.1.split_once(":[")?;
    KINDS.iter().find(|known| known.file == kind)
}

fn invalid(asked: &Asked<'_>) -> Option<String> {
    let (host, word, wanted) = (asked.host, asked.word(0), asked.word(1));
    let open = open_on(word);
    if let Some(kind) = open.filter(|kind| wanted != "0" && wanted != kind.flag) {
        return say(
            format!("the descriptor is open on a {} namespace, and {wanted} was asked for", kind.file),
            format!("ask for {}", kind.flag),
        );
    }
    let flags = open.map_or(wanted, |kind| kind.flag);
    let own = host.link(Path::new("/proc/self/ns/user")).map(|own| format!("<{}>", own.display()));
    if flags.contains("CLONE_NEWUSER") && own.is_some_and(|own| word.contains(&own) || word.contains("pidfd")) {
        return say(
            "this process is in that user namespace already, and cannot enter it twice",
            "leave CLONE_NEWUSER out",
        );
    }
    if host.threads() > 1 {
        return one_thread("a user or mount namespace");
    }
    if flags.contains("CLONE_NEWPID") {
        return say(
            "a PID namespace is joined from itself and from those around it, never from within",
            "join from the host",
        );
    }
    None
}

fn one_thread(what: &str) -> Option<String> {
    say(format!("only a process of one thread may join {what}"), "fork(2) first, or end the other threads")
}
