//! What is mounted in a root besides its furniture: volumes, and directories that live in memory.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::builder::{OsStringValueParser, TypedValueParser};
use groundwork::Kernel;

use crate::dev::Dev;
use crate::read_only::make_read_only;
use crate::volume::{Held, Volume, mount_tmpfs, place};

/// What is mounted besides, as options of a command line.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Mounts")]
pub struct Additions {
    /// Show SRC of the host at DST; with :ro, to read only. May be given again
    #[arg(long, value_name = "SRC:DST[:ro]", value_parser = parser(|text| Volume::parse(&text)))]
    pub volume: Vec<Volume>,
    /// Mount an empty directory at DST that lives in memory, and ends with the command. May be given again
    #[arg(long, value_name = "DST", value_parser = parser(|text| place(text.into())))]
    pub tmpfs: Vec<PathBuf>,
    /// Forbid writing to the root; volumes and tmpfs keep their own word
    #[arg(long)]
    pub read_only: bool,
}

/// The same in the hand, in the order in which it is attached.
#[derive(Debug)]
pub struct HeldAdditions {
    steps: Vec<Step>,
    read_only: bool,
}

#[derive(Debug)]
enum Step {
    /// A directory, or an empty file, to mount on.
    Place(PathBuf, bool),
    Tmpfs(PathBuf),
    Volume(Held),
}

/// What a place inside lies on.
pub(crate) enum Ground<'a> {
    /// The root file system.
    Root,
    /// A file system in memory that is ours: places are made there as they are needed.
    Memory(&'a Path),
    /// /proc or /sys, which nobody can look into before they are mounted.
    Kernel,
    /// Another volume.
    Volume(&'a Volume),
}

impl Additions {
    /// The volumes, and for each tmpfs its place: outer ones before those that lie in them.
    pub(crate) fn in_order(&self) -> Vec<(&Path, Option<&Volume>)> {
        let volumes = self.volume.iter().map(|volume| (volume.target.as_path(), Some(volume)));
        let mut all: Vec<_> = volumes.chain(self.tmpfs.iter().map(|place| (place.as_path(), None))).collect();
        all.sort_by_key(|(target, _)| target.components().count());
        all
    }

    /// What `target` lies on: the innermost of those that are mounted around it.
    pub(crate) fn ground(&self, target: &Path) -> Ground<'_> {
        let furniture =
            [("/proc", Ground::Kernel), ("/sys", Ground::Kernel), ("/dev", Ground::Memory("/dev".as_ref()))];
        let furniture = furniture.into_iter().map(|(place, ground)| (Path::new(place), ground));
        let added = self
            .in_order()
            .into_iter()
            .map(|(place, volume)| (place, volume.map_or(Ground::Memory(place), Ground::Volume)));
        let around = furniture.chain(added).filter(|(place, _)| target.starts_with(place) && target != *place);
        around.max_by_key(|(place, _)| place.components().count()).map_or(Ground::Root, |(_, ground)| ground)
    }

    // ANCHOR: hold
    /// Takes the volumes in the hand while the host can still be seen.
    ///
    /// # Errors
    /// Two things at one place; those of open_tree(2).
    pub fn hold(&self, kernel: &Kernel) -> Result<HeldAdditions> {
        let mut steps = Vec::new();
        let mut known: BTreeSet<_> = Dev::names().map(|name| Path::new("/dev").join(name)).collect();
        let mut taken = BTreeSet::new();
        for (target, volume) in self.in_order() {
            ensure!(taken.insert(target), "{}: two things cannot be mounted at one place", target.display());
            steps.extend(self.places(target, volume, &mut known));
            steps.push(match volume {
                Some(volume) => Step::Volume(volume.hold(kernel)?),
                None => Step::Tmpfs(target.to_owned()),
            });
        }
        Ok(HeldAdditions { steps, read_only: self.read_only })
    }
    // ANCHOR_END: hold

    /// The places to make for `target`, leading ones first, where it lies on something of ours that is empty.
    fn places(&self, target: &Path, volume: Option<&Volume>, known: &mut BTreeSet<PathBuf>) -> Vec<Step> {
        let Ground::Memory(ground) = self.ground(target) else { return Vec::new() };
        let mut missing: Vec<_> = target.ancestors().take_while(|path| *path != ground).map(Path::to_owned).collect();
        missing.retain(|path| known.insert(path.clone()));
        missing.reverse();
        let is_directory = |path: &Path| path != target || volume.is_none_or(|volume| volume.source.is_dir());
        missing.into_iter().map(|path| Step::Place(path.clone(), is_directory(&path))).collect()
    }
}

impl HeldAdditions {
    // ANCHOR: attach
    /// Mounts everything at its place, after the old root is gone, and last of all forbids writing to the root.
    ///
    /// # Errors
    /// ENOENT where there is no such place; those of move_mount(2), mount(2) and mount_setattr(2).
    pub fn attach(self, kernel: &Kernel) -> Result<()> {
        for step in &self.steps {
            match step {
                Step::Place(place, true) => kernel.because("what lives in memory begins empty").mkdir(place, 0o755)?,
                Step::Place(place, false) => {
                    kernel.because("a file is mounted on a file").create_file(place, 0o644)?;
                }
                Step::Tmpfs(place) => mount_tmpfs(kernel, place)?,
                Step::Volume(held) => held.attach(kernel)?,
            }
        }
        if self.read_only { make_read_only(kernel, "/".as_ref()) } else { Ok(()) }
    }
    // ANCHOR_END: attach
}

/// Any bytes: a path need not be UTF-8.
fn parser<T: Clone + Send + Sync + 'static>(parse: fn(OsString) -> Result<T>) -> impl TypedValueParser<Value = T> {
    OsStringValueParser::new().try_map(move |text| parse(text).map_err(|error| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn additions(volumes: &[&str], tmpfs: &[&str]) -> Additions {
        let volume = volumes.iter().map(|text| Volume::parse(text.as_ref()).unwrap()).collect();
        Additions { volume, tmpfs: tmpfs.iter().map(PathBuf::from).collect(), read_only: false }
    }

    fn places(additions: &Additions) -> Vec<(PathBuf, bool)> {
        let steps = additions.hold(&Kernel::quiet()).unwrap().steps.into_iter();
        let place = |step| if let Step::Place(place, is_directory) = step { Some((place, is_directory)) } else { None };
        steps.filter_map(place).collect()
    }

    #[test]
    fn outer_places_come_before_those_that_lie_in_them() {
        let all = additions(&["/etc:/a/b/c", "/etc:/z"], &["/a", "/a/b/c/d"]);
        let order: Vec<_> = all.in_order().into_iter().map(|(place, _)| place.to_owned()).collect();
        assert_eq!(order, ["/z", "/a", "/a/b/c", "/a/b/c/d"].map(PathBuf::from));
    }

    #[test]
    fn a_place_lies_on_the_innermost_mount_around_it() {
        let all = additions(&["/etc:/data"], &["/data/cache", "/dev/shm"]);
        assert!(matches!(all.ground("/srv".as_ref()), Ground::Root));
        assert!(matches!(all.ground("/data".as_ref()), Ground::Root));
        assert!(matches!(all.ground("/database".as_ref()), Ground::Root));
        assert!(matches!(all.ground("/data/x".as_ref()), Ground::Volume(_)));
        assert!(
            matches!(all.ground("/data/cache/x".as_ref()), Ground::Memory(place) if place == Path::new("/data/cache"))
        );
        assert!(matches!(all.ground("/dev/fuse".as_ref()), Ground::Memory(place) if place == Path::new("/dev")));
        assert!(matches!(all.ground("/sys/fs/cgroup".as_ref()), Ground::Kernel));
    }

    #[test]
    fn places_are_made_in_memory_and_nowhere_else() {
        let made = places(&additions(&[], &["/dev/shm", "/dev/a/b", "/dev/a/c", "/srv/x", "/srv/x/y"]));
        let expected = ["/dev/a", "/dev/a/b", "/dev/a/c", "/srv/x/y"].map(|place| (PathBuf::from(place), true));
        assert_eq!(made, expected);
    }

    #[test]
    fn two_things_at_one_place_are_refused() {
        let error = additions(&[], &["/a", "/a"]).hold(&Kernel::quiet()).unwrap_err();
        assert!(error.to_string().starts_with("/a:"), "{error}");
    }
}
