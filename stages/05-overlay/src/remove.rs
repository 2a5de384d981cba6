//! Taking a tree away, however deep it is, without ever leaving it.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use anyhow::{Context, Result};
use groundwork::Kernel;
use nix::fcntl::{AtFlags, OFlag, ResolveFlag};
use nix::libc;
use nix::sys::stat::{Mode, fstatat};
use nix::unistd::UnlinkatFlags;

use crate::descent::Descent;
use crate::tree::{file_name, names, parent};

/// Removes the directory at `path` and everything in it. Symbolic links go, what they lead to stays.
///
/// # Errors
/// EXDEV and EBUSY when something is mounted in it; those of unlinkat(2).
pub fn remove_tree(kernel: &Kernel, path: &Path) -> Result<()> {
    let place = if parent(path).as_os_str().is_empty() { Path::new(".") } else { parent(path) };
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let place = nix::fcntl::open(place, flags, Mode::empty()).with_context(|| path.display().to_string())?;
    remove_directory(kernel, place.as_fd(), file_name(path))
}

// ANCHOR: remove
/// Removes the directory `name` and everything in it.
///
/// # Errors
/// As for [`remove_tree`].
pub(crate) fn remove_directory(kernel: &Kernel, within: BorrowedFd<'_>, name: &Path) -> Result<()> {
    if kernel.is_rehearsing() {
        return remove_empty(kernel, within, name);
    }
    let mut way = Descent::from(within.try_clone_to_owned()?);
    let mut levels: Vec<Level> = Vec::new();
    let mut next = Some(OsString::from(name));
    loop {
        if let Some(name) = next {
            let inside = enter(kernel, way.here(), Path::new(&name))?;
            let subdirectories = remove_files(kernel, inside.as_fd())?;
            way.enter(inside)?;
            levels.push(Level { name, subdirectories });
        } else if let Some(level) = levels.pop() {
            way.leave()?;
            remove_empty(kernel, way.here(), Path::new(&level.name))?;
        }
        let Some(level) = levels.last_mut() else { return Ok(()) };
        next = level.subdirectories.pop();
    }
}
// ANCHOR_END: remove

/// A directory on the way down, and what is still in it.
struct Level {
    name: OsString,
    subdirectories: Vec<OsString>,
}

fn remove_empty(kernel: &Kernel, within: BorrowedFd<'_>, name: &Path) -> Result<()> {
    kernel.because("only an empty directory can be removed").unlinkat(within, name, UnlinkatFlags::RemoveDir)
}

/// Opens a directory, after giving its owner the right to work in it if its mode does not.
fn enter(kernel: &Kernel, here: BorrowedFd<'_>, name: &Path) -> Result<OwnedFd> {
    let about = fstatat(here, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
    if about.st_mode & 0o700 != 0o700 {
        kernel
            .because("its mode forbids even its owner to empty it, but not to change that")
            .fchmodat(here, name, 0o700)?;
    }
    let within = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_XDEV;
    kernel
        .because("a mount below would lead to files that are not ours to remove: the kernel refuses to cross it")
        .openat2(here, name, OFlag::O_RDONLY | OFlag::O_DIRECTORY, 0, within)
}

/// Removes everything but directories, and lists those.
fn remove_files(kernel: &Kernel, directory: BorrowedFd<'_>) -> Result<Vec<OsString>> {
    let mut subdirectories = Vec::new();
    for name in names(directory)? {
        let about = fstatat(directory, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW)?;
        if about.st_mode & libc::S_IFMT == libc::S_IFDIR {
            subdirectories.push(name);
        } else {
            let asking = kernel.because("what is in a directory goes first");
            asking.unlinkat(directory, Path::new(&name), UnlinkatFlags::NoRemoveDir)?;
        }
    }
    Ok(subdirectories)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_deeper_than_our_descriptors_and_any_path_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let mut here: OwnedFd = std::fs::File::open(place.path()).unwrap().into();
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        for _ in 0..3000 {
            nix::sys::stat::mkdirat(&here, "deep", Mode::S_IRWXU).unwrap();
            here = nix::fcntl::openat(&here, "deep", flags, Mode::empty()).unwrap();
        }
        remove_tree(&Kernel::quiet(), &place.path().join("deep")).unwrap();
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_link_goes_and_what_it_leads_to_stays() {
        let place = tempfile::tempdir().unwrap();
        let (tree, kept) = (place.path().join("tree"), place.path().join("kept"));
        std::fs::create_dir_all(tree.join("a/b")).unwrap();
        std::fs::create_dir(&kept).unwrap();
        std::fs::write(kept.join("file"), "kept").unwrap();
        std::os::unix::fs::symlink(&kept, tree.join("a/b/link")).unwrap();
        remove_tree(&Kernel::quiet(), &tree).unwrap();
        assert!(!tree.exists());
        assert_eq!(std::fs::read_to_string(kept.join("file")).unwrap(), "kept");
    }

    #[test]
    fn a_closed_directory_is_removed_by_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let closed = place.path().join("tree/closed");
        std::fs::create_dir_all(closed.join("in")).unwrap();
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
        remove_tree(&Kernel::quiet(), &place.path().join("tree")).unwrap();
        assert!(!place.path().join("tree").exists());
    }
}
