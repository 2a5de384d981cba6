//! A cgroup that counts as "/": cgroup_namespaces(7).

use anyhow::Result;
use groundwork::Kernel;
use nix::sched::CloneFlags;

// ANCHOR: own_cgroup_root
/// Makes the cgroup this process is in the root of what it sees.
///
/// It hides names, and no files: /sys/fs/cgroup shows the whole tree until someone inside mounts it anew.
///
/// # Errors
/// Those of unshare(2).
pub fn own_cgroup_root(kernel: &Kernel) -> Result<()> {
    // EXERCISE cgroupns-1
    kernel
        .because("the cgroup this process is in right now becomes the root of what it sees: join first, unshare then")
        .unshare(CloneFlags::CLONE_NEWCGROUP)
    // END cgroupns-1
}
// ANCHOR_END: own_cgroup_root
