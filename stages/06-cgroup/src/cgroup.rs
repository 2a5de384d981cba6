//! A cgroup and what can be done with it, whatever the version: make, join, freeze, kill, remove.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::hierarchy::{Hierarchy, Version, hierarchies, unified};
use crate::limits::Limits;
use crate::place::Place;
use crate::plan::{self, Purpose};
use crate::usage::Usage;
use crate::{delegation, files, make, v1, v2};

/// A cgroup: one directory in cgroup v2, or one for each hierarchy of version 1.
#[derive(Debug)]
pub struct Cgroup {
    pub(crate) places: Vec<Place>,
    /// Of version 2, open for clone3(2).
    pub(crate) directory: Option<OwnedFd>,
}

impl Cgroup {
    // ANCHOR: create
    /// Makes a cgroup and limits it, before anybody is inside. If that fails, nothing of it stays.
    ///
    /// # Errors
    /// The limits name something that is not there; the name is taken; or `blocked: …` with cause and remedy, when a
    /// limit is asked for that this process may not set.
    pub fn create(kernel: &Kernel, name: &str, limits: &Limits) -> Result<Self> {
        Self::create_on(kernel, &hierarchies("self")?, name, limits)
    }

    /// The same among these hierarchies: those of this host, or imagined ones in a rehearsal.
    ///
    /// # Errors
    /// As for [`Cgroup::create`].
    pub fn create_on(kernel: &Kernel, hierarchies: &[Hierarchy], name: &str, limits: &Limits) -> Result<Self> {
        limits.check()?;
        let made = Self::make(kernel, hierarchies, name, Purpose::Limit(limits))?;
        ensure!(!made.places.is_empty(), delegation::refused(&[]));
        Ok(made)
    }
    // ANCHOR_END: create

    /// Makes a cgroup without limits, to freeze and to kill. Nothing, when this process may not make one.
    ///
    /// # Errors
    /// The name is taken, or the kernel refuses what it had allowed.
    pub fn try_create(kernel: &Kernel, name: &str) -> Result<Option<Self>> {
        // Version 2 does both. Trees of version 1, of which there may be a dozen, are looked at where it cannot be used.
        let mut made = Self::make(kernel, &unified()?, name, Purpose::Hold)?;
        if made.places.is_empty() {
            made = Self::make(kernel, &hierarchies("self")?, name, Purpose::Hold)?;
        }
        Ok((!made.places.is_empty()).then_some(made))
    }

    fn make(kernel: &Kernel, hierarchies: &[Hierarchy], name: &str, purpose: Purpose<'_>) -> Result<Self> {
        let plan = plan::places(kernel, hierarchies, name, purpose)?;
        let mut made = Self { places: Vec::new(), directory: None };
        let done = made.build(kernel, plan, purpose).and_then(|()| made.open_birthplace(kernel));
        if let Err(error) = done {
            let _ = made.remove(kernel);
            return Err(error);
        }
        Ok(made)
    }

    fn build(&mut self, kernel: &Kernel, plan: Vec<(&Hierarchy, Place)>, purpose: Purpose<'_>) -> Result<()> {
        for (hierarchy, place) in plan {
            let built = make::build(kernel, hierarchy, &place, purpose);
            // EEXIST: the directory of that name is somebody else's, and not ours to remove.
            let is_ours = built.as_ref().err().and_then(Refused::errno_of) != Some(Errno::EEXIST);
            self.places.extend(is_ours.then_some(place));
            built?;
        }
        Ok(())
    }

    /// The directory for CLONE_INTO_CGROUP of clone3(2), where being born there is all: on a host with cgroup v2 alone.
    /// Elsewhere the process has to be moved too, with [`Cgroup::join`].
    pub fn directory(&self) -> Option<BorrowedFd<'_>> {
        self.birthplace().filter(|_| self.places.len() == 1)
    }

    /// The same on a hybrid host too, where the process born there goes on with [`Cgroup::enter`].
    pub fn birthplace(&self) -> Option<BorrowedFd<'_>> {
        self.directory.as_ref().map(AsFd::as_fd)
    }

    // ANCHOR: enter
    /// Moves the calling process inside, where it is not yet: born in [`Cgroup::birthplace`] it is inside of cgroup2.
    ///
    /// # Errors
    /// EACCES for a cgroup of somebody else's.
    pub fn enter(&self, kernel: &Kernel, is_born_inside: bool) -> Result<()> {
        self.places.iter().try_for_each(|place| match place.version {
            Version::V1 => v1::enter(kernel, &place.directory),
            Version::V2 if is_born_inside => Ok(()),
            Version::V2 => v2::enter(kernel, &place.directory),
        })
    }
    // ANCHOR_END: enter

    /// Moves a process inside, in every hierarchy. It should have one thread, and not have started its work.
    ///
    /// # Errors
    /// ESRCH when the process is gone; EACCES without write access to the common ancestor's cgroup.procs.
    pub fn join(&self, kernel: &Kernel, pid: Pid) -> Result<()> {
        self.places.iter().try_for_each(|place| place.join(kernel, pid))
    }

    /// Stops every process inside, and comes back when they have stopped.
    ///
    /// # Errors
    /// There is no freezer here; somebody inside cannot be stopped.
    pub fn freeze(&self, kernel: &Kernel) -> Result<()> {
        self.freezer(kernel)?.freeze(kernel)
    }

    /// Lets every process inside go on.
    ///
    /// # Errors
    /// There is no freezer here.
    pub fn thaw(&self, kernel: &Kernel) -> Result<()> {
        self.freezer(kernel)?.thaw(kernel)
    }

    /// Kills every process inside and below.
    ///
    /// # Errors
    /// EPERM or EACCES for a cgroup of somebody else's.
    pub fn kill(&self, kernel: &Kernel) -> Result<()> {
        match self.freezer(kernel) {
            // Removed in part: whoever began that had seen that nobody is inside, and goes by the freezer first.
            Err(_) if self.is_empty() => Ok(()),
            freezer => freezer?.kill(kernel),
        }
    }

    fn is_empty(&self) -> bool {
        self.places.iter().all(|place| v2::processes(&place.directory).is_empty())
    }

    fn freezer(&self, kernel: &Kernel) -> Result<&Place> {
        self.places.iter().find(|place| place.can_freeze(kernel.is_rehearsing())).context(
            "this cgroup cannot be frozen: in version 2 that takes Linux 5.2, in version 1 a directory of the same name in \
             the freezer's hierarchy",
        )
    }

    /// The directory that freezing and killing goes through, or any.
    pub fn path(&self) -> &Path {
        let freezer = self.places.iter().find(|place| place.can_freeze(false));
        freezer.or(self.places.first()).map_or(Path::new(""), |place| &place.directory)
    }

    /// The processes inside and below, as this process numbers them.
    pub fn processes(&self) -> Vec<Pid> {
        v2::processes(self.path())
    }

    /// Those of them that have not been told to end already.
    pub fn survivors(&self) -> Vec<Pid> {
        self.processes().into_iter().filter(|pid| !is_ending(*pid)).collect()
    }

    /// True while every process inside is stopped.
    pub fn is_frozen(&self) -> bool {
        self.places.iter().any(Place::is_frozen)
    }

    /// True while every process inside is stopped so that not even SIGKILL ends it before it goes on: by version 1.
    pub fn holds_the_killed(&self) -> bool {
        self.places.iter().any(|place| place.version == Version::V1 && place.is_frozen())
    }

    /// True when something is limited or counted inside, besides the CPU time that is counted everywhere.
    pub fn has_controllers(&self) -> bool {
        self.places.iter().any(|place| !place.controllers.is_empty())
    }

    /// What was used so far.
    ///
    /// # Errors
    /// The cgroup is gone.
    pub fn usage(&self) -> Result<Usage> {
        ensure!(self.places.iter().any(|place| place.directory.exists()), "the cgroup is gone");
        let mut usage = Usage::default();
        // Version 2 first: a hybrid host counts CPU time in both, and what limits it in version 1 has the last word.
        self.places.iter().for_each(|place| place.usage(&mut usage));
        Ok(usage)
    }

    /// Waits until nobody is inside, and removes the directories. One that is gone already is as good.
    ///
    /// # Errors
    /// Somebody is inside and does not end; the first of several errors.
    pub fn remove(&self, kernel: &Kernel) -> Result<()> {
        let outcomes: Vec<_> = self.places.iter().map(|place| place.remove(kernel)).collect();
        outcomes.into_iter().collect()
    }

    /// Opens what [`Cgroup::birthplace`] gives, for a cgroup that another process made.
    ///
    /// # Errors
    /// Those of openat(2): ENOENT when it has just been removed.
    pub fn open_birthplace(&mut self, kernel: &Kernel) -> Result<()> {
        if let Some(place) = self.places.iter().find(|place| place.version == Version::V2) {
            let directory = kernel
                .because("with this in hand clone3(2) lets a process be born inside")
                .openat(&place.directory, OFlag::O_DIRECTORY)?;
            self.directory = Some(directory);
        }
        Ok(())
    }
}

/// True when SIGKILL waits for the process: see "Signals" in proc_pid_status(5).
fn is_ending(pid: Pid) -> bool {
    let status = files::text(Path::new(&format!("/proc/{pid}/status")));
    let masks = ["SigPnd:", "ShdPnd:"].map(|name| status.lines().find_map(|line| line.strip_prefix(name)));
    let bits = masks.into_iter().flatten().filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    status.is_empty() || bits.fold(0, |all, mask| all | mask) & (1 << (Signal::SIGKILL as u64 - 1)) != 0
}
