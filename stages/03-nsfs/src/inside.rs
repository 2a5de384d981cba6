//! What is left to do when the namespaces are entered.

use std::process::ExitCode;

use anyhow::Result;
use groundwork::{Kernel, Program, Refused};
use nix::errno::Errno;
use unshare::child::in_child;
use unshare::{Namespace, user};

// ANCHOR: run_inside
/// Runs the program inside: as a child when a PID namespace was entered, otherwise as this process.
///
/// # Errors
/// Those of fork(2): ENOMEM when PID 1 of the namespace has ended. Those of execve(2).
pub fn run_inside(kernel: &Kernel, entered: &[Namespace], program: &Program) -> Result<ExitCode> {
    if !entered.contains(&Namespace::Pid) {
        return program.exec(kernel);
    }
    in_child(kernel, "only a child of this process is born into the PID namespace", || program.exec(kernel))
}
// ANCHOR_END: run_inside

/// Takes id 0 of the user namespace just entered, where it has one.
pub(crate) fn become_root(kernel: &Kernel, drops_groups: bool) -> Result<()> {
    if drops_groups {
        kernel.because("the groups of the outer root came along, and would open files outside").setgroups(&[])?;
    }
    match user::become_root(kernel) {
        // No id 0 in there: this process keeps the id that its own is mapped to, or the overflow id.
        Err(error) if Refused::errno_of(&error) == Some(Errno::EINVAL) => Ok(()),
        became => became,
    }
}

/// True for root, where the user namespace of this process has groups and lets them go: see user_namespaces(7).
pub(crate) fn may_drop_groups(process: &str) -> bool {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    read("setgroups").trim() == "allow" && !read("gid_map").trim().is_empty() && !user::is_needed()
}
