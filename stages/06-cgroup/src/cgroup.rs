//! A cgroup and what can be done with it, whatever the version: make, join, freeze, kill, remove.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::hierarchy::{Hierarchy, Version, hierarchies};
use crate::limits::Limits;
use crate::plan::{self, Purpose};
use crate::usage::Usage;
use crate::v2::ignore;
use crate::{delegation, v1, v2};

/// A cgroup: one directory in cgroup v2, or one for each hierarchy of version 1.
#[derive(Debug)]
pub struct Cgroup {
    places: Vec<Place>,
    directory: Option<OwnedFd>,
}

/// What is needed to find a cgroup again, from any process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    places: Vec<Place>,
}

/// The directory that stands for a cgroup in one hierarchy.
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
}

impl Place {
    /// True when this place limits or counts by this controller, named as in version 2.
    pub(crate) fn has(&self, controller: &str) -> bool {
        let name = self.version.name_of(controller);
        self.controllers.iter().any(|one| one == name)
    }

    /// True when its processes can be frozen here.
    fn can_freeze(&self) -> bool {
        let file = if self.version == Version::V2 { "cgroup.freeze" } else { "freezer.state" };
        self.directory.join(file).exists()
    }

    /// The same in a rehearsal, where the directory may not be there.
    fn might_freeze(&self) -> bool {
        self.version == Version::V2 || self.has("freezer")
    }

    /// The directory that holds all our cgroups.
    pub(crate) fn parent(&self) -> PathBuf {
        self.base.join(delegation::PARENT)
    }
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
        ensure!(!made.places.is_empty(), delegation::no_cgroup(hierarchies));
        Ok(made)
    }
    // ANCHOR_END: create

    /// Makes a cgroup without limits, to freeze and to kill. Nothing, when this process may not make one.
    ///
    /// # Errors
    /// The name is taken, or the kernel refuses what it had allowed.
    pub fn try_create(kernel: &Kernel, name: &str) -> Result<Option<Self>> {
        let made = Self::make(kernel, &hierarchies("self")?, name, Purpose::Hold)?;
        Ok((!made.places.is_empty()).then_some(made))
    }

    fn make(kernel: &Kernel, hierarchies: &[Hierarchy], name: &str, purpose: Purpose<'_>) -> Result<Self> {
        let mut made = Self { places: Vec::new(), directory: None };
        for (hierarchy, place) in plan::places(kernel, hierarchies, name, purpose)? {
            if let Err(error) = plan::build(kernel, hierarchy, &place, purpose) {
                // EEXIST: the directory of that name is somebody else's, and not ours to remove.
                let is_ours = Refused::errno_of(&error) != Some(Errno::EEXIST);
                made.places.extend(is_ours.then_some(place));
                let _ = made.remove(kernel);
                return Err(error);
            }
            made.places.push(place);
        }
        made.directory = open_directory(kernel, &made.places)?;
        Ok(made)
    }

    /// The cgroup that [`Cgroup::create`] or [`Cgroup::try_create`] made under this name, even if they were stopped
    /// halfway; nothing when there is none.
    ///
    /// # Errors
    /// No hierarchy can be read.
    pub fn find(name: &str) -> Result<Option<Self>> {
        let hierarchies = hierarchies("self")?;
        let mut places: Vec<_> =
            hierarchies.iter().filter_map(|hierarchy| plan::place_named(hierarchy, name)).collect();
        places.retain(|place| place.directory.is_dir());
        if places.is_empty() {
            return Ok(None);
        }
        Self::open(&Saved { places }).map(Some)
    }

    /// A cgroup that another process made.
    ///
    /// # Errors
    /// None of its directories is there any more.
    pub fn open(saved: &Saved) -> Result<Self> {
        let places: Vec<_> = saved.places.iter().filter(|place| place.directory.is_dir()).cloned().collect();
        ensure!(!places.is_empty(), "the cgroup is gone");
        let directory = open_directory(&Kernel::quiet(), &places)?;
        Ok(Self { places, directory })
    }

    /// The cgroup that a process is in.
    ///
    /// # Errors
    /// The process is gone, or no hierarchy is mounted.
    pub fn of_process(pid: Pid) -> Result<Self> {
        let hierarchies = hierarchies(&pid.to_string()).with_context(|| format!("is process {pid} gone?"))?;
        Self::of_directories(hierarchies.into_iter().map(|hierarchy| {
            let directory = hierarchy.own.clone();
            (hierarchy, directory)
        }))
    }

    /// The cgroup of this name: a directory, or its path below the top of a hierarchy. With version 1, the directories
    /// of this path in all hierarchies.
    ///
    /// # Errors
    /// No hierarchy has it.
    pub fn of_path(path: &Path) -> Result<Self> {
        let hierarchies = hierarchies("self")?;
        let inside = hierarchies
            .iter()
            // The longest, because cgroup2 may be mounted below the others' common directory.
            .filter_map(|hierarchy| path.strip_prefix(&hierarchy.top).ok())
            .min_by_key(|inside| inside.components().count())
            .unwrap_or(path);
        let directories = hierarchies.iter().map(|hierarchy| (hierarchy.clone(), hierarchy.top.join(inside)));
        Self::of_directories(directories).with_context(|| {
            format!("{}: no such cgroup; name a directory below {}", path.display(), tops(&hierarchies))
        })
    }

    fn of_directories(directories: impl Iterator<Item = (Hierarchy, PathBuf)>) -> Result<Self> {
        let places: Vec<_> = directories
            .filter(|(hierarchy, directory)| {
                directory.starts_with(&hierarchy.top) && directory.join("cgroup.procs").exists()
            })
            .map(|(hierarchy, directory)| Place {
                version: hierarchy.version,
                base: directory.parent().and_then(Path::parent).unwrap_or(&directory).to_owned(),
                controllers: hierarchy.controllers,
                directory,
                steps_aside: false,
            })
            .collect();
        ensure!(!places.is_empty(), "no hierarchy has it");
        Ok(Self { places, directory: None })
    }

    /// What another process needs for [`Cgroup::open`].
    pub fn saved(&self) -> Saved {
        Saved { places: self.places.clone() }
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
        self.places.iter().try_for_each(|place| match place.version {
            Version::V1 => v1::join(kernel, &place.directory, pid),
            Version::V2 => v2::join(kernel, &place.directory, pid),
        })
    }

    /// Stops every process inside, and comes back when they have stopped.
    ///
    /// # Errors
    /// There is no freezer here; somebody inside cannot be stopped.
    pub fn freeze(&self, kernel: &Kernel) -> Result<()> {
        match self.freezer(kernel)? {
            Place { version: Version::V2, directory, .. } => v2::freeze(kernel, directory),
            Place { version: Version::V1, directory, .. } => v1::freeze(kernel, directory),
        }
    }

    /// Lets every process inside go on.
    ///
    /// # Errors
    /// There is no freezer here.
    pub fn thaw(&self, kernel: &Kernel) -> Result<()> {
        match self.freezer(kernel)? {
            Place { version: Version::V2, directory, .. } => v2::thaw(kernel, directory),
            Place { version: Version::V1, directory, .. } => v1::thaw(kernel, directory),
        }
    }

    /// Kills every process inside and below.
    ///
    /// # Errors
    /// EPERM or EACCES for a cgroup of somebody else's.
    pub fn kill(&self, kernel: &Kernel) -> Result<()> {
        match self.freezer(kernel)? {
            Place { version: Version::V2, directory, .. } => v2::kill(kernel, directory),
            Place { version: Version::V1, directory, .. } => v1::kill(kernel, directory),
        }
    }

    fn freezer(&self, kernel: &Kernel) -> Result<&Place> {
        let mut places = self.places.iter();
        let freezer =
            places.find(|place| if kernel.is_rehearsing() { place.might_freeze() } else { place.can_freeze() });
        freezer.context(
            "this cgroup has no freezer: in version 2 that takes Linux 5.2, in version 1 a directory of the same name in \
             the freezer's hierarchy",
        )
    }

    /// True while every process inside is stopped.
    pub fn is_frozen(&self) -> bool {
        self.usage().is_ok_and(|usage| usage.frozen)
    }

    /// What was used so far.
    ///
    /// # Errors
    /// The cgroup is gone.
    pub fn usage(&self) -> Result<Usage> {
        ensure!(self.places.iter().any(|place| place.directory.exists()), "the cgroup is gone");
        let mut usage = Usage::default();
        // A hybrid host counts CPU time in both; the controllers that limit it know more, and have the last word.
        let of = |version| self.places.iter().filter(move |place| place.version == version);
        of(Version::V2).for_each(|place| v2::usage(&place.directory, &mut usage));
        of(Version::V1).for_each(|place| v1::usage(&place.directory, &mut usage));
        Ok(usage)
    }

    /// The processes inside and below, as this process numbers them.
    pub fn processes(&self) -> Vec<Pid> {
        let mut pids: Vec<_> = self.places.iter().flat_map(|place| v2::processes(&place.directory)).collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// The directory that freezing and killing goes through, or any.
    pub fn path(&self) -> &Path {
        let freezer = self.places.iter().find(|place| place.can_freeze());
        freezer.or(self.places.first()).map_or(Path::new(""), |place| &place.directory)
    }

    /// Its directories; with version 1 there are several, each with what it counts.
    pub fn directories(&self) -> Vec<String> {
        let counted = |place: &&Place| self.places.len() == 1 || !place.controllers.is_empty();
        let name = |place: &Place| match (place.version, place.controllers.join(", ")) {
            (Version::V1, controllers) => format!("{} ({controllers})", place.directory.display()),
            (Version::V2, _) => place.directory.display().to_string(),
        };
        self.places.iter().filter(counted).map(name).collect()
    }

    /// True when the calling process is inside or below.
    ///
    /// # Errors
    /// /proc is not mounted.
    pub fn holds_caller(&self) -> Result<bool> {
        Ok(hierarchies("self")?.iter().any(|hierarchy| hierarchy.own.starts_with(self.path())))
    }

    /// True when it is the top of its hierarchy, as far as this process sees it.
    ///
    /// # Errors
    /// /proc is not mounted.
    pub fn is_root(&self) -> Result<bool> {
        Ok(hierarchies("self")?.iter().any(|hierarchy| hierarchy.top == self.path()))
    }

    // ANCHOR: remove
    /// Waits until nobody is inside, and removes the directories. One that is gone already is as good.
    ///
    /// # Errors
    /// EBUSY while somebody is inside and does not end.
    pub fn remove(&self, kernel: &Kernel) -> Result<()> {
        self.places.iter().try_for_each(|place| {
            match place.version {
                _ if kernel.is_rehearsing() => {}
                Version::V1 => v1::wait_until_empty(&place.directory)?,
                Version::V2 => v2::wait_until_empty(&place.directory)?,
            }
            remove_directories(kernel, place)
        })
    }
    // ANCHOR_END: remove
}

fn remove_directories(kernel: &Kernel, place: &Place) -> Result<()> {
    for below in v2::descendants(&place.directory) {
        let removed = kernel.because("somebody inside made a cgroup too: the deepest goes first").rmdir(below);
        ignore(Errno::ENOENT, removed)?;
    }
    let removed = kernel.because("a cgroup outlives its processes: who made it removes it").rmdir(&place.directory);
    ignore(Errno::ENOENT, removed)?;
    if place.directory.parent() != Some(&place.parent()) || !v2::descendants(&place.parent()).is_empty() {
        return Ok(());
    }
    let removed = kernel.because("it was the last of ours: their common directory goes too").rmdir(place.parent());
    // Another program has just made one in it: then it stays, and they will remove it.
    ignore(Errno::ENOENT, ignore(Errno::EBUSY, removed))?;
    if place.steps_aside { delegation::step_back(kernel, &place.base) } else { Ok(()) }
}

fn open_directory(kernel: &Kernel, places: &[Place]) -> Result<Option<OwnedFd>> {
    let Some(place) = places.iter().find(|place| place.version == Version::V2) else { return Ok(None) };
    kernel
        .because("with this in hand clone3(2) lets a process be born inside")
        .openat(&place.directory, OFlag::O_PATH | OFlag::O_DIRECTORY)
        .map(Some)
}

fn tops(hierarchies: &[Hierarchy]) -> String {
    let tops: Vec<_> = hierarchies.iter().map(|hierarchy| hierarchy.top.display().to_string()).collect();
    tops.join(", ")
}
