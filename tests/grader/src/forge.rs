//! Where programs are built for judging: a copy of the course, in which only the holes in question are somebody's.
//!
//! Whatever else a submission contains, its manifests and build scripts among it, is never looked at. The copy is kept, so
//! that cargo builds again only what one hole changes.

mod cargo;
mod compose;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::fcntl::{Flock, FlockArg};

use crate::course::{Course, files_below};

pub use cargo::DoesNotCompile;
pub use compose::{is_open, only_this_exercise};

/// Files that differ from the course, by their path seen from its root.
pub type Sources = BTreeMap<PathBuf, String>;

/// The copy, its build folder, and the programs of the reference.
pub struct Forge {
    course: PathBuf,
    folder: PathBuf,
    /// Nobody else builds here meanwhile.
    _lock: Flock<File>,
}

/// What every copy has besides `stages/`.
const BESIDES: [&str; 2] = ["Cargo.lock", "rootfs-scripts"];

impl Forge {
    /// Opens the forge in this folder, which is made when it is not there, and builds the programs of the reference when
    /// they are not the newest. `tell` hears what takes long.
    ///
    /// # Errors
    /// The folder cannot be written to, or the course itself does not compile.
    pub fn open(course: &Course, folder: &Path, tell: &dyn Fn(&str)) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let lock = File::create(folder.join("lock")).context("the forge cannot be locked")?;
        let lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, errno)| errno).context("flock")?;
        let forge = Self { course: course.root.clone(), folder: folder.to_owned(), _lock: lock };
        forge.build_reference(course, tell)?;
        Ok(forge)
    }

    /// The programs of the reference.
    pub fn reference(&self) -> PathBuf {
        self.folder.join("reference")
    }

    /// Where the copy lies.
    pub fn copy(&self) -> PathBuf {
        self.folder.join("copy")
    }

    /// A folder beside the copy for what is made once and kept.
    pub fn kept(&self) -> &Path {
        &self.folder
    }

    /// Builds these programs of these packages from the course with other `sources` in it, and gives the folder that they
    /// then lie in. What was there before is gone.
    ///
    /// # Errors
    /// [`DoesNotCompile`], with what cargo says.
    pub fn build(&self, sources: &Sources, programs: &[(String, String)]) -> Result<PathBuf> {
        self.lay_out(sources)?;
        let built = cargo::build(&self.copy(), &self.target(), programs, cargo::Network::Off)?;
        let folder = self.folder.join("judged");
        gather(&built, &folder)?;
        Ok(folder)
    }

    fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    fn build_reference(&self, course: &Course, tell: &dyn Fn(&str)) -> Result<()> {
        let changed = self.lay_out(&Sources::new())?;
        let stamp = self.reference().join(".complete");
        if stamp.exists() && !changed {
            return Ok(());
        }
        let _ = fs::remove_file(&stamp);
        tell("building the programs of the course, which takes a minute the first time");
        let of_stage = |stage: &crate::course::Stage| {
            let package = stage.package.clone();
            stage.programs.iter().map(move |program| (package.clone(), program.clone())).collect::<Vec<_>>()
        };
        let all: Vec<_> = course.stages.iter().flat_map(of_stage).collect();
        let built = cargo::build(&self.copy(), &self.target(), &all, cargo::Network::On)
            .context("the course itself cannot be built")?;
        gather(&built, &self.reference())?;
        fs::write(stamp, "").context("the forge cannot be written to")
    }

    /// Makes the copy what the course is, but for `sources`. True when the course itself was another one before.
    fn lay_out(&self, sources: &Sources) -> Result<bool> {
        let copy = self.copy();
        let mut wanted = self.of_the_course()?;
        let stamp = self.folder.join("course.txt");
        let digest = digest(&wanted);
        let changed = fs::read_to_string(&stamp).ok().as_deref() != Some(digest.as_str());
        wanted.extend(sources.iter().map(|(file, text)| (file.clone(), text.clone().into_bytes())));
        for file in files_below(&copy) {
            // cargo writes its own lock file.
            let name = file.strip_prefix(&copy).unwrap_or(&file);
            if !wanted.contains_key(name) {
                fs::remove_file(&file).with_context(|| file.display().to_string())?;
            }
        }
        for (name, content) in &wanted {
            let is_lock = name == Path::new("Cargo.lock") && !changed;
            if !is_lock {
                write_if_other(&copy.join(name), content)?;
            }
        }
        fs::write(stamp, digest).context("the forge cannot be written to")?;
        Ok(changed)
    }

    fn of_the_course(&self) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
        let mut found = BTreeMap::new();
        let manifest = fs::read_to_string(self.course.join("Cargo.toml")).context("the course has no Cargo.toml")?;
        found.insert(PathBuf::from("Cargo.toml"), only_stages(&manifest).into_bytes());
        let tops = BESIDES.iter().map(|name| self.course.join(name)).chain([self.course.join("stages")]);
        for file in tops.flat_map(|top| files_below(&top)) {
            let name = file.strip_prefix(&self.course).unwrap_or(&file).to_owned();
            if is_needed(&name) {
                let content = fs::read(&file).with_context(|| file.display().to_string())?;
                found.insert(name, content);
            }
        }
        Ok(found)
    }
}

/// Tests, sheets and mistakes are not part of any program.
fn is_needed(name: &Path) -> bool {
    let mut parts = name.components().skip(2).map(|part| part.as_os_str());
    parts.next().is_none_or(|part| !["tests", "mistakes", "benches", crate::course::SHEET].iter().any(|no| part == *no))
}

/// The manifest of a workspace that has the stages and nothing else in it.
pub(crate) fn only_stages(manifest: &str) -> String {
    let line = |line: &str| {
        if line.starts_with("members = ") {
            Some("members = [\"stages/*\"]".to_owned())
        } else if line.starts_with("exclude = ") {
            None
        } else {
            Some(line.to_owned())
        }
    };
    manifest.lines().filter_map(line).map(|line| line + "\n").collect()
}

fn digest(files: &BTreeMap<PathBuf, Vec<u8>>) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Leaves a file alone that is right already: cargo looks at the time of its last change.
pub(crate) fn write_if_other(file: &Path, content: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|now| now == content) {
        return Ok(());
    }
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    fs::write(file, content).with_context(|| file.display().to_string())
}

/// Copies programs into a folder of their own: cargo overwrites what it has built.
fn gather(built: &BTreeMap<String, PathBuf>, folder: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, file) in built {
        fs::copy(file, folder.join(name)).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
