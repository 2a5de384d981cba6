//! The book in other languages than English, through catalogs of gettext: `book/po/zh-CN/02-unshare.po`.
//!
//! English is the source. A catalog holds what one page says; `book/po/README.md` tells translators the rest.
//!
//! | what | where |
//! |---|---|
//! | which parts of a text are translated, each as a whole | [`text`] |
//! | catalogs, read and written | [`po`] |
//! | everything that the book says, page by page | [`collect`] |
//! | catalogs brought up to date with it | [`update`] |
//! | the words of mdBook's own page, and links between the editions | [`theme`] |
//! | what is searched for is found | `search` |
//! | faults of translations | [`check`] |
//! | what the book says in another language | [`Translation`] |

pub mod check;
pub mod collect;
pub mod po;
mod search;
pub mod text;
pub mod theme;
pub mod update;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context, Result};

use crate::place::Place;
use po::Catalog;

/// The languages that the book is translated to, as HTML names them.
pub const LANGUAGES: [&str; 1] = ["zh-CN"];

/// The part that a message has in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The name of a page or a part.
    Title,
    /// A word around the text: a button, a label.
    Word,
    /// In a figure or a player.
    Figure,
    /// A heading.
    Heading,
    /// A cell of a table.
    Cell,
    /// What stands in an item of a list.
    Item,
    /// A paragraph.
    Paragraph,
}

impl Kind {
    /// What a translator is told of it, if that helps.
    pub fn note(self) -> Option<&'static str> {
        match self {
            Self::Title => Some("title of a page"),
            Self::Word => Some("label"),
            Self::Heading => Some("heading"),
            Self::Cell => Some("cell of a table"),
            Self::Item => Some("item of a list"),
            Self::Figure | Self::Paragraph => None,
        }
    }
}

/// The language of an edition.
pub trait Tongue {
    /// What a message says in this language; nothing when it stays as it is.
    fn say(&self, kind: Kind, message: &str) -> Option<String>;

    /// What stands between a name and what is said of it.
    fn colon(&self) -> &'static str {
        ": "
    }
}

/// The language that the book is written in.
#[derive(Clone, Copy, Debug)]
pub struct English;

impl Tongue for English {
    fn say(&self, _: Kind, _: &str) -> Option<String> {
        None
    }
}

impl<T: Tongue + ?Sized> Tongue for Rc<T> {
    fn say(&self, kind: Kind, message: &str) -> Option<String> {
        (**self).say(kind, message)
    }

    fn colon(&self) -> &'static str {
        (**self).colon()
    }
}

/// All that was translated to a language.
#[derive(Clone, Debug, Default)]
pub struct Translation(HashMap<String, String>);

impl Translation {
    /// Reads the catalogs of a language. What is not translated, or not any more, stays English.
    ///
    /// # Errors
    /// A catalog cannot be read.
    pub fn open(place: &Place, language: &str) -> Result<Self> {
        let catalogs = catalogs(place, language)?;
        let entries = catalogs.into_values().flat_map(|catalog| catalog.entries);
        let done = entries.filter(|entry| entry.is_done());
        Ok(Self(done.map(|entry| (entry.message, entry.translation)).collect()))
    }
}

impl Tongue for Translation {
    fn say(&self, _: Kind, message: &str) -> Option<String> {
        self.0.get(message).cloned()
    }

    fn colon(&self) -> &'static str {
        "："
    }
}

/// The folder of the catalogs of a language.
pub fn folder(place: &Place, language: &str) -> PathBuf {
    place.book().join("po").join(language)
}

/// The catalogs of a language, by their pages: `02-unshare`.
///
/// # Errors
/// One of them cannot be read, with its line.
pub fn catalogs(place: &Place, language: &str) -> Result<BTreeMap<String, Catalog>> {
    let entries = std::fs::read_dir(folder(place, language)).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "po"));
    let catalogs = files.map(|path| {
        let page = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).with_context(|| place.named(&path))?;
        Ok((page, Catalog::read(&text).with_context(|| place.named(&path))?))
    });
    catalogs.collect()
}
