//! The directory that stands for a cgroup in one hierarchy: the verbs, as its version has them.

use std::path::{Path, PathBuf};

use anyhow::Result;
use groundwork::host::SUPERVISOR;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::hierarchy::Version;
use crate::usage::Usage;
use crate::v2::ignore;
use crate::{delegation, v1, v2};

/// A directory with what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) version: Version,
    pub(crate) directory: PathBuf,
    /// The directory below which we make ours.
    pub(crate) base: PathBuf,
    /// What is limited or counted here.
    pub(crate) controllers: Vec<String>,
    /// True when processes of `base` move into a leaf first, and back afterwards.
    pub(crate) steps_aside: bool,
    /// True when only a rehearsal speaks of it: nothing can be read there.
    #[serde(skip)]
    pub(crate) is_imagined: bool,
}

impl Place {
    /// True when this place limits or counts by this controller, named as in version 2.
    pub(crate) fn has(&self, controller: &str) -> bool {
        let name = self.version.name_of(controller);
        self.controllers.iter().any(|one| one == name)
    }

    /// True when its processes can be frozen here; in a rehearsal, when they could.
    pub(crate) fn can_freeze(&self, is_rehearsing: bool) -> bool {
        let file = if self.version == Version::V2 { "cgroup.freeze" } else { "freezer.state" };
        let could = self.version == Version::V2 || self.has("freezer");
        could && (is_rehearsing || self.directory.join(file).exists())
    }

    /// The directory that holds all our cgroups.
    pub(crate) fn parent(&self) -> PathBuf {
        self.base.join(delegation::PARENT)
    }

    pub(crate) fn join(&self, kernel: &Kernel, pid: Pid) -> Result<()> {
        match self.version {
            Version::V2 => v2::join(kernel, &self.directory, pid),
            Version::V1 => v1::join(kernel, &self.directory, pid),
        }
    }

    pub(crate) fn freeze(&self, kernel: &Kernel) -> Result<()> {
        match self.version {
            Version::V2 => v2::freeze(kernel, &self.directory),
            Version::V1 => v1::freeze(kernel, &self.directory),
        }
    }

    pub(crate) fn thaw(&self, kernel: &Kernel) -> Result<()> {
        match self.version {
            Version::V2 => v2::thaw(kernel, &self.directory),
            Version::V1 => v1::thaw(kernel, &self.directory),
        }
    }

    pub(crate) fn is_frozen(&self) -> bool {
        match self.version {
            Version::V2 => v2::is_frozen(&self.directory),
            Version::V1 => v1::is_frozen(&self.directory),
        }
    }

    pub(crate) fn kill(&self, kernel: &Kernel) -> Result<()> {
        match self.version {
            Version::V2 => v2::kill(kernel, &self.directory),
            Version::V1 => v1::kill(kernel, &self.directory),
        }
    }

    pub(crate) fn usage(&self, usage: &mut Usage) {
        match self.version {
            Version::V2 => v2::usage(&self.directory, usage),
            Version::V1 => v1::usage(&self.directory, usage),
        }
    }

    fn wait_until_empty(&self) -> Result<()> {
        match self.version {
            Version::V2 => v2::wait_until_empty(&self.directory),
            Version::V1 => v1::wait_until_empty(&self.directory),
        }
    }

    // ANCHOR: remove
    /// Waits until nobody is inside, and removes what was made here, whatever of it there is.
    pub(crate) fn remove(&self, kernel: &Kernel) -> Result<()> {
        if !kernel.is_rehearsing() {
            self.wait_until_empty()?;
        }
        for below in self.descendants(&self.directory) {
            let removed = kernel.because("somebody inside made a cgroup too: the deepest goes first").rmdir(below);
            ignore(Errno::ENOENT, removed)?;
        }
        let removed = kernel.because("a cgroup outlives its processes: who made it removes it").rmdir(&self.directory);
        ignore(Errno::ENOENT, removed)?;
        self.remove_parent(kernel)
    }
    // ANCHOR_END: remove

    /// Their common directory, when nobody else has a cgroup in it.
    fn remove_parent(&self, kernel: &Kernel) -> Result<()> {
        let parent = self.parent();
        if self.directory.parent() != Some(&parent) || self.has_children(&parent) {
            return Ok(());
        }
        let removed = kernel.because("it was the last of ours: their common directory goes too").rmdir(parent);
        match removed {
            // Somebody has made one in it since we looked: then it stays, and they will remove it.
            Err(error) if Refused::errno_of(&error) == Some(Errno::EBUSY) => return Ok(()),
            other => ignore(Errno::ENOENT, other)?,
        }
        // Another program may have moved them there before us, and left it to the last one to bring them back.
        let stepped_aside = self.steps_aside || self.base.join(SUPERVISOR).exists();
        if stepped_aside { delegation::step_back(kernel, self) } else { Ok(()) }
    }

    fn descendants(&self, directory: &Path) -> Vec<PathBuf> {
        if self.is_imagined { Vec::new() } else { v2::descendants(directory) }
    }

    fn has_children(&self, directory: &Path) -> bool {
        !self.is_imagined && v2::has_children(directory)
    }
}
