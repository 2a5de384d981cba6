//! HTML, through mdBook's library, with the conventions of this book expanded on the way: the English edition, and in a
//! folder of its own that of each language which the book is translated to.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result};
use mdbook_driver::MDBook;
use mdbook_preprocessor::book::{Book, BookItem};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::expand::Edition;
use crate::languages::{English, Kind, LANGUAGES, Tongue, Translation, theme};
use crate::place::Place;

/// What came of building.
#[derive(Debug)]
pub struct Built {
    /// The page to begin with.
    pub index: PathBuf,
    /// What is wrong, each with its file and line; it stands in the pages too.
    pub wrong: Vec<String>,
}

/// Builds all pages, and puts them in the place of those that are there: readers see the old ones or the new ones.
///
/// # Errors
/// mdBook's own, or the course or a catalog cannot be read.
pub fn build(place: &Place) -> Result<Built> {
    let room = tempfile::Builder::new().prefix("book-").tempdir_in(&place.target).context("a folder for the pages")?;
    let (new, pages) = (room.path().join("new"), place.pages());
    let built = build_to(place, &new)?;
    for turn in 0.. {
        // Another build may put its own pages there in between.
        let old = std::fs::rename(&pages, room.path().join(format!("old-{turn}")));
        old.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
        match std::fs::rename(&new, &pages) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {}
            done => {
                done.with_context(|| pages.display().to_string())?;
                break;
            }
        }
    }
    Ok(Built { index: pages.join("index.html"), ..built })
}

/// Builds all pages into this folder: English ones, and below it those of each other language.
///
/// # Errors
/// As [`build`].
pub fn build_to(place: &Place, pages: &Path) -> Result<Built> {
    let mut wrong = edition(place, pages, None, Rc::new(English))?;
    for language in LANGUAGES {
        let tongue = Rc::new(Translation::open(place, language)?);
        let also = edition(place, &pages.join(language), Some(language), tongue)?;
        let new: Vec<_> = also.into_iter().filter(|line| !wrong.contains(line)).collect();
        wrong.extend(new.into_iter().map(|line| format!("{line} ({language})")));
    }
    Ok(Built { index: pages.join("index.html"), wrong })
}

/// Builds the pages of one language; the English ones first, for they clear the folder of the others away.
fn edition(place: &Place, pages: &Path, language: Option<&str>, tongue: Rc<dyn Tongue>) -> Result<Vec<String>> {
    let wrong = Rc::default();
    let mut book = MDBook::load(place.book()).context("book/")?;
    book.config.build.build_dir = pages.to_owned();
    if let Some(language) = language {
        book.config.set("book.language", language)?;
        // Where a page that is not there has its styles from.
        book.config.set("output.html.site-url", format!("/{language}/"))?;
        for words in [&mut book.config.book.title, &mut book.config.book.description].into_iter().flatten() {
            translate(&*tongue, words);
        }
    }
    let edition = Edition::in_tongue(place, Box::new(Rc::clone(&tongue)))?;
    book.with_preprocessor(Expand { edition, tongue: Rc::clone(&tongue), wrong: Rc::clone(&wrong) });
    book.build()?;
    theme::dress(pages, language, &*tongue)?;
    Ok(wrong.take())
}

/// The conventions of the book, as mdBook wants to be told.
struct Expand {
    edition: Edition,
    tongue: Rc<dyn Tongue>,
    wrong: Rc<RefCell<Vec<String>>>,
}

impl Preprocessor for Expand {
    fn name(&self) -> &str {
        "binder"
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> Result<Book> {
        book.for_each_mut(|item| match item {
            BookItem::Chapter(chapter) => {
                translate(&*self.tongue, &mut chapter.name);
                let Some(name) = chapter.path.as_ref().and_then(|path| path.to_str()) else { return };
                let (content, wrong) = self.edition.chapter(name, &chapter.content);
                chapter.content = content;
                self.wrong.borrow_mut().extend(wrong);
            }
            BookItem::PartTitle(title) => translate(&*self.tongue, title),
            BookItem::Separator => {}
        });
        Ok(book)
    }
}

fn translate(tongue: &dyn Tongue, title: &mut String) {
    if let Some(said) = tongue.say(Kind::Title, title) {
        *title = said;
    }
}
