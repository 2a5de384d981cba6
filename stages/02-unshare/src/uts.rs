//! A host name of one's own: uts_namespaces(7).

use anyhow::Result;
use groundwork::Kernel;
use nix::sched::CloneFlags;

// ANCHOR: own_hostname
/// Gives this process a UTS namespace, and that namespace a name.
///
/// # Errors
/// Those of unshare(2) and sethostname(2).
pub fn own_hostname(kernel: &Kernel, name: &str) -> Result<()> {
    // EXERCISE uts-1
    kernel
        .because("sethostname renames every process in the UTS namespace: without a new one, the host itself")
        .unshare(CloneFlags::CLONE_NEWUTS)?;
    kernel.because("the new namespace began as a copy, and still bears the host's name").sethostname(name)
    // END uts-1
}
// ANCHOR_END: own_hostname

/// Names the NIS domain of this UTS namespace, which has nothing to do with DNS.
///
/// # Errors
/// Those of setdomainname(2).
pub fn name_domain(kernel: &Kernel, name: &str) -> Result<()> {
    kernel.because("the second of the two names that a UTS namespace holds").setdomainname(name)
}
