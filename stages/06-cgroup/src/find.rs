//! Finding a cgroup again: from another process, by its name, by a process in it.

use std::iter;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, ensure};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::cgroup::Cgroup;
use crate::hierarchy::{Hierarchy, Version, hierarchies};
use crate::place::Place;
use crate::plan;

/// What is needed to find a cgroup again, from any process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    places: Vec<Place>,
}

impl Cgroup {
    /// What another process needs for [`Cgroup::open`].
    pub fn saved(&self) -> Saved {
        Saved { places: self.places.clone() }
    }

    /// A cgroup that another process made. Who wants to be born there calls [`Cgroup::open_birthplace`] too.
    ///
    /// # Errors
    /// None of its directories is there any more.
    pub fn open(saved: &Saved) -> Result<Self> {
        let places: Vec<_> = saved.places.iter().filter(|place| place.directory.is_dir()).cloned().collect();
        ensure!(!places.is_empty(), "the cgroup is gone");
        Ok(Self { places, directory: None })
    }

    /// The cgroup that [`Cgroup::create`] or [`Cgroup::try_create`] made under this name, even if they were stopped
    /// halfway; nothing when there is none.
    ///
    /// # Errors
    /// No hierarchy can be read.
    pub fn find(name: &str) -> Result<Option<Self>> {
        let hierarchies = hierarchies("self")?;
        let places = newest_first(&hierarchies).filter_map(|hierarchy| plan::place_named(hierarchy, name));
        let places: Vec<_> = places.filter(|place| place.directory.is_dir()).collect();
        Ok((!places.is_empty()).then_some(Self { places, directory: None }))
    }

    /// The cgroup that a process is in.
    ///
    /// # Errors
    /// The process is gone, or no hierarchy is mounted.
    pub fn of_process(pid: Pid) -> Result<Self> {
        ensure!(Path::new(&format!("/proc/{pid}")).exists(), "there is no process {pid}, or not any more");
        let hierarchies = hierarchies(&pid.to_string())?;
        let places: Vec<_> = newest_first(&hierarchies).filter_map(|one| foreign_place(one, one.own.clone())).collect();
        ensure!(!places.is_empty(), "no cgroup hierarchy is mounted where this program sees it");
        Ok(Self { places, directory: None })
    }

    /// The cgroup of this name: a directory, or its path below the top of a hierarchy. With version 1, the directories
    /// of this path in all hierarchies.
    ///
    /// # Errors
    /// No hierarchy has it.
    pub fn of_path(path: &Path) -> Result<Self> {
        let hierarchies = hierarchies("self")?;
        let is_a_name = path != Path::new("") && !path.components().any(|part| part == Component::ParentDir);
        ensure!(is_a_name, no_such_cgroup(path, &hierarchies));
        // The shortest rest, because one hierarchy may be mounted below another's directory.
        let inside = hierarchies.iter().filter_map(|hierarchy| path.strip_prefix(&hierarchy.top).ok());
        let inside = inside.min_by_key(|inside| inside.components().count()).unwrap_or(path);
        // Below the top; or, as an ordinary user made it, below the part of the tree that was handed over, which holds us:
        // our own cgroup or one above it, for we may be inside of the one that is looked for.
        let found = |one: &Hierarchy| {
            let mut tops = iter::once(one.top.as_path()).chain(one.own.ancestors());
            tops.find_map(|top| foreign_place(one, joined(top, inside)))
        };
        let places: Vec<_> = newest_first(&hierarchies).filter_map(found).collect();
        ensure!(!places.is_empty(), no_such_cgroup(path, &hierarchies));
        Ok(Self { places, directory: None })
    }

    /// Its directories; with version 1 there are several, each with what it counts.
    pub fn directories(&self) -> Vec<String> {
        let says_something = |place: &&Place| place.version == Version::V2 || !place.controllers.is_empty();
        let name = |place: &Place| match (place.version, place.controllers.join(", ")) {
            (Version::V1, controllers) => format!("{} ({controllers})", place.directory.display()),
            (Version::V2, _) => place.directory.display().to_string(),
        };
        self.places.iter().filter(says_something).map(name).collect()
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
}

/// Version 2 first: where it is, it freezes and kills.
pub(crate) fn newest_first(hierarchies: &[Hierarchy]) -> impl Iterator<Item = &Hierarchy> {
    [Version::V2, Version::V1]
        .into_iter()
        .flat_map(|version| hierarchies.iter().filter(move |one| one.version == version))
}

/// A directory that somebody else may have made: removing it removes nothing beside it.
fn foreign_place(hierarchy: &Hierarchy, directory: PathBuf) -> Option<Place> {
    let is_cgroup = directory.starts_with(&hierarchy.top) && directory.join("cgroup.procs").exists();
    is_cgroup.then(|| Place {
        version: hierarchy.version,
        base: directory.parent().and_then(Path::parent).unwrap_or(&directory).to_owned(),
        controllers: hierarchy.controllers.clone(),
        steps_aside: false,
        is_imagined: false,
        directory,
    })
}

/// Joining nothing would leave a slash at the end.
fn joined(top: &Path, inside: &Path) -> PathBuf {
    if inside == Path::new("") { top.to_owned() } else { top.join(inside) }
}

fn no_such_cgroup(path: &Path, hierarchies: &[Hierarchy]) -> String {
    let example = newest_first(hierarchies).next().map_or(Path::new("/sys/fs/cgroup"), |hierarchy| &hierarchy.top);
    format!(
        "{}: no such cgroup; name a directory such as {}/boxwright/NAME, or its path below the top: boxwright/NAME",
        path.display(),
        example.display()
    )
}
