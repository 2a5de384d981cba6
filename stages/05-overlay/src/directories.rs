//! Directories come first and are finished last: whatever is put into one changes its time, and may need a right that
//! its final mode does not give.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::Result;
use groundwork::Refused;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc;
use nix::sys::time::TimeSpec;

use crate::entry::About;
use crate::tree::{file_name, parent};
use crate::unpack::Unpacker;
use crate::whiteout;

/// For utimensat(2): leave this time as it is.
pub(crate) const UNCHANGED: TimeSpec = TimeSpec::UTIME_OMIT;

impl About {
    /// A directory that other names need, and of which the archive says nothing.
    pub(crate) fn of_a_directory_that_nobody_described() -> Self {
        Self { mode: 0o755, ..Self::default() }
    }
}

impl Unpacker<'_> {
    // ANCHOR: parent
    /// The directory that `path` lies in; made if it is missing.
    pub(crate) fn parent(&mut self, path: &Path) -> Result<Rc<OwnedFd>> {
        let directory = parent(path);
        if !self.tree.is_known(directory) {
            self.make_missing(directory)?;
        }
        self.tree.directory(directory)
    }

    /// Makes every directory on the way to `path` that is not there yet.
    fn make_missing(&mut self, path: &Path) -> Result<()> {
        let mut way: Vec<&Path> = path.ancestors().take_while(|path| !self.tree.is_known(path)).collect();
        while let Some(path) = way.pop() {
            match self.tree.look(path)? {
                Some(seen) if seen.is_directory() || seen.is_symlink() => {}
                _ => self.directory(path, About::of_a_directory_that_nobody_described())?,
            }
        }
        Ok(())
    }
    // ANCHOR_END: parent

    // ANCHOR: make
    /// Makes the directory at `path`, unless it is there; it is finished when everything is in it.
    pub(crate) fn directory(&mut self, path: &Path, about: About) -> Result<()> {
        let (within, name) = (self.parent(path)?, file_name(path));
        let seen = if path.as_os_str().is_empty() { None } else { self.tree.look(path)? };
        match seen {
            _ if path.as_os_str().is_empty() => {}
            Some(seen) if seen.is_directory() => {
                if seen.mode & 0o700 != 0o700 {
                    let asking = self.tree.kernel.because("until it is finished, its owner works in it");
                    asking.fchmodat(within.as_fd(), name, 0o700)?;
                }
            }
            _ => {
                self.clear_the_place(path, seen)?;
                let asking = self.tree.kernel.because("a directory, closed to others until everything is in it");
                asking.mkdirat(within.as_fd(), name, 0o700)?;
                self.tree.made(path, libc::S_IFDIR);
                // This layer, or an earlier one, has deleted what was here before: it must not shine through.
                if seen.is_some_and(|seen| seen.is_whiteout()) {
                    whiteout::mark_opaque(&mut self.tree, path)?;
                }
            }
        }
        self.unfinished.insert(path.to_owned(), about);
        Ok(())
    }
    // ANCHOR_END: make

    // ANCHOR: finish
    /// Gives all directories their owner, mode and time, the innermost first.
    pub(crate) fn finish_directories(&mut self) -> Result<()> {
        while let Some((path, about)) = self.unfinished.pop_last() {
            let directory = match self.tree.open_within(&path, OFlag::O_RDONLY | OFlag::O_NOFOLLOW) {
                // Reached by way of a symbolic link that a later entry has replaced.
                Err(gone)
                    if matches!(Refused::errno_of(&gone), Some(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP)) =>
                {
                    continue;
                }
                opened => opened?,
            };
            self.finish_open(&path, &about, directory.as_fd())?;
        }
        Ok(())
    }
    // ANCHOR_END: finish

    /// Forgets what was to be done at `path` and below.
    pub(crate) fn forget_unfinished(&mut self, path: &Path) {
        let below: Vec<PathBuf> = self
            .unfinished
            .range(path.to_owned()..)
            .map(|(known, _)| known)
            .take_while(|known| known.starts_with(path))
            .cloned()
            .collect();
        below.iter().for_each(|path| drop(self.unfinished.remove(path)));
    }
}
