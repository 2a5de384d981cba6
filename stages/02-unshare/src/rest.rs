//! What else unshare(2) can separate: things that fork(2) copies, and that clone(2) can be asked to share.
//!
//! Threads share all three. So do the processes of a few old programs, and then chdir(2) in one of them moves the others.

use anyhow::Result;
use groundwork::Kernel;
use nix::sched::CloneFlags;

/// What clone(2) can leave shared although the new process has memory of its own.
pub const REST: CloneFlags = CloneFlags::CLONE_FS.union(CloneFlags::CLONE_FILES).union(CloneFlags::CLONE_SYSVSEM);

// ANCHOR: rest
/// Working directory, root directory and umask of this process alone.
///
/// # Errors
/// ENOMEM.
pub fn own_directories(kernel: &Kernel) -> Result<()> {
    kernel
        .because("working directory, root and umask are one thing to the kernel: chdir here would move the others too")
        .unshare(CloneFlags::CLONE_FS)
}

/// Descriptors of this process alone.
///
/// # Errors
/// ENOMEM.
pub fn own_descriptors(kernel: &Kernel) -> Result<()> {
    kernel
        .because("in a shared table of descriptors, whatever is opened or closed here is opened or closed there")
        .unshare(CloneFlags::CLONE_FILES)
}

/// A list of semaphore changes to undo that ends with this process alone.
///
/// # Errors
/// None for valid flags.
pub fn own_undo_list(kernel: &Kernel) -> Result<()> {
    kernel
        .because("changes made with SEM_UNDO are undone when the last process ends that shares the list of them")
        .unshare(CloneFlags::CLONE_SYSVSEM)
}
// ANCHOR_END: rest
