//! Born inside: clone3(2) makes a process and its namespaces in one call, where fork(2) and unshare(2) need two.

use std::os::fd::BorrowedFd;

use anyhow::Result;
use groundwork::kernel::Born;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::sched::CloneFlags;

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
