//! Overlays: what an image's layers lie in.

use std::fs;
use std::os::fd::AsFd;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags};

use crate::cause::{Cause, Kind};
use crate::host::{Capability, Here, Host};
use crate::preflight::Verdict;
use crate::preflight::identity::become_able;
use crate::preflight::scratch::{directory, own_mounts, place};
use crate::preflight::store::Trial;
use crate::preflight::throwaway::in_child;
use crate::preflight::trouble::{During, Tried, Trouble, is_full};

// ANCHOR: with_upper
/// Where containers will lie first, which shows what that disk can; then on a tmpfs, which shows what the kernel can.
pub(super) fn with_upper() -> Tried {
    let is_root = (&Here as &dyn Host).may(Capability::SysAdmin);
    let Some(disk) = Trial::at_home() else { return in_child(|| on_tmpfs(is_root)) };
    let on_disk = in_child(|| {
        become_able(Capability::SysAdmin)?;
        own_mounts()?;
        change(&disk.path, is_root)
    });
    on_disk.or_else(|trouble| {
        let verdict = in_child(|| on_tmpfs(is_root))?;
        // A disk that is full could carry one: `store` tells what is wrong with it.
        if is_full(&trouble) {
            return Ok(verdict);
        }
        Ok(Verdict::Limited { what: "no container can lie where it usually does".to_owned(), cause: no_upper(&disk) })
    })
}
// ANCHOR_END: with_upper

fn no_upper(disk: &Trial) -> Cause {
    let mount = (&Here as &dyn Host).mount_under(disk.place());
    let fstype = mount.map_or_else(|| "another file system".to_owned(), |mount| mount.fstype);
    let why = format!("{} lies on {fstype}, which cannot carry an upper layer", disk.place().display());
    let remedy = "set BOXWRIGHT_HOME to a directory on ext4, xfs, btrfs or tmpfs; inside a container, on a volume";
    Cause::new(Kind::FileSystem, why, remedy)
}

fn on_tmpfs(is_root: bool) -> Tried {
    become_able(Capability::SysAdmin)?;
    change(&place()?, is_root)
}

/// Lays an upper layer over a lower one; a file is changed, another removed, and the lower layer stays as it was.
fn change(place: &Path, is_root: bool) -> Tried {
    let [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map(|name| directory(place, name));
    let (lower, upper, work, merged) = (lower?, upper?, work?, merged?);
    for name in ["changed", "removed"] {
        fs::write(lower.join(name), "old").during("writing to the lower layer")?;
    }
    // Attributes in "trusted." are for root of the host; since Linux 5.11 an overlay can do with those in "user.".
    let attributes = if is_root { "" } else { ",userxattr" };
    // What is thrown away need not reach the disk first, which can take seconds.
    let volatile = if (&Here as &dyn Host).is_kernel_at_least(5, 10) { ",volatile" } else { "" };
    let (lowerdir, upperdir, workdir) = (lower.display(), upper.display(), work.display());
    let options = format!("lowerdir={lowerdir},upperdir={upperdir},workdir={workdir}{attributes}{volatile}");
    mount(Some("overlay"), &merged, Some("overlay"), MsFlags::empty(), Some(options.as_str()))
        .during("mounting overlay with an upper layer")?;
    fs::write(merged.join("changed"), "new").during("changing a file of the lower layer")?;
    fs::remove_file(merged.join("removed")).during("removing a file of the lower layer")?;
    let is_old = |name: &str| fs::read(lower.join(name)).is_ok_and(|content| content == b"old");
    let is_new = fs::read(merged.join("changed")).is_ok_and(|content| content == b"new");
    let stays_below = is_old("changed") && is_old("removed");
    let is_changed = is_new && !merged.join("removed").exists();
    if stays_below && is_changed {
        return Ok(Verdict::works());
    }
    Err(Trouble::odd("mounting overlay", "changes do not stay in the upper layer"))
}

/// As many layers as an image may have, each named in a call of its own.
pub(super) fn by_new_mount_api() -> Tried {
    const LAYERS: usize = 70;
    become_able(Capability::SysAdmin)?;
    let place = place()?;
    let overlay = rustix::mount::fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC);
    let is_there = overlay.as_ref().err() != Some(&rustix::io::Errno::NOSYS);
    let overlay = overlay.during(if is_there { "mounting overlay by fsopen(2)" } else { "fsopen(2) (Linux 5.2)" })?;
    for number in 0..LAYERS {
        let layer = directory(&place, &number.to_string())?;
        fs::write(layer.join(format!("of-{number}")), "").during("writing to a layer")?;
        rustix::mount::fsconfig_set_string(overlay.as_fd(), "lowerdir+", &layer).map_err(too_old)?;
    }
    // Before Linux 6.5, overlayfs takes any word and reads them all only now.
    rustix::mount::fsconfig_create(overlay.as_fd()).map_err(too_old)?;
    let mounted = rustix::mount::fsmount(overlay.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty());
    let mounted = mounted.during("fsmount(2)")?;
    let merged = directory(&place, "merged")?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    rustix::mount::move_mount(mounted.as_fd(), "", rustix::fs::CWD, &merged, flags).during("move_mount(2)")?;
    let is_whole = (0..LAYERS).all(|number| merged.join(format!("of-{number}")).exists());
    if is_whole { Ok(Verdict::works()) } else { Err(Trouble::odd("fsmount(2)", "a layer is missing")) }
}

fn too_old(error: rustix::io::Errno) -> Trouble {
    if error != rustix::io::Errno::INVAL {
        return Trouble::refused("fsconfig(2)", Errno::from_raw(error.raw_os_error()));
    }
    let feature = "overlays configured layer by layer, which came with Linux 6.7";
    Cause::kernel(&Here, feature, "boot a newer kernel, or use fewer layers with shorter names").into()
}
