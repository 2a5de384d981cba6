//! Overlays: what an image's layers lie in.

use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags};

use crate::cause::{Cause, Kind};
use crate::host::{Capability, Here, Host};
use crate::preflight::Verdict;
use crate::preflight::identity::become_able;
use crate::preflight::scratch::{directory, own_mounts, place};
use crate::preflight::throwaway::in_child;
use crate::preflight::trouble::{During, Tried, Trouble};

// ANCHOR: with_upper
/// Where containers will lie first, which shows what that disk can; then on a tmpfs, which shows what the kernel can.
pub(super) fn with_upper() -> Tried {
    let is_root = (&Here as &dyn Host).may(Capability::SysAdmin);
    let Some(disk) = Disk::make() else { return in_child(|| on_tmpfs(is_root)) };
    let on_disk = in_child(|| {
        become_able(Capability::SysAdmin)?;
        own_mounts()?;
        change(&disk.path, is_root)
    });
    on_disk.or_else(|_| {
        in_child(|| on_tmpfs(is_root))?;
        Ok(Verdict::Limited { what: "no container can lie where it usually does".to_owned(), cause: disk.cause() })
    })
}
// ANCHOR_END: with_upper

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

/// A directory where containers will lie; gone when this is.
struct Disk {
    path: PathBuf,
}

impl Disk {
    /// None where nothing can be written: then it is not this trial's business.
    fn make() -> Option<Self> {
        let home = home()?;
        let there = home.ancestors().find(|path| path.is_dir())?;
        let path = there.join(format!(".boxwright-trial-{}", std::process::id()));
        fs::create_dir(&path).ok().map(|()| Self { path })
    }

    fn cause(&self) -> Cause {
        let place = self.path.parent().unwrap_or(&self.path);
        let mount = (&Here as &dyn Host).mount_under(place);
        let fstype = mount.map_or_else(|| "another file system".to_owned(), |mount| mount.fstype);
        let why = format!("{} lies on {fstype}, which cannot carry an upper layer", place.display());
        let remedy = "set BOXWRIGHT_HOME to a directory on ext4, xfs, btrfs or tmpfs; inside a container, on a volume";
        Cause::new(Kind::FileSystem, why, remedy)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // overlayfs leaves directories that nobody may look into but root, if only root of a user namespace.
        if fs::remove_dir_all(&self.path).is_err() {
            let _ = in_child(|| {
                become_able(Capability::SysAdmin)?;
                fs::remove_dir_all(&self.path).during("removing what the trial wrote").map(|()| Verdict::works())
            });
        }
    }
}

/// Where boxwright keeps containers: see stage 07.
fn home() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let of_user = || variable("XDG_DATA_HOME").or_else(|| Some(variable("HOME")?.join(".local/share")));
    let of_root = || nix::unistd::geteuid().is_root().then(|| PathBuf::from("/var/lib"));
    variable("BOXWRIGHT_HOME").or_else(of_root).or_else(of_user)
}

/// As many layers as an image may have, each named in a call of its own.
pub(super) fn by_new_mount_api() -> Tried {
    const LAYERS: usize = 70;
    become_able(Capability::SysAdmin)?;
    let place = place()?;
    let overlay = rustix::mount::fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC).during("fsopen(2) (Linux 5.2)")?;
    for number in 0..LAYERS {
        let layer = directory(&place, &number.to_string())?;
        fs::write(layer.join(format!("of-{number}")), "").during("writing to a layer")?;
        rustix::mount::fsconfig_set_string(overlay.as_fd(), "lowerdir+", &layer).map_err(too_old)?;
    }
    rustix::mount::fsconfig_create(overlay.as_fd()).during("fsconfig(2)")?;
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
