//! Going into namespaces that exist: setns(2).

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use groundwork::{Kernel, Program, Refused};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sched::CloneFlags;
use nix::unistd::{ForkResult, Pid};
use unshare::{Namespace, user};

use crate::link::{Identity, link};

// ANCHOR: enter_process
/// Brings this process into those of the namespaces `kinds` of process `pid` that it is not in already.
///
/// With the mount namespace comes the root directory of `pid`; with the user namespace, its id 0.
/// A PID namespace takes only children: the caller forks afterwards.
///
/// # Errors
/// ESRCH when there is no such process; EPERM without CAP_SYS_ADMIN in the owner of a namespace: see setns(2).
pub fn enter_process(kernel: &Kernel, pid: Pid, kinds: &[Namespace]) -> Result<()> {
    let kinds = to_enter(pid, kinds);
    if kinds.is_empty() {
        return Ok(());
    }
    let drops_groups = may_drop_groups(&pid.to_string());
    let pidfd = take_hold(kernel, pid)?;
    let root = kinds.contains(&Namespace::Mount).then(|| open_root(kernel, pid)).transpose()?;
    enter_at_once(kernel, pid, pidfd.as_ref(), &kinds)?;
    if let Some(root) = root {
        take_root(kernel, &root)?;
        rehearse_root_of(kernel, pid);
    }
    if kinds.contains(&Namespace::User) { become_root(kernel, drops_groups) } else { Ok(()) }
}
// ANCHOR_END: enter_process

/// Those of `kinds` that process `pid` does not share with this one, and the user namespace that gives the right to them.
///
/// Joining what one is in already is refused for a user namespace (EINVAL), and for the others of no use.
pub fn to_enter(pid: Pid, kinds: &[Namespace]) -> Vec<Namespace> {
    let is_elsewhere = |kind: &Namespace| match Identity::of_process(pid, *kind) {
        Ok(theirs) => Some(theirs) != Identity::of_caller(*kind),
        // Not ours to see: the kernel will say what is wrong.
        Err(_) => true,
    };
    let mut elsewhere: Vec<_> = kinds.iter().copied().filter(is_elsewhere).collect();
    let lacks_rights = !elsewhere.is_empty() && user::is_needed();
    if lacks_rights && !elsewhere.contains(&Namespace::User) && is_elsewhere(&Namespace::User) {
        elsewhere.insert(0, Namespace::User);
    }
    elsewhere
}

/// None on a kernel without pidfds.
fn take_hold(kernel: &Kernel, pid: Pid) -> Result<Option<OwnedFd>> {
    let opened =
        kernel.because("a PID is given away again; this descriptor means that process and no other").pidfd_open(pid);
    match opened {
        Err(error) if Refused::errno_of(&error) == Some(Errno::ENOSYS) => Ok(None),
        Err(error) if Refused::errno_of(&error) == Some(Errno::ESRCH) => Err(error).context("there is no such process"),
        opened => opened.map(Some),
    }
}

// ANCHOR: at_once
fn enter_at_once(kernel: &Kernel, pid: Pid, pidfd: Option<&OwnedFd>, kinds: &[Namespace]) -> Result<()> {
    let Some(pidfd) = pidfd else {
        return enter_in_turn(kernel, open_links(kernel, pid, kinds)?);
    };
    let flags = kinds.iter().fold(CloneFlags::empty(), |all, kind| all | kind.flag());
    let entered = kernel
        .because("one call, all or nothing: each kind is checked with the rights this process has before it")
        .setns(pidfd.as_fd(), flags);
    match entered {
        // Before Linux 5.8 setns(2) took no pidfd. Where the reason is another one, the turn tells which kind has it.
        Err(error) if Refused::errno_of(&error) == Some(Errno::EINVAL) => {
            enter_in_turn(kernel, open_links(kernel, pid, kinds)?)
        }
        Err(error) => Err(with_remedy(error)),
        Ok(()) => Ok(()),
    }
}
// ANCHOR_END: at_once

// ANCHOR: in_turn
/// Enters one namespace after the other. The user namespace is the turning point: see [`in_order`].
fn enter_in_turn(kernel: &Kernel, files: Vec<Opened>) -> Result<()> {
    for Opened { kind, file } in in_order(files, user::is_needed()) {
        kernel.because(why(kind)).setns(file.as_fd(), kind.flag()).map_err(with_remedy)?;
    }
    Ok(())
}

/// An ordinary user enters the user namespace first: it gives the right to enter those that it owns.
/// Root enters it last: inside, root is nobody to a namespace that was made outside.
fn in_order(mut files: Vec<Opened>, lacks_rights: bool) -> Vec<Opened> {
    files.sort_by_key(|opened| (opened.kind == Namespace::User) != lacks_rights);
    files
}
// ANCHOR_END: in_turn

fn why(kind: Namespace) -> &'static str {
    match kind {
        Namespace::User => "ids and capabilities are those of this namespace from here on",
        Namespace::Mount => "this namespace has mounts of its own; its root becomes \"/\" and the working directory",
        Namespace::Pid => "this process keeps its PID; only its children will be born into the namespace",
        Namespace::Time => "setns, unlike unshare, changes the clocks of the caller at once",
        Namespace::Cgroup => "what counts as \"/\" in cgroup paths changes; the cgroup this process is in does not",
        Namespace::Uts | Namespace::Ipc | Namespace::Net => "the file stands for the namespace, whoever else is in it",
    }
}

/// A file that stands for a namespace.
#[derive(Debug)]
pub struct Opened {
    kind: Namespace,
    file: OwnedFd,
}

/// All of them before the first is entered: another mount namespace has another /proc.
fn open_links(kernel: &Kernel, pid: Pid, kinds: &[Namespace]) -> Result<Vec<Opened>> {
    let open = |kind: &Namespace| {
        let reason = "opened before anything is entered: inside, this /proc may be out of reach";
        Ok(Opened { kind: *kind, file: kernel.because(reason).openat_namespace(link(pid, *kind))? })
    };
    kinds.iter().map(open).collect()
}

// ANCHOR: take_root
fn open_root(kernel: &Kernel, pid: Pid) -> Result<OwnedFd> {
    kernel
        .because("a process may have a narrower root than its mount namespace: see chroot(2)")
        .openat(format!("/proc/{pid}/root"), OFlag::O_PATH | OFlag::O_DIRECTORY)
}

/// setns(2) starts paths at the root of the mount namespace, not at that of the process one wants to be with.
fn take_root(kernel: &Kernel, root: &OwnedFd) -> Result<()> {
    kernel.because("the descriptor leads there whatever paths mean by now").fchdir(root.as_fd())?;
    kernel.because("paths shall begin where they begin for that process").chroot(".")
}
// ANCHOR_END: take_root

fn rehearse_root_of(kernel: &Kernel, pid: Pid) {
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    let root = if std::fs::read_dir(&root).is_ok() { root } else { PathBuf::from("/") };
    kernel.rehearse_root(vec![root]);
}

/// Takes id 0 of the user namespace just entered, where it has one.
fn become_root(kernel: &Kernel, drops_groups: bool) -> Result<()> {
    if drops_groups {
        kernel.because("the groups of the outer root came along, and would open files outside").setgroups(&[])?;
    }
    match user::become_root(kernel) {
        Err(error) if Refused::errno_of(&error) == Some(Errno::EINVAL) => Ok(()),
        became => became,
    }
}

/// True for root, where the user namespace of this process allows it: `deny` in /proc/PID/setgroups is for ever.
fn may_drop_groups(process: &str) -> bool {
    let said = std::fs::read_to_string(format!("/proc/{process}/setgroups"));
    said.is_ok_and(|word| word.trim() == "allow") && !user::is_needed()
}

// ANCHOR: enter_files
/// Brings this process into the namespaces that these files stand for, and says which kinds they are.
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
        become_root(kernel, !kernel.is_rehearsing() && may_drop_groups("self"))?;
    }
    Ok(kinds)
}
// ANCHOR_END: enter_files

fn open(kernel: &Kernel, path: &Path) -> Result<Opened> {
    let file =
        kernel.because("what is open here is the namespace itself, not a file about it").openat_namespace(path)?;
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

/// The user namespace that owns these, unless it is among them or is the one we are in.
fn owner(kernel: &Kernel, files: &[Opened]) -> Result<Option<Opened>> {
    let Some(first) = files.first().filter(|_| files.iter().all(|opened| opened.kind != Namespace::User)) else {
        return Ok(None);
    };
    let owner = kernel
        .because("an ordinary user has rights over a namespace only in the user namespace that owns it")
        .ioctl_ns_get_userns(first.file.as_fd())
        .map_err(with_remedy)?;
    let is_elsewhere = Identity::of_file(owner.as_fd()) != Identity::of_caller(Namespace::User);
    Ok(is_elsewhere.then_some(Opened { kind: Namespace::User, file: owner }))
}

/// Runs the program inside: as a child when a PID namespace was entered, otherwise as this process.
///
/// # Errors
/// Those of fork(2): ENOMEM when PID 1 of the namespace has ended. Those of execve(2).
pub fn run_inside(kernel: &Kernel, entered: &[Namespace], program: &Program) -> Result<ExitCode> {
    if !entered.contains(&Namespace::Pid) {
        return program.exec(kernel);
    }
    match kernel.because("only a child of this process is born into the PID namespace").fork()? {
        ForkResult::Child => {
            unshare::pid::die_with_parent(kernel)?;
            program.exec(kernel)
        }
        ForkResult::Parent { child } => {
            Ok(kernel.because("the status of the command shall be ours").wait4(child)?.into())
        }
    }
}

fn with_remedy(mut error: anyhow::Error) -> anyhow::Error {
    if let Some(refused) = error.downcast_mut::<Refused>().filter(|refused| refused.errno == Errno::EPERM) {
        let remedy = "a namespace is entered only with CAP_SYS_ADMIN in the user namespace that owns it: \
                      as its maker, or as root; `ns-show --tree` shows who owns which";
        refused.hint.get_or_insert_with(|| remedy.to_owned());
    }
    error
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

    #[test]
    fn what_is_shared_with_a_process_is_not_entered() {
        assert_eq!(to_enter(Pid::this(), &Namespace::ALL), []);
    }
}
