//! Another process in a container that runs: all its namespaces in one call.

use rustix::fd::AsFd;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags};
use rustix::thread::{ThreadNameSpaceType as Kind, move_into_thread_name_spaces};

use crate::plan::Program;
use crate::{Failed, Step, raw, wait};

const KINDS: Kind = Kind::MOUNT
    .union(Kind::PROCESS_ID)
    .union(Kind::HOST_NAME_AND_NIS_DOMAIN_NAME)
    .union(Kind::INTER_PROCESS_COMMUNICATION)
    .union(Kind::NETWORK)
    .union(Kind::CONTROL_GROUP);

/// `exec PID CGROUP|- PROGRAM [ARGUMENT…]`.
pub(crate) fn exec(words: &[String]) -> Result<u8, Failed> {
    let bad = || Failed("usage: floor exec PID CGROUP|- PROGRAM [ARGUMENT…]", Errno::INVAL);
    let [pid, cgroup, program @ ..] = words else { return Err(bad()) };
    let pid = pid.parse().ok().and_then(Pid::from_raw).ok_or_else(bad)?;
    let program = Program::new(program)?;
    let process = rustix::process::pidfd_open(pid, PidfdFlags::empty()).step("pidfd_open")?;
    let how = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = |path| rustix::fs::openat(CWD, path, how, Mode::empty()).step("open of the cgroup");
    let cgroup = (cgroup != "-").then(|| open(cgroup.as_str())).transpose()?;
    // For root there is no user namespace to join, and the kernel refuses to join one's own.
    let user = if rustix::process::geteuid().is_root() { Kind::empty() } else { Kind::USER };
    move_into_thread_name_spaces(process.as_fd(), KINDS | user).step("setns")?;
    // Who has joined a PID namespace is not in it: the child is.
    let Some(child) = raw::clone3(0, cgroup.as_ref().map(AsFd::as_fd), false).step("clone3")? else {
        rustix::process::setsid().step("setsid")?;
        return Err(Failed("execve", program.execve()));
    };
    wait(child)
}
