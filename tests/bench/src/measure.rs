//! What is measured, and what it takes to measure anything.

pub mod detached;
mod door;
mod exec;
mod grade;
mod image;
mod layer;
mod layers;
mod left;
pub mod start;
mod thousand;
mod unpack;
mod walls;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::contender::Contender;
use crate::programs::{Programs, root};
use crate::report::Table;
use crate::user::User;
use crate::{cgroups, memory};

/// A measurement by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// From the command line to the end of /bin/true, in every variant
    Start,
    /// What each wall costs, by a floor that leaves it out
    Walls,
    /// The same start on a root of 1, 10, 50 and 128 layers
    Layers,
    /// Another process in a container that runs
    Exec,
    /// A thousand containers in the background: each one, its memory, the removal of all
    Thousand,
    /// An archive of 450 MB and 20000 files, plain and gzip, into a directory
    Unpack,
    /// An archive of 10000 changed files
    Commit,
    /// What it costs that every call has a reason, told and quiet
    Door,
    /// How long a learner waits after an edit
    Grade,
    /// How large the program is
    Size,
}

/// What all of them need.
pub struct Bench {
    /// Ours, built.
    pub programs: Programs,
    /// A root file system.
    pub root: PathBuf,
    /// A directory that vanishes with the run.
    pub scratch: PathBuf,
    /// Who does what needs no root.
    pub ordinary: User,
    /// What cgroups the host has.
    pub cgroups: String,
    /// True when there is a part of the cgroup tree for this run.
    pub has_cgroups: bool,
    /// How often everyone has a turn.
    pub rounds: usize,
    /// How many containers `thousand` has.
    pub containers: usize,
    /// How many megabytes the layer of `unpack` has.
    pub layer: usize,
    /// True when what we mount is seen by us alone, and goes with us.
    has_own_mounts: bool,
}

/// How much of it each part asks for.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// How often everyone has a turn.
    pub rounds: usize,
    /// How many containers `thousand` has.
    pub containers: usize,
    /// How many megabytes the layer of `unpack` has.
    pub layer: usize,
}

/// What there must be of memory, in KiB, before archives are measured in it.
const ENOUGH_KIB: f64 = 4e6;

impl Bench {
    /// Builds what is measured, unless it is there already.
    ///
    /// # Errors
    /// Something cannot be built.
    pub fn open(scratch: &Path, built: Option<&Path>, scale: Scale) -> Result<Self> {
        let build = || Programs::build(&scratch.join("programs"));
        let programs = built.map_or_else(build, |directory| Ok(Programs::in_directory(directory)))?;
        let (ordinary, cgroups) = (User::ordinary(), cgroups::kind().to_owned());
        let has_own_mounts = cgroups::see_own_mounts()?;
        let has_cgroups = has_own_mounts && cgroups::see_own_alone(ordinary)?;
        let root = root(&scratch.join("root"))?;
        let Scale { rounds, containers, layer } = scale;
        let scratch = scratch.to_owned();
        Ok(Self { programs, root, scratch, ordinary, cgroups, has_cgroups, rounds, containers, layer, has_own_mounts })
    }

    /// Makes this measurement.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn measure(&self, what: What) -> Result<Vec<Table>> {
        match what {
            What::Start => start::tables(self),
            What::Walls => walls::tables(self),
            What::Layers => layers::tables(self),
            What::Exec => exec::tables(self),
            What::Thousand => thousand::tables(self),
            What::Unpack => unpack::unpack(self),
            What::Commit => unpack::commit(self),
            What::Door => door::tables(self),
            What::Grade => grade::tables(self),
            What::Size => grade::size(self),
        }
    }

    /// A command of boxwright's, with a home of its own for each user.
    ///
    /// # Errors
    /// The home cannot be made.
    pub fn boxwright(&self, user: User, words: &[&str]) -> Result<Contender> {
        let home = self.home(user)?;
        let program = self.programs.boxwright.display().to_string();
        let command: Vec<_> = std::iter::once(program.as_str()).chain(words.iter().copied()).collect();
        Ok(Contender::new("boxwright", &command).with("BOXWRIGHT_HOME", &home).with("HOME", &home).by(user))
    }

    /// Where this user's containers are kept.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn home(&self, user: User) -> Result<PathBuf> {
        let home = self.scratch.join(format!("home-{}", user.ids().0));
        user.directory(&home)?;
        Ok(home)
    }

    /// A directory in memory where there is enough of it and we may mount one, and on the disk otherwise; and on which kind
    /// of file system that is.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn in_memory(&self) -> Result<(String, String)> {
        let directory = self.scratch.join("memory");
        if !directory.exists() {
            std::fs::create_dir(&directory)?;
            if self.has_own_mounts && memory::available_kib()? > ENOUGH_KIB {
                cgroups::mount_tmpfs(&directory)?;
            }
        }
        Ok((directory.display().to_string(), cgroups::file_system(&directory)))
    }

    /// What must be known of this run to read its numbers.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !User::Self_.is_root() {
            notes.push("not root: only what an ordinary user may do is measured".to_owned());
        }
        match self.has_cgroups {
            true => notes.push("everybody sees cgroup v2 alone, in a part of the tree that is this run's".to_owned()),
            false => notes.push("no cgroup of version 2 can be made here: nothing is measured with one".to_owned()),
        }
        notes
    }
}
