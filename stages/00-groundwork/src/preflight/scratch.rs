//! A place to mount and write in that only the trial sees, and that is gone with it.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{gethostname, sethostname};

use crate::preflight::trouble::{During, Trouble};

const NOTHING: Option<&str> = None;

/// What a trial leaves for a moment where others may look, by a name that no other has: two processes have one number when
/// they are in two PID namespaces.
pub(super) fn name() -> String {
    let namespace = inode("/proc/self/ns/pid").unwrap_or_default();
    format!("boxwright-trial-{namespace}-{}", std::process::id())
}

/// Mounts of one's own, of which nobody else sees a change.
pub(super) fn own_mounts() -> Result<(), Trouble> {
    unshare(CloneFlags::CLONE_NEWNS).during("unshare(CLONE_NEWNS)")?;
    // Without this, what is mounted below would also appear on the host.
    mount(NOTHING, "/", NOTHING, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NOTHING).during("making all mounts private")
}

/// A directory with an empty tmpfs on it, seen by this process and its children.
pub(super) fn place() -> Result<PathBuf, Trouble> {
    own_mounts()?;
    let place = ["/tmp", "/mnt", "/run", "/var"].into_iter().map(Path::new).find(|path| path.is_dir());
    let place = place.ok_or_else(|| Trouble::refused("looking for a directory to mount on", Errno::ENOENT))?;
    mount_on(place, "tmpfs", MsFlags::empty())?;
    Ok(place.to_owned())
}

/// A new file system of this kind on a directory.
pub(super) fn mount_on(place: &Path, fstype: &str, flags: MsFlags) -> Result<(), Trouble> {
    let call = format!("mounting {fstype} on {}", place.display());
    mount(Some(fstype), place, Some(fstype), flags, NOTHING).during(&call)
}

/// A new directory in a place.
pub(super) fn directory(place: &Path, name: &str) -> Result<PathBuf, Trouble> {
    let path = place.join(name);
    std::fs::create_dir(&path).during("mkdir")?;
    Ok(path)
}

/// A UTS namespace with this hostname.
pub(super) fn uts_named(name: &str) -> Result<(), Trouble> {
    unshare(CloneFlags::CLONE_NEWUTS).during("unshare(CLONE_NEWUTS)")?;
    sethostname(name).during("sethostname")?;
    match gethostname() {
        Ok(now) if now == name => Ok(()),
        _ => Err(Trouble::odd("sethostname", "the name is another")),
    }
}

/// Which namespace of a kind a process is in, or lies behind an open file: its inode.
pub(super) fn inode(file: impl AsRef<Path>) -> Result<u64, Trouble> {
    use std::os::unix::fs::MetadataExt;
    let file = file.as_ref();
    std::fs::metadata(file).map(|about| about.ino()).during(&format!("looking at {}", file.display()))
}
