//! The verbs in cgroup v2: the kernel's document "Control Group v2" tells each file.

mod usage;

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use groundwork::{Kernel, Refused, WithHint};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::files;
use crate::limits::Limits;

pub(crate) use usage::{cpuset, is_frozen, usage};

/// How long an event may take that the kernel promises: a process that waits for a disk can hold it up.
const PATIENCE: Duration = Duration::from_secs(10);

// ANCHOR: limit
/// Writes each limit that was asked for into its file.
pub(crate) fn limit(kernel: &Kernel, cgroup: &Path, limits: &Limits) -> Result<()> {
    // EXERCISE cgroup-4
    if let Some(bytes) = limits.memory {
        kernel
            .because("above this many bytes the kernel takes memory back, and kills when there is none to take")
            .write(cgroup.join("memory.max"), bytes.to_string())?;
    }
    if let Some(bytes) = limits.swap {
        kernel
            .because("memory that is swapped out is not counted as memory: swap has a wall of its own")
            .write(cgroup.join("memory.swap.max"), bytes.to_string())
            .hint_with(no_swap_account)?;
    }
    if limits.oom_group {
        kernel
            .because("half a program is seldom a working program: when one process is killed, the others go with it")
            .write(cgroup.join("memory.oom.group"), "1")?;
    }
    if let Some(share) = limits.cpus {
        kernel
            .because(
                "microseconds of CPU time in each period, all processes and CPUs together; then they wait for the next",
            )
            .write(cgroup.join("cpu.max"), cpu_max(share))?;
    }
    if let Some(cpus) = &limits.cpuset {
        kernel
            .because("the scheduler places these processes on no other CPU, whatever they ask for")
            .write(cgroup.join("cpuset.cpus"), cpus)?;
    }
    if let Some(number) = limits.pids {
        kernel
            .because("at this many processes and threads fork(2) answers EAGAIN, and a fork bomb stays small")
            .write(cgroup.join("pids.max"), number.to_string())?;
    }
    limit_io(kernel, cgroup, limits)
    // END cgroup-4
}
// ANCHOR_END: limit

/// The file for swap is missing where the kernel does not count it.
pub(crate) fn no_swap_account(error: &anyhow::Error) -> Option<String> {
    let is_missing = Refused::errno_of(error) == Some(Errno::ENOENT);
    is_missing.then(|| "this kernel does not count swap; boot it with swapaccount=1, or leave --swap out".to_owned())
}

fn limit_io(kernel: &Kernel, cgroup: &Path, limits: &Limits) -> Result<()> {
    for (key, rate) in limits.rates() {
        let line = format!("{} {key}={}", rate.disk()?, rate.rate);
        kernel
            .because(format!("{} lies on this disk; requests past the rate wait their turn", rate.path.display()))
            .write(cgroup.join("io.max"), line)?;
    }
    Ok(())
}

/// `50000 100000`: half a CPU. The period is the kernel's usual one.
fn cpu_max(share: f64) -> String {
    format!("{} {}", quota(share), PERIOD)
}

/// Microseconds: the period that the kernel starts with, in both versions.
pub(crate) const PERIOD: u64 = 100_000;

/// Microseconds in each period for this many CPUs.
pub(crate) fn quota(share: f64) -> u64 {
    (share * PERIOD as f64).round() as u64
}

/// Moves a process with all its threads.
pub(crate) fn join(kernel: &Kernel, cgroup: &Path, pid: Pid) -> Result<()> {
    let pid = if kernel.is_rehearsing() { "PID".to_owned() } else { pid.to_string() };
    kernel.because(ONE_CGROUP).write(cgroup.join("cgroup.procs"), pid)
}

/// Moves the caller, which 0 stands for.
pub(crate) fn enter(kernel: &Kernel, cgroup: &Path) -> Result<()> {
    kernel.because(ONE_CGROUP).write(cgroup.join("cgroup.procs"), "0")
}

const ONE_CGROUP: &str = "a process is in exactly one cgroup of this tree: from here on all it uses is counted here";

// ANCHOR: freeze
/// Stops every process inside, and waits until the last one has stopped.
pub(crate) fn freeze(kernel: &Kernel, cgroup: &Path) -> Result<()> {
    // EXERCISE cgroup-2
    kernel
        .because("nobody inside runs any more, and unlike after SIGSTOP nobody can tell or resist")
        .write(cgroup.join("cgroup.freeze"), "1")?;
    if kernel.is_rehearsing() {
        return Ok(());
    }
    // The write only asks: a process inside a system call stops when it leaves it.
    wait_until(cgroup, "frozen", 1)
    // END cgroup-2
}

/// Lets them go on, and waits until they do.
pub(crate) fn thaw(kernel: &Kernel, cgroup: &Path) -> Result<()> {
    kernel.because("everybody inside goes on where they were stopped").write(cgroup.join("cgroup.freeze"), "0")?;
    if kernel.is_rehearsing() {
        return Ok(());
    }
    wait_until(cgroup, "frozen", 0)
}
// ANCHOR_END: freeze

// ANCHOR: kill
/// Sends SIGKILL to every process inside and below.
///
/// The obvious way, kill(2) for each PID of cgroup.procs, loses against a program that forks faster than we read.
/// Since Linux 5.14 the kernel does it in one go; before, freezing them first makes the list hold still.
pub(crate) fn kill(kernel: &Kernel, cgroup: &Path) -> Result<()> {
    // EXERCISE cgroup-3
    let all_at_once = cgroup.join("cgroup.kill");
    if kernel.is_rehearsing() || all_at_once.exists() {
        return kernel
            .because("one write kills everybody inside, also those who are forking at this moment")
            .write(all_at_once, "1");
    }
    freeze(kernel, cgroup)?;
    for pid in processes(cgroup) {
        let killed = kernel.because("SIGKILL ends a frozen process too").kill(pid, Signal::SIGKILL);
        ignore(Errno::ESRCH, killed)?;
    }
    kernel
        .because("an empty cgroup that stays frozen would freeze the next to come")
        .write(cgroup.join("cgroup.freeze"), "0")
    // END cgroup-3
}
// ANCHOR_END: kill

/// Waits for the kernel's word that nobody is inside or below.
pub(crate) fn wait_until_empty(cgroup: &Path) -> Result<()> {
    wait_until(cgroup, "populated", 0)
}

/// Waits until `key` in cgroup.events has this value. A change of that file wakes poll(2) with POLLPRI.
fn wait_until(cgroup: &Path, key: &str, wanted: u64) -> Result<()> {
    let path = cgroup.join("cgroup.events");
    let Ok(mut events) = File::open(&path) else { return Ok(()) };
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut text = String::new();
        events.rewind()?;
        // A cgroup removed by somebody else answers ENODEV: nobody is in it.
        if events.read_to_string(&mut text).is_err() || files::value(&text, key) == Some(wanted) {
            return Ok(());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            bail!("{}: still not `{key} {wanted}` after {PATIENCE:?}; {}", path.display(), holdouts(cgroup));
        }
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(events.as_fd(), PollFlags::POLLPRI)], timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => bail!("poll({}): {errno}", path.display()),
        }
    }
}

fn holdouts(cgroup: &Path) -> String {
    let pids: Vec<_> = processes(cgroup).iter().map(ToString::to_string).collect();
    format!("see what holds up {} with `cat /proc/PID/stack`", pids.join(", "))
}

/// The processes inside and below, as this process numbers them.
pub(crate) fn processes(cgroup: &Path) -> Vec<Pid> {
    let trees = std::iter::once(cgroup.to_owned()).chain(descendants(cgroup));
    let lists = trees.map(|one| files::words(&one.join("cgroup.procs")));
    // 0 stands for a process that cannot be seen from this PID namespace.
    lists.flatten().filter_map(|pid| pid.parse().ok()).filter(|pid| *pid > 0).map(Pid::from_raw).collect()
}

/// All cgroups below, the deepest first: the order in which they can be removed.
pub(crate) fn descendants(cgroup: &Path) -> Vec<PathBuf> {
    if !has_children(cgroup) {
        return Vec::new();
    }
    children(cgroup).flat_map(|child| descendants(&child).into_iter().chain([child])).collect()
}

/// True when there is a cgroup below: a directory has two links, and one more from each directory in it.
pub(crate) fn has_children(cgroup: &Path) -> bool {
    cgroup.metadata().is_ok_and(|about| about.nlink() > 2)
}

/// The cgroups directly below.
fn children(cgroup: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(cgroup).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path())
}

pub(crate) fn ignore(errno: Errno, outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) if Refused::errno_of(&error) == Some(errno) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_cpu_is_half_of_each_period() {
        assert_eq!(cpu_max(0.5), "50000 100000");
        assert_eq!(cpu_max(2.0), "200000 100000");
        assert_eq!(cpu_max(0.01), "1000 100000");
    }
}
