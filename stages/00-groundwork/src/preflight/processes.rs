//! Births and pidfds: what newer kernels can do in one call.

use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};

use crate::host::Capability;
use crate::kernel::{Born, Kernel, leave};
use crate::preflight::Verdict;
use crate::preflight::identity::become_able;
use crate::preflight::scratch::{inode, uts_named};
use crate::preflight::throwaway::Waiting;
use crate::preflight::trouble::{During, Tried, Trouble};
use crate::refusal::Refused;

/// Joins two namespaces of a process with one call.
pub(super) fn pidfd_setns() -> Tried {
    become_able(Capability::SysAdmin)?;
    uts_named("first")?;
    nix::sched::unshare(CloneFlags::CLONE_NEWIPC).during("unshare(CLONE_NEWIPC)")?;
    let other = Waiting::start()?;
    uts_named("second")?;
    nix::sched::unshare(CloneFlags::CLONE_NEWIPC).during("unshare(CLONE_NEWIPC)")?;
    let pid =
        rustix::process::Pid::from_raw(other.pid.as_raw()).ok_or_else(|| Trouble::refused("fork", Errno::ESRCH))?;
    let pidfd =
        rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).during("pidfd_open(2) (Linux 5.3)")?;
    let both = CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC;
    setns(pidfd.as_fd(), both).during("setns(2) with a pidfd (Linux 5.8)")?;
    let is_joined = ["uts", "ipc"].iter().all(|kind| {
        let [theirs, ours] =
            [other.pid.to_string(), "self".to_owned()].map(|who| inode(format!("/proc/{who}/ns/{kind}")).ok());
        theirs.is_some() && theirs == ours
    });
    if is_joined { Ok(Verdict::works()) } else { Err(Trouble::odd("setns", "a namespace is another")) }
}

/// A child that never was in the old UTS namespace.
pub(super) fn clone3() -> Tried {
    become_able(Capability::SysAdmin)?;
    let kernel = Kernel::quiet();
    match born(&kernel, CloneFlags::CLONE_NEWUTS, None)? {
        Born::Child => leave(0),
        Born::Parent { child, .. } => {
            let _ = nix::sys::wait::waitpid(child, None);
            Ok(Verdict::works())
        }
    }
}

/// clone3(2) through the door, which has the only wrapper there is.
pub(super) fn born(
    kernel: &Kernel,
    flags: CloneFlags,
    cgroup: Option<std::os::fd::BorrowedFd<'_>>,
) -> Result<Born, Trouble> {
    let call = if cgroup.is_some() { "clone3(2) into a cgroup (Linux 5.7)" } else { "clone3(2) (Linux 5.3)" };
    let born = kernel.because("a trial, which nobody is told of").clone3(flags, cgroup);
    born.map_err(|error| Trouble::refused(call, Refused::errno_of(&error).unwrap_or(Errno::EIO)))
}
