//! Process numbers of one's own: pid_namespaces(7).

use std::process::ExitCode;

use anyhow::Result;
use groundwork::Kernel;
use nix::mount::MsFlags;
use nix::sched::CloneFlags;

use crate::child::in_child;

pub use crate::child::die_with_parent;

// ANCHOR: own_pids
/// Runs `inside` as PID 1 of a new PID namespace, and waits for it.
///
/// # Errors
/// Those of unshare(2) and fork(2), and, in the child, those of `inside`.
pub fn own_pids(kernel: &Kernel, inside: impl FnOnce() -> Result<ExitCode>) -> Result<ExitCode> {
    // EXERCISE pid-1
    kernel
        .because("a process keeps its PID for life, so this one stays outside: its next child will be PID 1")
        .unshare(CloneFlags::CLONE_NEWPID)?;
    in_child(
        kernel,
        "the first one born into the namespace is its init: when it ends, the kernel ends the others",
        inside,
    )
    // END pid-1
}
// ANCHOR_END: own_pids

// ANCHOR: own_proc
/// Mounts a /proc that shows this PID namespace. Needs a mount namespace of one's own.
///
/// # Errors
/// Those of mount(2); EPERM in a user namespace where parts of the present /proc are covered.
pub fn own_proc(kernel: &Kernel) -> Result<()> {
    // EXERCISE pid-2
    kernel.because("ps reads /proc, and the one mounted here still shows the processes of the outer namespace").mount(
        Some("proc".as_ref()),
        "/proc",
        Some("proc"),
        MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC,
        None,
    )
    // END pid-2
}
// ANCHOR_END: own_proc
