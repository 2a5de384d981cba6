//! A mount on the host that is undone unless everything after it succeeds.
//!
//! The guard is that of sys-mount; the unmounting is ours, so that it is told like every other call.
//! It remembers a path, so it must not see a fork, a chroot or a change of directory: here there is none.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use groundwork::{Kernel, Refused};
use nix::fcntl::AT_FDCWD;
use nix::mount::{MntFlags, MsFlags};
use nix::sys::signal::Signal;
use nix::unistd::UnlinkatFlags;
use sys_mount::{Unmount, UnmountDrop, UnmountFlags};

/// Something bound at a path.
pub(crate) struct Mounted<'kernel> {
    kernel: &'kernel Kernel,
    path: PathBuf,
}

// ANCHOR: guard
/// Binds `source` at `path`, until the guard is dropped; forgotten, it stays.
pub(crate) fn bind<'kernel>(
    kernel: &'kernel Kernel,
    reason: &'static str,
    source: &Path,
    path: &Path,
) -> Result<UnmountDrop<Mounted<'kernel>>> {
    kernel.because(reason).mount(Some(source), path, None, MsFlags::MS_BIND, None)?;
    Ok(Mounted { kernel, path: path.to_owned() }.into_unmount_drop(UnmountFlags::DETACH))
}

impl Unmount for Mounted<'_> {
    fn unmount(&self, flags: UnmountFlags) -> io::Result<()> {
        let detach = if flags.contains(UnmountFlags::DETACH) { MntFlags::MNT_DETACH } else { MntFlags::empty() };
        // UMOUNT_NOFOLLOW from nix: that of sys-mount 3.1 is the bit of O_NOFOLLOW, which umount2(2) refuses.
        let undone = self
            .kernel
            .because("what comes after this mount did not succeed: nothing half-made stays")
            .umount2(&self.path, detach | MntFlags::UMOUNT_NOFOLLOW);
        undone.map_err(|error| Refused::errno_of(&error).map_or_else(|| io::ErrorKind::Other.into(), io::Error::from))
    }
}
// ANCHOR_END: guard

/// An empty file to mount on, removed when dropped.
pub(crate) struct MountPoint<'kernel> {
    kernel: &'kernel Kernel,
    path: PathBuf,
}

impl<'kernel> MountPoint<'kernel> {
    /// Without permission bits nobody takes it for a file of theirs, and `ns-drop` knows it again.
    pub(crate) const MODE: u32 = 0;

    pub(crate) fn make(kernel: &'kernel Kernel, path: &Path) -> Result<Self> {
        kernel
            .because("a mount needs something to lie on; the empty file only marks the place")
            .create_file(path, Self::MODE)?;
        Ok(Self { kernel, path: path.to_owned() })
    }
}

impl Drop for MountPoint<'_> {
    fn drop(&mut self) {
        let reason = "nothing came to lie on it: the empty file goes too";
        let _ = self.kernel.because(reason).unlinkat(AT_FDCWD, &self.path, UnlinkatFlags::NoRemoveDir);
    }
}

/// While this lives, the signals that would end us wait: a process that a signal ends drops no guard.
pub(crate) struct Uninterrupted<'kernel> {
    kernel: &'kernel Kernel,
}

impl<'kernel> Uninterrupted<'kernel> {
    const WAITING: [Signal; 3] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM];

    pub(crate) fn begin(kernel: &'kernel Kernel) -> Result<Self> {
        kernel
            .because("a signal in the middle would leave half of what follows: it waits until all is done or undone")
            .sigprocmask_block(&Self::WAITING)?;
        Ok(Self { kernel })
    }

    /// True when one of them has come in the meantime.
    pub(crate) fn was_interrupted(&self) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let pending = status.lines().filter_map(|line| line.strip_prefix("SigPnd:").or(line.strip_prefix("ShdPnd:")));
        let pending = pending.filter_map(|set| u64::from_str_radix(set.trim(), 16).ok()).fold(0, |all, set| all | set);
        Self::WAITING.into_iter().any(|signal| pending & 1 << (signal as u64 - 1) != 0)
    }
}

impl Drop for Uninterrupted<'_> {
    fn drop(&mut self) {
        let reason = "nothing is half-done any more: a signal that came in the meantime strikes now";
        let _ = self.kernel.because(reason).sigprocmask_unblock(&Self::WAITING);
    }
}
