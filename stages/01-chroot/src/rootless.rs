//! The right to chroot for an ordinary user: a user namespace of their own. Stage 02 takes it apart.

use anyhow::Result;
use groundwork::Kernel;
use groundwork::host::{Capability, Here, Host};
use nix::sched::CloneFlags;
use nix::unistd::{getegid, geteuid};

// ANCHOR: own_ids_if_needed
/// For an ordinary user: a user namespace in which they are root. For whoever may chroot anyway: nothing.
///
/// # Errors
/// EPERM where the host restricts user namespaces, and in a chroot: there the kernel makes none.
pub fn own_ids_if_needed(kernel: &Kernel) -> Result<()> {
    // EXERCISE rootless-1
    let here: &dyn Host = &Here;
    if here.may(Capability::SysChroot) {
        return Ok(());
    }
    let (user, group) = (geteuid(), getegid());
    kernel
        .because("chroot(2) takes CAP_SYS_CHROOT: in a user namespace of their own, ordinary users have it")
        .unshare(CloneFlags::CLONE_NEWUSER)?;
    kernel
        .because("whoever gives up the right to drop groups may map their own")
        .write("/proc/self/setgroups", "deny")?;
    kernel
        .because("id 0 inside is you outside: without a map the command would be nobody, and lose the right again")
        .write("/proc/self/uid_map", format!("0 {user} 1\n"))?;
    kernel.because("the same for groups").write("/proc/self/gid_map", format!("0 {group} 1\n"))
    // END rootless-1
}
// ANCHOR_END: own_ids_if_needed
