//! Message queues, semaphores and shared memory of one's own: ipc_namespaces(7).

use anyhow::Result;
use groundwork::Kernel;
use nix::sched::CloneFlags;

// ANCHOR: own_ipc
/// Gives this process an IPC namespace, with nothing in it.
///
/// # Errors
/// Those of unshare(2).
pub fn own_ipc(kernel: &Kernel) -> Result<()> {
    // EXERCISE ipc-1
    kernel
        .because("System V objects are found by number, not by path: no root directory hides the host's")
        .unshare(CloneFlags::CLONE_NEWIPC)
    // END ipc-1
}
// ANCHOR_END: own_ipc
