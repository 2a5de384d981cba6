//! A way down a tree and up again, with one open descriptor however deep it goes.
//!
//! A descriptor for each level would run into RLIMIT_NOFILE, and a path from the top into PATH_MAX: whoever made the tree
//! decides how deep it is. The way up is "..", and each step is checked.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use anyhow::{Context, Result, ensure};
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, fstat};

/// Where one is, and through which directories one came.
pub(crate) struct Descent {
    here: OwnedFd,
    /// File system and inode of each directory above.
    above: Vec<(u64, u64)>,
}

// ANCHOR: descent
impl Descent {
    pub(crate) fn from(here: OwnedFd) -> Self {
        Self { here, above: Vec::new() }
    }

    /// The directory one is in.
    pub(crate) fn here(&self) -> BorrowedFd<'_> {
        self.here.as_fd()
    }

    /// Goes into `inside`, which was opened from here.
    pub(crate) fn enter(&mut self, inside: OwnedFd) -> Result<()> {
        self.above.push(id(&self.here)?);
        self.here = inside;
        Ok(())
    }

    /// Goes back up.
    ///
    /// # Errors
    /// Somebody has moved the directory meanwhile, so that ".." is another one.
    pub(crate) fn leave(&mut self) -> Result<()> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let above = nix::fcntl::openat(&self.here, "..", flags, Mode::empty()).context("cannot go back up")?;
        let expected = self.above.pop().context("there is no way further up")?;
        ensure!(id(&above)? == expected, "a directory was moved away while we were in it");
        self.here = above;
        Ok(())
    }
}
// ANCHOR_END: descent

fn id(directory: &OwnedFd) -> Result<(u64, u64)> {
    let about = fstat(directory).context("fstat")?;
    Ok((about.st_dev, about.st_ino))
}
