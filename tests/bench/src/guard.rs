//! Nothing is left behind, however it ends: one process measures, and another one waits for it and tidies up.
//!
//! Who measures may be interrupted, or be killed, in the middle of anything. Whoever waits adopts every process that it
//! leaves (PR_SET_CHILD_SUBREAPER), ends them, and removes the cgroups and the files of this run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::cgroups::{self, Own};

/// Where the one who measures finds its directory.
const SCRATCH: &str = "BOXWRIGHT_BENCH_SCRATCH";

/// The directory of this run, when this process is the one who measures.
pub fn scratch() -> Option<PathBuf> {
    std::env::var_os(SCRATCH).map(PathBuf::from)
}

/// Starts this program again, as the one who measures, and tidies up after it.
///
/// # Errors
/// It cannot be started, or something cannot be removed.
pub fn watch_over() -> Result<ExitCode> {
    rustix::process::set_child_subreaper(rustix::process::Pid::from_raw(1))?;
    let mut signals = SigSet::empty();
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCHLD].into_iter().for_each(|one| signals.add(one));
    signals.thread_block()?;
    let scratch = tempfile::Builder::new().prefix("boxwright-bench-").tempdir()?;
    // Ordinary users work in directories of theirs in it.
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755))?;
    let cgroup = cgroups::make_own();
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1)).env(SCRATCH, scratch.path());
    command.envs(cgroup.as_ref().map(|own| (cgroups::OWN, own.0.as_os_str())));
    let measurer = command.spawn().context("cannot start the one who measures")?;
    let ended = wait_for(Pid::from_raw(measurer.id().cast_signed()), &signals);
    tidy_up(scratch.path(), cgroup)?;
    ended
}

/// Until it ends. A signal to us is for it; what it leaves to us is reaped on the way.
fn wait_for(measurer: Pid, signals: &SigSet) -> Result<ExitCode> {
    let mut asked = None;
    loop {
        let signal = signals.wait()?;
        if signal != Signal::SIGCHLD {
            asked = Some(signal);
            let _ = kill(measurer, Signal::SIGKILL);
        }
        while let Some(status) = next_child(Some(WaitPidFlag::WNOHANG)) {
            match status {
                WaitStatus::Exited(pid, code) if pid == measurer => return Ok(ExitCode::from(u8::try_from(code)?)),
                WaitStatus::Signaled(pid, signal, _) if pid == measurer => {
                    let signal = asked.unwrap_or(signal);
                    eprintln!("\nbench: ended by {signal}; what was begun is taken away again");
                    return Ok(ExitCode::from(128 + u8::try_from(signal as i32)?));
                }
                _ => {}
            }
        }
    }
}

/// A child that has ended, if there is one.
fn next_child(how: Option<WaitPidFlag>) -> Option<WaitStatus> {
    loop {
        match waitpid(None, how) {
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return None,
            Err(Errno::EINTR) => {}
            Ok(status) => return Some(status),
            Err(_) => return None,
        }
    }
}

fn tidy_up(scratch: &Path, cgroup: Option<Own>) -> Result<()> {
    end_all_children();
    if let Some(own) = cgroup {
        own.remove()?;
    }
    // What an ordinary user's overlay has made may be closed to everybody, and is opened first.
    let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    fs::remove_dir_all(scratch).or_else(|_| {
        let entries = walk(scratch);
        entries.iter().filter(|path| path.is_dir() && !path.is_symlink()).for_each(|path| drop(open(path)));
        fs::remove_dir_all(scratch)
    })?;
    Ok(())
}

/// Children of children become ours when theirs end, so it is done again until nobody is left.
fn end_all_children() {
    loop {
        let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        let children: Vec<i32> =
            lists.flat_map(|list| list.split_whitespace().flat_map(str::parse).collect::<Vec<_>>()).collect();
        for child in children {
            let _ = kill(Pid::from_raw(child), Signal::SIGKILL);
        }
        if next_child(None).is_none() {
            return;
        }
    }
}

fn walk(directory: &Path) -> Vec<PathBuf> {
    let mut found = vec![directory.to_owned()];
    let mut at = 0;
    while let Some(path) = found.get(at) {
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
        let below: Vec<_> = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        found.extend(below.into_iter().filter(|path| path.is_dir() && !path.is_symlink()));
        at += 1;
    }
    found
}
