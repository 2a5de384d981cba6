//! `{{contract}}`: the command lines of all programs, as they say themselves.
//!
//! What `--help` says is kept in `book/help`, so that the book is built without building the programs; a test compares.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use grader::course::Course;

use super::tables::heading;
use crate::markdown::fence_for;
use crate::place::Place;

/// What each program says to `--help`.
#[derive(Clone, Debug, Default)]
pub struct Contract {
    help: BTreeMap<String, String>,
}

impl Contract {
    /// The folder of the pages.
    pub fn folder(place: &Place) -> PathBuf {
        place.book().join("help")
    }

    /// The file of a page: a program, or a program and its verb.
    pub fn file(place: &Place, name: &str) -> PathBuf {
        Self::folder(place).join(format!("{}.txt", name.replace(' ', ".")))
    }

    /// Reads the pages; none when there is no folder.
    ///
    /// # Errors
    /// A page cannot be read.
    pub fn open(place: &Place) -> Result<Self> {
        let entries = std::fs::read_dir(Self::folder(place)).into_iter().flatten().flatten().map(|entry| entry.path());
        let help = entries.filter(|path| path.extension().is_some_and(|extension| extension == "txt")).map(page);
        Ok(Self { help: help.collect::<Result<_>>()? })
    }

    /// What a program says, by the name of its page.
    pub fn page(&self, name: &str) -> Option<&str> {
        self.help.get(name).map(String::as_str)
    }

    /// The names of all pages.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.help.keys().map(String::as_str)
    }

    /// What the pages say.
    pub fn pages(&self) -> impl Iterator<Item = &str> {
        self.help.values().map(String::as_str)
    }

    /// These pages.
    pub fn with(pages: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { help: pages.into_iter().collect() }
    }

    pub(super) fn shown(&self, course: &Course) -> String {
        let mut shown = String::new();
        for stage in &course.stages {
            shown.push_str(&format!("## {}\n\n", heading(&stage.name)));
            for program in &stage.programs {
                let pages = self.help.iter().filter(|(name, _)| is_of(name, program));
                for (name, text) in pages {
                    let fence = fence_for(text);
                    shown.push_str(&format!("### `{name}`\n\n{fence}text\n{}\n{fence}\n\n", text.trim_end()));
                }
            }
        }
        shown
    }
}

/// True for the page of the program, and for those of its verbs.
fn is_of(page: &str, program: &str) -> bool {
    page.split(' ').next() == Some(program)
}

fn page(path: PathBuf) -> Result<(String, String)> {
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let name = Path::new(path.file_stem().unwrap_or_default()).display().to_string();
    Ok((name.replace('.', " "), text))
}
