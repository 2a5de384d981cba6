//! Taking a container's files away, also those that only root inside may touch.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use groundwork::Kernel;
use groundwork::kernel::{Born, Waited};
use unshare::user::{self, Maps};
use unshare::{Handshake, Namespace};

use crate::bundle::Bundle;

// ANCHOR: files
/// Removes everything that a container has on the host's disk.
///
/// # Errors
/// EBUSY while something is mounted in it.
pub fn files(kernel: &Kernel, bundle: &Bundle) -> Result<()> {
    if kernel.is_rehearsing() {
        return Ok(());
    }
    let directory = bundle.directory();
    let removed = match remove(&directory) {
        // Root inside could make directories that the same user outside may not even open.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && user::is_needed() => {
            remove_inside(kernel, &directory)
        }
        removed => removed.map_err(anyhow::Error::from),
    };
    removed.with_context(|| format!("cannot remove {}", directory.display()))?;
    // The record last: as long as anything is left, there is a container to remove.
    let record = bundle.record_path();
    match fs::remove_file(&record) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("cannot remove {}", record.display())),
    }
}
// ANCHOR_END: files

fn remove(directory: &Path) -> io::Result<()> {
    if !directory.exists() {
        return Ok(());
    }
    // What overlayfs keeps there is its owner's, who may not open it: the mode of these is 000.
    for kept in ["work/work", "work/work/incompat", "work/work/incompat/volatile"] {
        let _ = fs::set_permissions(directory.join(kept), Permissions::from_mode(0o700));
    }
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// The same as root of a user namespace like the container's.
fn remove_inside(kernel: &Kernel, directory: &Path) -> Result<()> {
    let (ready, ready_inside) = Handshake::pair()?;
    let kinds = Namespace::User.flag();
    match kernel.because("some of these files belong to ids that only a user namespace gives us").clone3(kinds, None)? {
        Born::Child => {
            drop(ready);
            let removed = ready_inside
                .wait(kernel, "outside, our ids are mapped")
                .and_then(|()| user::become_root(kernel))
                .and_then(|()| Ok(remove(directory)?));
            // Not back to main: this process has nothing else to do there.
            end(removed.map_or_else(|error| groundwork::cli::report(&error), |()| ExitCode::SUCCESS))
        }
        Born::Parent { child, .. } => {
            drop(ready_inside);
            user::write_maps(kernel, Some(child), &Maps::widest())?;
            ready.release(kernel, "ids are mapped: it may begin")?;
            let waited = kernel.because("the files are gone when it has ended").wait4(child)?;
            ensure!(waited == Waited::Exited(0), "the message above says why");
            Ok(())
        }
    }
}

#[expect(clippy::exit, reason = "a child that only removes files must not return into its parent's errands")]
fn end(status: ExitCode) -> ! {
    std::process::exit(i32::from(status != ExitCode::SUCCESS))
}
