//! The course as text: stages, their exercises, and the holes in the source that the exercises are.

mod holes;
mod markdown;
mod mistakes;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use holes::{Hole, Piece, bodies, ids, pieces, replace, text};
pub use markdown::{Choice, Exercise, Mistake, Prediction, Sheet, parse};
pub use mistakes::{Wrong, kill_table, wrong_bodies};
pub use stage::Stage;
pub(crate) use stage::files_below;

/// The exercises of a stage stand in this file of its folder.
pub const SHEET: &str = "EXERCISES.md";

/// All stages, in their order.
#[derive(Clone, Debug)]
pub struct Course {
    /// The folder that has `stages/` in it.
    pub root: PathBuf,
    /// The stages.
    pub stages: Vec<Stage>,
}

impl Course {
    /// Reads the course whose `stages/` lies in `root`.
    ///
    /// # Errors
    /// A sheet or a file with holes that breaks the rules of tests/grader/README.md, named with its line.
    pub fn read(root: &Path) -> Result<Self> {
        let folder = root.join("stages");
        let entries = fs::read_dir(&folder).with_context(|| format!("{}: no course", root.display()))?;
        let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        folders.retain(|folder| folder.join("Cargo.toml").exists());
        folders.sort();
        let stages = folders.iter().map(|folder| Stage::read(root, folder)).collect::<Result<Vec<_>>>()?;
        let course = Self { root: root.to_owned(), stages };
        course.check()?;
        Ok(course)
    }

    /// Every exercise, in the order of the course.
    pub fn exercises(&self) -> impl Iterator<Item = &Exercise> {
        self.stages.iter().flat_map(|stage| &stage.sheet.exercises)
    }

    /// Every prediction, in the order of the course.
    pub fn predictions(&self) -> impl Iterator<Item = &Prediction> {
        self.stages.iter().flat_map(|stage| &stage.sheet.predictions)
    }

    /// The exercise with this id.
    ///
    /// # Errors
    /// There is none; the answer names those that sound alike.
    pub fn exercise(&self, id: &str) -> Result<&Exercise> {
        if let Some(exercise) = self.exercises().find(|exercise| exercise.id == id) {
            return Ok(exercise);
        }
        let ids = self.exercises().map(|exercise| exercise.id.as_str());
        let alike = nearest(id, ids);
        let alike = if alike.is_empty() { String::new() } else { format!("; there is {}", alike.join(", ")) };
        bail!("there is no exercise {id}{alike}")
    }

    /// The stage with this name: `02-unshare`, `unshare` or `02`.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.answers_to(name))
    }

    /// The stage an exercise belongs to.
    pub fn stage_of(&self, exercise: &Exercise) -> &Stage {
        self.stages.iter().find(|stage| stage.name == exercise.stage).unwrap_or(&self.stages[0])
    }

    /// Exercises that `what` names: an id, a stage, or `all`.
    ///
    /// # Errors
    /// It names none.
    pub fn named(&self, what: &str) -> Result<Vec<&Exercise>> {
        if what == "all" {
            return Ok(self.exercises().collect());
        }
        match self.stage(what) {
            Some(stage) => Ok(stage.sheet.exercises.iter().collect()),
            None => Ok(vec![self.exercise(what)?]),
        }
    }

    /// The package and the name of a program.
    pub fn package_of(&self, program: &str) -> Option<&str> {
        let stage = self.stages.iter().find(|stage| stage.programs.iter().any(|name| name == program))?;
        Some(&stage.package)
    }

    /// The files that have a hole of this exercise, each once, in the order of their paths.
    pub fn files_of(&self, id: &str) -> Vec<&Path> {
        let mut files: Vec<_> = self.holes().filter(|hole| hole.id == id).map(|hole| hole.file.as_path()).collect();
        files.dedup();
        files
    }

    /// Every hole.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.stages.iter().flat_map(|stage| &stage.holes)
    }

    /// A word that stands for the course as it is now.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn digest(&self) -> Result<String> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        for file in files_below(&self.root.join("stages")) {
            file.hash(&mut hasher);
            fs::read(&file).with_context(|| file.display().to_string())?.hash(&mut hasher);
        }
        Ok(format!("{:016x}", hasher.finish()))
    }

    fn check(&self) -> Result<()> {
        let mut seen = std::collections::BTreeSet::new();
        for exercise in self.exercises() {
            let id = &exercise.id;
            let place = format!("stages/{}/{SHEET}: {id}", exercise.stage);
            if !seen.insert(id) {
                bail!("{place}: there are two of this id");
            }
            if self.files_of(id).is_empty() {
                bail!("{place}: no file below src/ or labs/ has `EXERCISE {id}`");
            }
            if let Some(program) = exercise.programs.iter().find(|program| self.package_of(program).is_none()) {
                bail!("{place}: there is no program {program}");
            }
        }
        match self.holes().find(|hole| !seen.contains(&hole.id)) {
            Some(hole) => {
                bail!("{}:{}: no {SHEET} speaks of {}", hole.file.display(), hole.line, hole.id)
            }
            None => Ok(()),
        }
    }
}

/// Names that share a beginning or a part with what was asked for.
fn nearest<'a>(asked: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let stem = asked.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '-');
    names.filter(|name| !stem.is_empty() && name.contains(stem)).take(8).collect()
}
