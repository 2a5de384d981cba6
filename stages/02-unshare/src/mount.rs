//! A list of mounts of one's own: mount_namespaces(7).

use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;
use groundwork::Kernel;
use nix::mount::MsFlags;
use nix::sched::CloneFlags;

/// What a new mount namespace still shares with the old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Propagation {
    /// Nothing, in either direction
    #[default]
    Private,
    /// What the host mounts appears inside; what is mounted inside does not appear on the host
    Slave,
    /// Both directions
    Shared,
    /// As the host had it
    Unchanged,
}

// ANCHOR: own_mounts
/// Gives this process a mount namespace, from which, unless `propagation` says otherwise, nothing leaks.
///
/// # Errors
/// Those of unshare(2) and mount(2).
pub fn own_mounts(kernel: &Kernel, propagation: Propagation) -> Result<()> {
    // EXERCISE mount-1
    kernel
        .because("mounts are global: in a namespace of its own, this process may change its copy of the list")
        .unshare(CloneFlags::CLONE_NEWNS)?;
    set_propagation(kernel, propagation, "/".as_ref())
    // END mount-1
}
// ANCHOR_END: own_mounts

// ANCHOR: set_propagation
/// Says with whom the mounts at and below `tree` go on sharing what is mounted on them.
///
/// # Errors
/// EINVAL when `tree` is no mount point.
pub fn set_propagation(kernel: &Kernel, propagation: Propagation, tree: &Path) -> Result<()> {
    let (flag, reason) = match propagation {
        Propagation::Private => (
            MsFlags::MS_PRIVATE,
            "systemd mounts / shared: without this, every mount below would also appear on the host",
        ),
        Propagation::Slave => {
            (MsFlags::MS_SLAVE, "what the host mounts later shall appear here, and nothing the other way")
        }
        Propagation::Shared => (MsFlags::MS_SHARED, "what is mounted here shall appear to every peer, and theirs here"),
        Propagation::Unchanged => return Ok(()),
    };
    kernel.because(reason).mount(None, tree, None, MsFlags::MS_REC | flag, None)
}
// ANCHOR_END: set_propagation
