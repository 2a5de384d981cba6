//! One namespace of each kind, made and seen to be another.

use std::fs::File;
use std::time::Duration;

use nix::libc;
use nix::sched::{CloneFlags, setns as join, unshare};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::getpid;

use crate::host::Capability;
use crate::preflight::Verdict;
use crate::preflight::identity::become_able;
use crate::preflight::scratch::{inode, uts_named};
use crate::preflight::throwaway::in_child;
use crate::preflight::trouble::{During, Tried, Trouble, write};

/// Makes a namespace, and sees that the link in /proc/self/ns leads to another one.
fn own(flag: CloneFlags, call: &str, file: &str) -> Result<(), Trouble> {
    become_able(Capability::SysAdmin)?;
    let file = format!("/proc/self/ns/{file}");
    let before = inode(&file)?;
    unshare(flag).during(call)?;
    if inode(&file)? == before { Err(Trouble::odd(call, "the namespace is the same")) } else { Ok(()) }
}

pub(super) fn uts() -> Tried {
    become_able(Capability::SysAdmin)?;
    uts_named("trial")?;
    Ok(Verdict::works())
}

pub(super) fn ipc() -> Tried {
    own(CloneFlags::CLONE_NEWIPC, "unshare(CLONE_NEWIPC)", "ipc")?;
    Ok(Verdict::works())
}

pub(super) fn net() -> Tried {
    own(CloneFlags::CLONE_NEWNET, "unshare(CLONE_NEWNET)", "net")?;
    Ok(Verdict::works())
}

pub(super) fn pid() -> Tried {
    become_able(Capability::SysAdmin)?;
    unshare(CloneFlags::CLONE_NEWPID).during("unshare(CLONE_NEWPID)")?;
    in_child(|| match getpid().as_raw() {
        1 => Ok(Verdict::works()),
        _ => Err(Trouble::odd("unshare(CLONE_NEWPID)", "the child is not process 1")),
    })
}

pub(super) fn cgroup() -> Tried {
    own(CloneFlags::CLONE_NEWCGROUP, "unshare(CLONE_NEWCGROUP)", "cgroup")?;
    let seen = std::fs::read_to_string("/proc/self/cgroup").during("reading /proc/self/cgroup")?;
    match seen.lines().find(|line| !line.ends_with(":/")) {
        None => Ok(Verdict::works()),
        Some(line) => Err(Trouble::odd("unshare(CLONE_NEWCGROUP)", &format!("/proc/self/cgroup says {line}"))),
    }
}

pub(super) fn time() -> Tried {
    const AHEAD: u64 = 100_000;
    become_able(Capability::SysAdmin)?;
    let before = monotonic()?;
    // nix has no name for it: the bit lies where clone(2) keeps its exit signal.
    let flag = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);
    unshare(flag).during("unshare(CLONE_NEWTIME)")?;
    write("/proc/self/timens_offsets", format!("monotonic {AHEAD} 0"))?;
    // Whoever asks stays in the old one: the next child is the first inside.
    in_child(|| {
        let is_ahead = monotonic()? >= before + Duration::from_secs(AHEAD);
        if is_ahead {
            Ok(Verdict::works())
        } else {
            Err(Trouble::odd("unshare(CLONE_NEWTIME)", "the clock is the same"))
        }
    })
}

fn monotonic() -> Result<Duration, Trouble> {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).during("clock_gettime")
}

pub(super) fn setns() -> Tried {
    const UTS: &str = "/proc/self/ns/uts";
    become_able(Capability::SysAdmin)?;
    uts_named("first")?;
    let (first, kept) = (inode(UTS)?, File::open(UTS).during("opening /proc/self/ns/uts")?);
    uts_named("second")?;
    join(kept, CloneFlags::CLONE_NEWUTS).during("setns(CLONE_NEWUTS)")?;
    if inode(UTS)? == first { Ok(Verdict::works()) } else { Err(Trouble::odd("setns", "the namespace is another")) }
}
