//! The floor: what the kernel itself needs for a container, and nothing else.
//!
//! The same walls as a runtime builds, in the fewest calls: no configuration to read, no state to keep, no error to explain.
//! Whoever measures a runtime against this sees what the runtime adds, and how far it is from the limit.
//! It is also the shortest whole container of the course: [`inside`] is one page, in the order in which it happens.
//!
//! ```text
//! floor [--without WALL,WALL…] [--user] [--cgroup DIR] [--layers DIR:COUNT] [--detach] ROOT PROGRAM [ARGUMENT…]
//! floor exec PID CGROUP|- PROGRAM [ARGUMENT…]
//! floor remove CGROUP…
//! ```
//!
//! With `--detach` it prints the number of the container's first process, and leaves.
//! All that is allocated is allocated in [`plan`], before the clone.

#![cfg_attr(target_env = "gnu", no_main)]
#![expect(clippy::print_stdout, reason = "the number of a process that is left alone is this program's answer")]

mod exec;
mod inside;
mod overlay;
mod plan;
mod raw;
mod remove;
mod wall;

use std::fmt;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus};

use plan::Plan;

/// A step that the kernel refused.
struct Failed(&'static str, Errno);

/// Names the step.
trait Step<T> {
    fn step(self, name: &'static str) -> Result<T, Failed>;
}

impl<T> Step<T> for Result<T, Errno> {
    fn step(self, name: &'static str) -> Result<T, Failed> {
        self.map_err(|errno| Failed(name, errno))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "floor: {}: {}", self.0, self.1)
    }
}

/// Called by the C library: as `boxwright` does it, for the same reason, and told in `groundwork::cli::begin`.
#[cfg(target_env = "gnu")]
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "its name is the C library's; watched by every_wall_stands_for_root")]
extern "C" fn main() -> std::ffi::c_int {
    begin().into()
}

/// Other C libraries tell a program's words to its main alone, and Rust's own keeps them.
#[cfg(not(target_env = "gnu"))]
fn main() -> std::process::ExitCode {
    begin().into()
}

fn begin() -> u8 {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let ended = match words.first().map(String::as_str) {
        Some("exec") => exec::exec(&words[1..]),
        Some("remove") => remove::remove(&words[1..]),
        _ => Plan::read(&words).and_then(|plan| contain(&plan)),
    };
    ended.unwrap_or_else(|failed| {
        eprintln!("{failed}");
        125
    })
}

/// The outside: a cgroup, a birth, a wait.
fn contain(plan: &Plan) -> Result<u8, Failed> {
    plan.overlay.as_ref().map_or(Ok(()), overlay::make_room)?;
    let cgroup = plan.cgroup.as_deref().map(make_cgroup).transpose()?;
    let place = cgroup.as_ref().map(AsFd::as_fd);
    let Some(child) = raw::clone3(plan.namespaces(), place, plan.is_detached).step("clone3")? else {
        return inside::become_program(plan);
    };
    if plan.is_detached {
        println!("{}", child.as_raw_nonzero());
        return Ok(0);
    }
    let status = wait(child)?;
    if let Some(directory) = &plan.cgroup {
        rustix::fs::rmdir(directory.as_c_str()).step("rmdir of the cgroup")?;
    }
    plan.overlay.as_ref().map_or(Ok(()), overlay::clear)?;
    Ok(status)
}

/// Making a directory there is making a cgroup; with it open, a process can be born inside.
fn make_cgroup(directory: &std::ffi::CStr) -> Result<OwnedFd, Failed> {
    rustix::fs::mkdir(directory, Mode::from(0o755)).step("mkdir of the cgroup")?;
    let how = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, directory, how, Mode::empty()).step("open of the cgroup")
}

fn wait(child: Pid) -> Result<u8, Failed> {
    let (_, status) = rustix::process::waitpid(Some(child), WaitOptions::empty()).step("wait4")?.expect("it has ended");
    Ok(code(status))
}

/// As shells say it: 128 + n when signal n ended it.
fn code(status: WaitStatus) -> u8 {
    let code = status.exit_status().unwrap_or_else(|| 128 + status.terminating_signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(u8::MAX)
}
