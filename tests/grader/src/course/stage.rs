//! One stage: its folder, its programs, its sheet of exercises, its holes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Hole, Piece, SHEET, Sheet, parse, pieces};

/// One stage.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The name of its folder: `02-unshare`.
    pub name: String,
    /// The name of its package: `unshare`.
    pub package: String,
    /// Its programs, by name.
    pub programs: Vec<String>,
    /// Its exercises and predictions.
    pub sheet: Sheet,
    /// Its holes.
    pub holes: Vec<Hole>,
}

impl Stage {
    pub(super) fn read(root: &Path, folder: &Path) -> Result<Self> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let manifest = read(&folder.join("Cargo.toml"))?;
        let package = manifest.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default();
        let sheet = folder.join(SHEET);
        let sheet = if sheet.exists() {
            parse(&name, &read(&sheet)?).with_context(|| sheet.display().to_string())?
        } else {
            Sheet::default()
        };
        let files = files_below(&folder.join("src")).into_iter().chain(files_below(&folder.join("labs")));
        let holes = files.map(|file| holes_of(root, &file)).collect::<Result<Vec<_>>>()?.concat();
        let package = package.trim_matches('"').to_owned();
        Ok(Self { name, package, programs: programs(folder), sheet, holes })
    }

    /// True for `02-unshare`, `unshare` and `02`.
    pub fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.name.split_once('-').is_some_and(|(number, word)| number == name || word == name)
    }

    /// Its folder, seen from the root of the course.
    pub fn folder(&self) -> PathBuf {
        Path::new("stages").join(&self.name)
    }
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| file.display().to_string())
}

/// A program is a file in src/bin, or a folder with a main.rs in it.
fn programs(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("src/bin")).into_iter().flatten().flatten();
    let name = |path: PathBuf| Some(path.file_stem()?.to_string_lossy().into_owned());
    let mut programs: Vec<_> = entries.filter_map(|entry| name(entry.path())).collect();
    programs.sort();
    programs
}

fn holes_of(root: &Path, path: &Path) -> Result<Vec<Hole>> {
    // A lab may need a file that is no text.
    let Ok(source) = fs::read_to_string(path) else { return Ok(Vec::new()) };
    let file = path.strip_prefix(root).unwrap_or(path);
    let mut holes = Vec::new();
    let mut line = 1;
    for piece in pieces(&source).with_context(|| file.display().to_string())? {
        if let Piece::Hole { id, .. } = &piece {
            holes.push(Hole { id: id.clone(), file: file.to_owned(), line });
        }
        line += super::text(&[piece]).lines().count();
    }
    Ok(holes)
}

/// All files below a folder, in the order of their paths; none when it is not there.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => waiting.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) if path.is_file() => found.push(path),
            Err(_) => {}
        }
    }
    found.sort();
    found
}
