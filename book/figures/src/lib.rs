//! What a recorded run did, drawn and played: figures and trace players of the book.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// The runs and figures that `runs.toml` declares.
#[derive(Debug)]
pub struct Figures {
    book: PathBuf,
}

/// Says a label, a caption or a reason in the language of the edition.
pub type Words<'a> = &'a dyn Fn(&str) -> String;

impl Figures {
    /// Reads `runs.toml` and the recorded traces of the book in `book`.
    ///
    /// # Errors
    /// What is missing or malformed, with its line.
    pub fn open(book: &Path) -> Result<Self> {
        Ok(Self { book: book.to_owned() })
    }

    /// The HTML of a figure: inline SVG, caption, text twin.
    ///
    /// # Errors
    /// No figure has this name.
    pub fn figure(&self, name: &str, _words: Words<'_>) -> Result<String> {
        bail!("{}: there is no figure {name}", self.book.display())
    }

    /// The HTML of a trace player: a table of the whole run, which the script of the page makes steppable.
    ///
    /// # Errors
    /// No run has this name.
    pub fn player(&self, name: &str, _words: Words<'_>) -> Result<String> {
        bail!("{}: there is no run {name}", self.book.display())
    }
}
