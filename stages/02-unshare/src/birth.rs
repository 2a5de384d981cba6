//! Born inside: clone3(2) makes a process and its namespaces in one call, where fork(2) and unshare(2) need two.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::process::ExitCode;

use anyhow::Result;
use groundwork::host::{Here, Host};
use groundwork::kernel::{Born, Memory, leave};
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::unistd::Pid;

use crate::namespace::Namespace;

/// A birth, and how far inside it was.
#[derive(Debug)]
pub struct Birth {
    /// Which side of it this process is.
    pub born: Born,
    /// The kinds of namespace the child was born into.
    pub kinds: CloneFlags,
    /// True when the child was born in the cgroup asked for. Otherwise someone must still move it there.
    pub in_cgroup: bool,
}

// ANCHOR: born_inside
/// A child born inside new namespaces of these kinds and, when `cgroup` is a directory of cgroup2, inside that cgroup.
///
/// Where clone3(2) is missing, clone(2) does what it can: it knows neither cgroups nor time namespaces, and the answer
/// says so.
///
/// # Errors
/// Those of clone3(2) and clone(2).
pub fn born_inside(kernel: &Kernel, kinds: CloneFlags, cgroup: Option<BorrowedFd<'_>>) -> Result<Birth> {
    let born = kernel
        .because("nobody can be caught half inside: the child begins its life in all of these at once")
        .clone3(kinds, cgroup);
    match born {
        Ok(born) => Ok(Birth { born, kinds, in_cgroup: cgroup.is_some() }),
        Err(error) if is_unknown(&error) => born_by_clone(kernel, kinds),
        Err(error) => Err(error),
    }
}
// ANCHOR_END: born_inside

// ANCHOR: born_to
/// The same, of a child that does `begin`, which is told whether it was born in that cgroup, and then ends. Comes back in
/// the parent alone.
///
/// A child that soon becomes another program may begin in memory that is borrowed: its parent then sleeps until it has
/// given it back, and nothing was copied. Where that cannot be done, it gets a copy.
///
/// # Errors
/// As for [`born_inside`].
pub fn born_to(
    kernel: &Kernel,
    kinds: CloneFlags,
    cgroup: Option<BorrowedFd<'_>>,
    memory: Memory,
    begin: &dyn Fn(bool) -> ExitCode,
) -> Result<(Pid, OwnedFd)> {
    if memory == Memory::Borrowed && can_borrow(kinds) {
        let born = kernel
            .because("born inside all of these at once, and in our memory: it needs no copy of what it soon leaves")
            .clone3_vfork(kinds, cgroup, &|| begin(cgroup.is_some()));
        match born {
            Err(error) if is_unknown(&error) => {}
            born => return born,
        }
    }
    let Birth { born, in_cgroup, .. } = born_inside(kernel, kinds, cgroup)?;
    match born {
        Born::Child => leave(u8::from(begin(in_cgroup) != ExitCode::SUCCESS)),
        Born::Parent { child, pidfd } => Ok((child, pidfd)),
    }
}
// ANCHOR_END: born_to

/// Who enters a time namespace needs memory of its own, because clocks are read from a page of it. Since Linux 6.1
/// execve(2), which gives that, is also the moment at which a process goes there; before, only a birth was.
fn can_borrow(kinds: CloneFlags) -> bool {
    let host: &dyn Host = &Here;
    !kinds.contains(Namespace::Time.flag()) || host.is_kernel_at_least(6, 1)
}

/// ENOSYS: the kernel is older than 5.3, or a seccomp filter hides a call whose flags it cannot read.
/// E2BIG: the kernel is older than 5.7, and its clone3(2) has no place for a cgroup.
fn is_unknown(error: &anyhow::Error) -> bool {
    matches!(Refused::errno_of(error), Some(Errno::ENOSYS | Errno::E2BIG))
}

fn born_by_clone(kernel: &Kernel, kinds: CloneFlags) -> Result<Birth> {
    let kinds = kinds.difference(Namespace::Time.flag());
    let born =
        kernel.because("no clone3 here: the older call knows neither cgroups nor time namespaces").clone(kinds)?;
    Ok(Birth { born, kinds, in_cgroup: false })
}
