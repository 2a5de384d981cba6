//! What somebody has handed in: a folder or a zip. Only the files with holes in them are ever read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use zip::ZipArchive;

use crate::course::{Course, Exercise};
use crate::grade::Work;

/// No file with a hole is longer.
const LONGEST: u64 = 1 << 20;
/// How many folders may lie around a workbench.
const DEEPEST: usize = 5;

/// Somebody's work.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Whose: the name of the folder or the file.
    pub name: String,
    /// Their copies of the files that have holes, by the path seen from the root of the course.
    files: BTreeMap<PathBuf, String>,
    /// Which of these files have holes of which exercise.
    of: BTreeMap<String, Vec<PathBuf>>,
}

impl Submission {
    /// What there is of one exercise.
    pub fn work(&self, exercise: &Exercise) -> Work {
        let names = self.of.get(&exercise.id).into_iter().flatten();
        Work::Files(names.filter_map(|name| Some((name.clone(), self.files.get(name)?.clone()))).collect())
    }

    pub(super) fn digest(&self) -> String {
        super::digest_of(&self.files)
    }

    fn read(course: &Course, name: String, mut file: impl FnMut(&Path) -> Option<String>) -> Self {
        let mut of = BTreeMap::<String, Vec<PathBuf>>::new();
        for exercise in course.exercises() {
            of.insert(exercise.id.clone(), course.files_of(&exercise.id).into_iter().map(Path::to_owned).collect());
        }
        let names: std::collections::BTreeSet<_> = of.values().flatten().cloned().collect();
        let files = names.into_iter().filter_map(|name| Some((name.clone(), file(&name)?))).collect();
        Self { name, files, of }
    }
}

/// The submissions that these paths name: zips, workbenches, and folders full of either; with `each_is_one`, every path is
/// one, however deep its workbench lies. In the order of their names.
///
/// # Errors
/// A path leads nowhere, or to no submission; two submissions have one name.
pub fn find(course: &Course, paths: &[PathBuf], each_is_one: bool) -> Result<Vec<Submission>> {
    let mut found = Vec::new();
    for path in paths {
        if !each_is_one && path.is_dir() && workbench_in(path).is_none_or(|root| root != *path) {
            let entries = fs::read_dir(path).with_context(|| path.display().to_string())?;
            for entry in entries.flatten().map(|entry| entry.path()).filter(|path| is_candidate(path)) {
                found.push(one(course, &entry)?);
            }
        } else {
            found.push(one(course, path)?);
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    if let Some(pair) = found.windows(2).find(|pair| pair[0].name == pair[1].name) {
        bail!("two submissions are called {}", pair[0].name);
    }
    Ok(found)
}

fn is_candidate(path: &Path) -> bool {
    let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    !is_hidden && (path.is_dir() || is_zip(path))
}

fn is_zip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

fn one(course: &Course, path: &Path) -> Result<Submission> {
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    let name = name.unwrap_or_default().to_string_lossy().into_owned();
    if path.is_dir() {
        let root = workbench_in(path).unwrap_or_else(|| path.to_owned());
        let root = root.canonicalize().with_context(|| root.display().to_string())?;
        return Ok(Submission::read(course, name, |file| own_file(&root, file)));
    }
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let mut archive = ZipArchive::new(file).with_context(|| format!("{}: no zip", path.display()))?;
    let prefix = prefix_in(&archive);
    Ok(Submission::read(course, name, |file| packed(&mut archive, &prefix, file)))
}

/// A file of the submission itself: a link could lead to one of ours.
fn own_file(root: &Path, name: &Path) -> Option<String> {
    let file = root.join(name).canonicalize().ok().filter(|file| file.starts_with(root))?;
    let length = file.metadata().ok()?.len();
    if length > LONGEST { None } else { fs::read_to_string(file).ok() }
}

/// The folder nearest to the top that has `stages/` in it.
fn workbench_in(folder: &Path) -> Option<PathBuf> {
    let mut level = vec![folder.to_owned()];
    for _ in 0..DEEPEST {
        if let Some(found) = level.iter().find(|folder| folder.join("stages").is_dir()) {
            return Some(found.clone());
        }
        let below = |folder: &PathBuf| {
            fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>()
        };
        level = level.iter().flat_map(below).filter(|path| path.is_dir() && !path.is_symlink()).collect();
    }
    None
}

/// What stands before `stages/` in the names of an archive; the shortest.
fn prefix_in(archive: &ZipArchive<File>) -> String {
    let before = |name: &str| {
        let at = if name.starts_with("stages/") { Some(0) } else { name.find("/stages/").map(|at| at + 1) };
        at.map(|at| name[..at].to_owned())
    };
    let names = archive.file_names().filter_map(Result::ok);
    names.filter_map(|name| before(&name)).min_by_key(String::len).unwrap_or_default()
}

fn packed(archive: &mut ZipArchive<impl Read + Seek>, prefix: &str, name: &Path) -> Option<String> {
    let entry = archive.by_name(&format!("{prefix}{}", name.display())).ok()?;
    if !entry.is_file() || entry.size() > LONGEST {
        return None;
    }
    let mut text = String::new();
    // What an archive says of its sizes need not be true.
    entry.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(text)
}
