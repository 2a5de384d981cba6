//! The same verbs in cgroup v1: other file names, no events, and one directory for each controller. See cgroups(7).

mod usage;

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use groundwork::{Kernel, WithHint};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::files;
use crate::hierarchy::Hierarchy;
use crate::limits::Limits;
use crate::v2::{ignore, no_swap_account, processes, quota};

pub(crate) use usage::{is_frozen, usage};

/// Version 1 has no event to wait for, so we look again after this long, this often: ten seconds in all.
const PAUSE: Duration = Duration::from_millis(5);
const LOOKS: usize = 2000;

/// Looks for what version 1 cannot do.
pub(crate) fn check_memory(limits: &Limits) -> Result<()> {
    let is_swap_alone = limits.swap.is_some() && limits.memory.is_none();
    ensure!(!is_swap_alone, "cgroup v1 limits swap only together with memory; give --memory too");
    ensure!(!limits.oom_group, "cgroup v1 cannot kill a whole cgroup when memory runs out; leave --oom-group out");
    Ok(())
}

/// Writes each limit that was asked for into its file.
pub(crate) fn limit(kernel: &Kernel, cgroup: &Path, limits: &Limits) -> Result<()> {
    // EXERCISE cgroup-4
    limit_memory(kernel, cgroup, limits)?;
    if let Some(share) = limits.cpus {
        kernel
            .because(
                "microseconds of CPU time in each period, all processes and CPUs together; then they wait for the next",
            )
            .write(cgroup.join("cpu.cfs_quota_us"), quota(share).to_string())?;
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

// ANCHOR: memsw
/// memory.memsw.limit_in_bytes limits memory and swap together, so it may never be below memory.limit_in_bytes: EINVAL.
/// Both begin without a limit, hence memory first.
fn limit_memory(kernel: &Kernel, cgroup: &Path, limits: &Limits) -> Result<()> {
    if let Some(bytes) = limits.memory {
        kernel
            .because("above this many bytes the kernel takes memory back, and kills when there is none to take")
            .write(cgroup.join("memory.limit_in_bytes"), bytes.to_string())?;
    }
    let Some(swap) = limits.swap else { return Ok(()) };
    let memory = limits.memory.unwrap_or(0);
    kernel
        .because("cgroup v1 counts swap together with memory: the limit is the sum")
        .write(cgroup.join("memory.memsw.limit_in_bytes"), memory.saturating_add(swap).to_string())
        .hint_with(no_swap_account)
}
// ANCHOR_END: memsw

fn limit_io(kernel: &Kernel, cgroup: &Path, limits: &Limits) -> Result<()> {
    for (key, rate) in limits.rates() {
        let file = match key {
            "rbps" => "blkio.throttle.read_bps_device",
            "wbps" => "blkio.throttle.write_bps_device",
            "riops" => "blkio.throttle.read_iops_device",
            _ => "blkio.throttle.write_iops_device",
        };
        kernel
            .because(format!("{} lies on this disk; requests past the rate wait their turn", rate.path.display()))
            .write(cgroup.join(file), format!("{} {}", rate.disk()?, rate.rate))?;
    }
    Ok(())
}

/// Gives a new cpuset what it lacks: the CPUs and the memory nodes of the one it is made in.
///
/// In version 1 they begin empty, and a process that is moved where it could run nowhere is refused: ENOSPC.
pub(crate) fn fill_cpuset(kernel: &Kernel, hierarchy: &Hierarchy, base: &Path, parts: &[&Path]) -> Result<()> {
    for directory in parts {
        for file in ["cpuset.cpus", "cpuset.mems"] {
            if !hierarchy.words(&directory.join(file)).is_empty() {
                continue;
            }
            let above = hierarchy.words(&base.join(file)).pop().unwrap_or_else(|| "0".to_owned());
            kernel
                .because("a new cpuset is empty, and nothing can run nowhere: it starts with what the one above has")
                .write(directory.join(file), above)?;
        }
    }
    Ok(())
}

// ANCHOR: enter
/// Moves the caller, which has one thread.
///
/// `cgroup.procs` moves a process, and for that the kernel first makes sure that no process anywhere is just making a
/// thread, which takes 5 to 16 ms. `tasks` moves one thread; when that is the writer itself, which 0 stands for, there is
/// nothing to wait for.
pub(crate) fn enter(kernel: &Kernel, cgroup: &Path) -> Result<()> {
    kernel
        .because("each hierarchy counts on its own: a process has to enter every one of them")
        .write(cgroup.join("tasks"), "0")
}
// ANCHOR_END: enter

/// Moves another process, which has one thread.
pub(crate) fn join(kernel: &Kernel, cgroup: &Path, pid: Pid) -> Result<()> {
    let pid = if kernel.is_rehearsing() { "PID".to_owned() } else { pid.to_string() };
    kernel
        .because("each hierarchy counts on its own: a process has to be moved in every one of them")
        .write(cgroup.join("tasks"), pid)
}

/// Stops every process inside, and looks until the last one has stopped.
pub(crate) fn freeze(kernel: &Kernel, cgroup: &Path) -> Result<()> {
    let state = cgroup.join("freezer.state");
    kernel
        .because("nobody inside runs any more, and unlike after SIGSTOP nobody can tell or resist")
        .write(&state, "FROZEN")?;
    for _ in 0..LOOKS {
        // FREEZING: somebody is still inside a system call. Reading makes the kernel look again.
        if kernel.is_rehearsing() || files::text(&state).trim() == "FROZEN" {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    bail!("{}: still not FROZEN", state.display())
}

/// Lets them go on.
pub(crate) fn thaw(kernel: &Kernel, cgroup: &Path) -> Result<()> {
    kernel.because("everybody inside goes on where they were stopped").write(cgroup.join("freezer.state"), "THAWED")
}

/// Sends SIGKILL to every process inside and below, while they are frozen: then nobody can fork.
pub(crate) fn kill(kernel: &Kernel, cgroup: &Path) -> Result<()> {
    freeze(kernel, cgroup)?;
    for pid in processes(cgroup) {
        let killed = kernel.because("while everybody is frozen the list is whole").kill(pid, Signal::SIGKILL);
        ignore(Errno::ESRCH, killed)?;
    }
    kernel
        .because("a frozen process does not even die: the signal takes effect only now")
        .write(cgroup.join("freezer.state"), "THAWED")
}

/// Looks until nobody is inside or below.
pub(crate) fn wait_until_empty(cgroup: &Path) -> Result<()> {
    for _ in 0..LOOKS {
        if processes(cgroup).is_empty() {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    bail!("{} still has processes: {:?}", cgroup.display(), processes(cgroup))
}
