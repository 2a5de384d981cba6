//! What is measured, and what it takes to measure anything.

pub mod start;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cgroups;
use crate::contender::Contender;
use crate::programs::{Programs, root};
use crate::report::Table;
use crate::user::User;

/// A measurement by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// From the command line to the end of /bin/true, in every variant
    Start,
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
}

impl Bench {
    /// Builds what is measured.
    ///
    /// # Errors
    /// Something cannot be built.
    pub fn open(scratch: &Path, rounds: usize) -> Result<Self> {
        let programs = Programs::build(&scratch.join("programs"))?;
        let (ordinary, cgroups) = (User::ordinary(), cgroups::kind().to_owned());
        let has_cgroups = cgroups::see_own_alone(ordinary)?;
        let root = root(&scratch.join("root"))?;
        Ok(Self { programs, root, scratch: scratch.to_owned(), ordinary, cgroups, has_cgroups, rounds })
    }

    /// Makes this measurement.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn measure(&self, what: What) -> Result<Vec<Table>> {
        match what {
            What::Start => start::tables(self),
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
