//! The learner's own workspace: the course with its exercises as holes, and what they have written into them.

mod cut;
mod merge;
mod start;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::course::{Course, Exercise, bodies, replace};
use crate::forge::{is_open, write_if_other};
use crate::grade::Work;
use crate::progress::Progress;

pub use cut::{cut, stub};
pub use merge::{Merged, merge};
pub use start::Started;

/// What the guide keeps for itself in a workbench.
const OWN: &str = ".workshop";
/// The workbench as it was cut, to tell what the learner has changed.
const BASE: &str = "base";
/// What was taken out of the workbench, and might still be wanted.
const KEPT: &str = "kept";
/// Which exercises are done, one line each.
const PROGRESS: &str = "progress.txt";

/// A folder with a workbench in it.
#[derive(Clone, Debug)]
pub struct Workbench {
    folder: PathBuf,
}

impl Workbench {
    /// The one in this folder.
    ///
    /// # Errors
    /// There is none.
    pub fn open(folder: &Path) -> Result<Self> {
        if !folder.join(OWN).is_dir() {
            bail!("{} is no workbench; `cargo workshop start` makes one", folder.display());
        }
        let folder = folder.canonicalize().with_context(|| folder.display().to_string())?;
        Ok(Self { folder })
    }

    /// The one that a folder lies in.
    pub fn around(folder: &Path) -> Option<Self> {
        let found = folder.ancestors().find(|above| above.join(OWN).is_dir())?;
        Some(Self { folder: found.to_owned() })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where programs are built for judging. Root, who may visit by sudo(8), has another one: what is root's stays in
    /// everybody else's way.
    pub fn forge(&self) -> PathBuf {
        let is_visiting = nix::unistd::geteuid().is_root() && owner(&self.folder).is_some_and(|(user, _)| user != 0);
        self.folder.join(OWN).join(if is_visiting { "forge-of-root" } else { "forge" })
    }

    /// What is done so far.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn progress(&self) -> Result<Progress> {
        Progress::read(&self.folder.join(PROGRESS))
    }

    /// The learner's copies of the files with holes of an exercise.
    pub fn work(&self, course: &Course, exercise: &Exercise) -> Work {
        Work::Files(files(&self.folder, course, exercise))
    }

    /// True when nothing has been written into a hole of this exercise.
    pub fn is_open(&self, course: &Course, exercise: &Exercise) -> bool {
        let files = files(&self.folder, course, exercise);
        files.is_empty() || files.values().any(|text| is_open(text, &exercise.id))
    }

    /// What the learner has written, hole by hole; and what the course has there.
    pub fn bodies(&self, course: &Course, exercise: &Exercise) -> (Vec<String>, Vec<String>) {
        let theirs = files(&self.folder, course, exercise);
        let ours = files(&course.root, course, exercise);
        let all = |files: &BTreeMap<PathBuf, String>| {
            files.values().flat_map(|text| bodies(text, &exercise.id)).collect::<Vec<_>>()
        };
        (all(&theirs), all(&ours))
    }

    /// Opens the holes of an exercise again. What was in them is kept, in the file that is given back.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn reset(&self, course: &Course, exercise: &Exercise) -> Result<Option<PathBuf>> {
        let kept = if self.is_open(course, exercise) { None } else { Some(self.keep(course, exercise)?) };
        let mut base = files(&self.folder.join(OWN).join(BASE), course, exercise);
        for (name, theirs) in files(&self.folder, course, exercise) {
            let stubs = base.remove(&name).map(|text| bodies(&text, &exercise.id)).unwrap_or_default();
            let open = replace(&theirs, |id, at, _| (id == exercise.id).then(|| stubs.get(at).cloned()).flatten())
                .with_context(|| {
                    format!("{}: put its markers back, or delete the file and `start` again", name.display())
                })?;
            write_if_other(&self.folder.join(name), open.as_bytes())?;
        }
        Ok(kept)
    }

    /// Writes the course's own lines into the open holes of these exercises, and gives those that were open.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn fill<'a>(&self, course: &Course, exercises: &[&'a Exercise]) -> Result<Vec<&'a Exercise>> {
        let open: Vec<_> = exercises.iter().copied().filter(|exercise| self.is_open(course, exercise)).collect();
        for exercise in &open {
            let ours = files(&course.root, course, exercise);
            for (name, theirs) in files(&self.folder, course, exercise) {
                let solved = bodies(ours.get(&name).map_or("", String::as_str), &exercise.id);
                let full = replace(&theirs, |id, at, _| (id == exercise.id).then(|| solved.get(at).cloned()).flatten());
                write_if_other(&self.folder.join(&name), full.with_context(|| name.display().to_string())?.as_bytes())?;
            }
        }
        Ok(open)
    }

    /// Writes down what is in the holes of an exercise, where it is in nobody's way.
    fn keep(&self, course: &Course, exercise: &Exercise) -> Result<PathBuf> {
        let text = self.bodies(course, exercise).0.join("// HOLE\n");
        self.keep_text(&exercise.id, &text)
    }

    fn keep_text(&self, id: &str, text: &str) -> Result<PathBuf> {
        let folder = self.folder.join(OWN).join(KEPT);
        let free = (1..).map(|number| folder.join(format!("{id}-{number}.rs"))).find(|file| !file.exists());
        let file = free.context("there is a number for every file")?;
        write_if_other(&file, text.as_bytes())?;
        Ok(file)
    }
}

/// User and group of a file.
pub(crate) fn owner(file: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().ok().map(|about| (about.uid(), about.gid()))
}

/// The files with holes of an exercise that are in a folder laid out like the course.
pub fn files(folder: &Path, course: &Course, exercise: &Exercise) -> BTreeMap<PathBuf, String> {
    let names = course.files_of(&exercise.id).into_iter();
    names.filter_map(|name| Some((name.to_owned(), fs::read_to_string(folder.join(name)).ok()?))).collect()
}
