//! HTML, through mdBook's library, with the conventions of this book expanded on the way.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result};
use mdbook_driver::MDBook;
use mdbook_preprocessor::book::Book;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::expand::Edition;
use crate::place::Place;

/// What came of building.
#[derive(Debug)]
pub struct Built {
    /// The page to begin with.
    pub index: PathBuf,
    /// What is wrong, each with its file and line; it stands in the pages too.
    pub wrong: Vec<String>,
}

/// Builds all pages.
///
/// # Errors
/// mdBook's own, or the course cannot be read.
pub fn build(place: &Place) -> Result<Built> {
    build_to(place, &place.pages())
}

/// Builds all pages into this folder.
///
/// # Errors
/// As [`build`].
pub fn build_to(place: &Place, pages: &Path) -> Result<Built> {
    let wrong = Rc::default();
    let mut book = MDBook::load(place.book()).context("book/")?;
    book.config.build.build_dir = pages.to_owned();
    book.with_preprocessor(Expand { edition: Edition::open(place)?, wrong: Rc::clone(&wrong) });
    book.build()?;
    Ok(Built { index: pages.join("index.html"), wrong: wrong.take() })
}

/// The conventions of the book, as mdBook wants to be told.
struct Expand {
    edition: Edition,
    wrong: Rc<RefCell<Vec<String>>>,
}

impl Preprocessor for Expand {
    fn name(&self) -> &str {
        "binder"
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> Result<Book> {
        book.for_each_chapter_mut(|chapter| {
            let Some(name) = chapter.path.as_ref().and_then(|path| path.to_str()) else { return };
            let (content, wrong) = self.edition.chapter(name, &chapter.content);
            chapter.content = content;
            self.wrong.borrow_mut().extend(wrong);
        });
        Ok(book)
    }
}
