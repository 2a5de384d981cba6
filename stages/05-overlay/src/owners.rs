//! Where the owners of a layer's files are what they say: outside of containers only root can give files away.

use std::process::ExitCode;

use anyhow::Result;
use groundwork::Kernel;
use nix::unistd::geteuid;
use unshare::user::{self, Maps};

use crate::report::Owners;

// ANCHOR: with_every_owner
/// Does `work` as one who can own the files of everybody in a layer: for root, as they are; for an ordinary user, as
/// root of a user namespace, with the ids that subuid(5) grants them. Without such a grant, everything is the caller's.
///
/// # Errors
/// Those of `work`, and of making the namespace.
pub fn with_every_owner(kernel: &Kernel, work: impl FnOnce(Owners) -> Result<ExitCode>) -> Result<ExitCode> {
    if geteuid().is_root() {
        return work(Owners::Keep);
    }
    let maps = Maps::widest();
    if maps.are_mine() { work(Owners::Caller) } else { user::own_mapped_ids(kernel, &maps, || work(Owners::Keep)) }
}
// ANCHOR_END: with_every_owner

// ANCHOR: with_every_file
/// Does `work` as one who can read all files of a container that the caller has run: its root may have closed some to
/// everyone, and is the caller, who outside of a user namespace is bound by that.
///
/// # Errors
/// As for [`with_every_owner`].
pub fn with_every_file(kernel: &Kernel, work: impl FnOnce(Owners) -> Result<ExitCode>) -> Result<ExitCode> {
    with_every_owner(kernel, |owners| {
        if owners == Owners::Caller {
            user::own_ids(kernel)?;
        }
        work(owners)
    })
}
// ANCHOR_END: with_every_file
