//! A layer that is half there is worse than none: nobody can see what is missing.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use groundwork::Kernel;
use nix::fcntl::{AtFlags, Flock, FlockArg, OFlag};
use nix::libc;
use nix::sys::stat::{Mode, fstatat};
use nix::unistd::UnlinkatFlags;

use crate::remove::{remove_directory, remove_tree};
use crate::tree::{file_name, names, parent};

/// What is there before the first entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// Nothing; the directory itself is made.
    Nothing,
    /// A directory with nothing in it.
    Empty,
    /// A directory with files in it.
    Tree,
}

// ANCHOR: whole
/// Lets `fill` work on `directory` so that it fails without a trace, where that is possible.
///
/// # Errors
/// Those of `fill`; `directory` is something else than a directory, or its parent is missing.
pub(crate) fn whole_or_not_at_all<T>(
    kernel: &Kernel,
    directory: &Path,
    fill: impl FnOnce(&Path, Beginning) -> Result<T>,
) -> Result<T> {
    let beginning = beginning(directory)?;
    if beginning == Beginning::Nothing {
        return beside(kernel, directory, fill);
    }
    let filled = fill(directory, beginning);
    match (&filled, beginning) {
        (Err(_), Beginning::Empty) => empty(kernel, directory)?,
        (Err(_), Beginning::Tree) => {
            return filled.with_context(|| format!("{} is left with a part of the layer", directory.display()));
        }
        _ => {}
    }
    filled
}

fn beside<T>(kernel: &Kernel, directory: &Path, fill: impl FnOnce(&Path, Beginning) -> Result<T>) -> Result<T> {
    let unfinished = unfinished_name(directory);
    let _lock = begin_anew(kernel, &unfinished)?;
    let filled = fill(&unfinished, Beginning::Nothing).and_then(|done| {
        let asking = kernel.because("everything is in it: it gets its name in one step");
        asking.rename(&unfinished, directory).map(|()| done)
    });
    if filled.is_err() && !kernel.is_rehearsing() {
        // The error that led here is the one to report.
        let _ = remove_tree(kernel, &unfinished);
    }
    filled
}
// ANCHOR_END: whole

/// `DIR` as `.DIR.unfinished`: hidden, and with a word in it for whoever finds it after a crash.
fn unfinished_name(directory: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(file_name(directory));
    name.push(".unfinished");
    directory.with_file_name(name)
}

/// Makes the directory, and locks it for as long as this process works on it.
///
/// One that is there and not locked was left by a process that was killed, and goes.
fn begin_anew(kernel: &Kernel, unfinished: &Path) -> Result<Option<Flock<File>>> {
    let lock =
        || Flock::lock(File::open(unfinished)?, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| errno.into());
    if std::fs::symlink_metadata(unfinished).is_ok() {
        let abandoned: Result<_> = lock();
        abandoned.with_context(|| format!("{}: another process is unpacking this layer", unfinished.display()))?;
        remove_tree(kernel, unfinished)?;
    }
    kernel
        .because("beside its place first: if anything fails, nobody takes half a layer for a whole one")
        .mkdir(unfinished, 0o700)?;
    if kernel.is_rehearsing() { Ok(None) } else { lock().map(Some) }
}

fn beginning(directory: &Path) -> Result<Beginning> {
    let shown = directory.display();
    match std::fs::metadata(directory) {
        Ok(about) => ensure!(about.is_dir(), "{shown} is not a directory"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            ensure!(std::fs::symlink_metadata(directory).is_err(), "{shown} is a symbolic link that leads nowhere");
            ensure!(directory.file_name().is_some(), "{shown} names no directory");
            let within = match parent(directory) {
                place if place.as_os_str().is_empty() => Path::new("."),
                place => place,
            };
            ensure!(within.is_dir(), "{shown} cannot be made: there is no directory {}", within.display());
            return Ok(Beginning::Nothing);
        }
        Err(error) => return Err(error).with_context(|| shown.to_string()),
    }
    let mut listed = std::fs::read_dir(directory).with_context(|| shown.to_string())?;
    Ok(if listed.next().is_none() { Beginning::Empty } else { Beginning::Tree })
}

/// Takes everything out of `directory`, all of which we have put there.
fn empty(kernel: &Kernel, directory: &Path) -> Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let opened = nix::fcntl::open(directory, flags, Mode::empty())?;
    for name in names(opened.as_fd())? {
        let about = fstatat(&opened, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW)?;
        let name = Path::new(&name);
        if about.st_mode & libc::S_IFMT == libc::S_IFDIR {
            remove_directory(kernel, opened.as_fd(), name)?;
        } else {
            let asking = kernel.because("the directory was empty before, and shall be after a failure");
            asking.unlinkat(opened.as_fd(), name, UnlinkatFlags::NoRemoveDir)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn a_failure_leaves_no_half_layer() {
        let place = tempfile::tempdir().unwrap();
        let kernel = Kernel::quiet();
        let half = |place: &Path, _: Beginning| -> Result<()> {
            std::fs::create_dir(place.join("a"))?;
            std::fs::write(place.join("a/b"), "half")?;
            bail!("the rest is missing")
        };
        assert!(whole_or_not_at_all(&kernel, &place.path().join("new"), half).is_err());
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
        assert!(whole_or_not_at_all(&kernel, place.path(), half).is_err());
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_process_left_is_taken_away() {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join(".new.unfinished")).unwrap();
        std::fs::write(place.path().join(".new.unfinished/half"), "half").unwrap();
        whole_or_not_at_all(&Kernel::quiet(), &place.path().join("new"), |_, _| Ok(())).unwrap();
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read_dir(place.path().join("new")).unwrap().count(), 0);
    }

    #[test]
    fn two_processes_do_not_unpack_to_the_same_place() {
        let place = tempfile::tempdir().unwrap();
        let (kernel, new) = (Kernel::quiet(), place.path().join("new"));
        let second = |_: &Path, _: Beginning| whole_or_not_at_all(&Kernel::quiet(), &new, |_, _| Ok(()));
        let refused = format!("{:#}", whole_or_not_at_all(&kernel, &new, second).unwrap_err());
        assert!(refused.contains("another process is unpacking"), "{refused}");
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_failure_in_a_tree_that_was_there_is_said() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("kept"), "kept").unwrap();
        let failed = whole_or_not_at_all(&Kernel::quiet(), place.path(), |_, _| -> Result<()> { bail!("no more") });
        assert!(format!("{:#}", failed.unwrap_err()).contains("is left with a part of the layer"));
        assert!(place.path().join("kept").exists());
    }
}
