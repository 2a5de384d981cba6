//! The right to mount: root has it, and everyone in a user namespace of their own.

use std::process::ExitCode;

use anyhow::Result;
use groundwork::Kernel;
use unshare::user::{self, Maps};

// ANCHOR: with_right_to_mount
/// Does `work` as one who may mount: as root, just so; as an ordinary user, as root of a user namespace, with all the ids
/// that they may have, because the files of a root file system have many owners.
///
/// `work` is told which ids there are; nothing means those of the host.
///
/// # Errors
/// Those of `work`, and of making the namespace.
pub fn with_right_to_mount(kernel: &Kernel, work: impl FnOnce(Option<&Maps>) -> Result<ExitCode>) -> Result<ExitCode> {
    if !user::is_needed() {
        return work(None);
    }
    let maps = Maps::widest();
    if maps.are_mine() {
        user::own_ids_as(kernel, &maps)?;
        return work(Some(&maps));
    }
    user::own_mapped_ids(kernel, &maps, || work(Some(&maps)))
}
// ANCHOR_END: with_right_to_mount
