//! Everything that the book says, page by page, in the order in which one reads it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use anyhow::{Context, Result};
use mdbook_driver::MDBook;
use mdbook_preprocessor::book::BookItem;

use super::{Kind, Tongue};
use crate::expand::Edition;
use crate::place::Place;

/// The catalog of what stands on every page: titles, labels.
pub const SUMMARY: &str = "summary";
/// The catalog of what figures and players say.
pub const FIGURES: &str = "figures";

/// What the book says at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its part.
    pub kind: Kind,
    /// The page: `02-unshare`.
    pub page: String,
    /// The words.
    pub text: String,
}

/// A message, and all pages that say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its part, where it is said first.
    pub kind: Kind,
    /// The pages.
    pub pages: Vec<String>,
    /// The words.
    pub text: String,
}

/// Writes down what it is asked to say.
#[derive(Default)]
struct Recorder {
    page: RefCell<String>,
    said: RefCell<Vec<Message>>,
    /// Figures are read all at once, and not where they stand.
    deaf: Cell<bool>,
}

impl Tongue for Recorder {
    fn say(&self, kind: Kind, message: &str) -> Option<String> {
        if message.chars().any(char::is_alphabetic) && !(kind == Kind::Figure && self.deaf.get()) {
            let page = self.page.borrow().clone();
            self.said.borrow_mut().push(Message { kind, page, text: message.to_owned() });
        }
        None
    }
}

/// What each catalog is to hold: by its name, in the order of the book.
///
/// # Errors
/// The book cannot be read, or something is wrong in it.
pub fn messages(place: &Place) -> Result<Vec<(String, Vec<Said>)>> {
    let recorder = Rc::new(Recorder::default());
    let edition = Edition::in_tongue(place, Box::new(Rc::clone(&recorder)))?;
    let book = MDBook::load(place.book()).context("book/")?;
    let mut pages = vec![SUMMARY.to_owned(), FIGURES.to_owned()];
    let turn = |page: &str| page.clone_into(&mut recorder.page.borrow_mut());
    turn(SUMMARY);
    for words in [&book.config.book.title, &book.config.book.description].into_iter().flatten() {
        recorder.say(Kind::Title, words);
    }
    super::theme::words().for_each(|word| drop(recorder.say(Kind::Word, word)));
    turn(FIGURES);
    edition.figures()?;
    recorder.deaf.set(true);
    for item in book.book.iter() {
        match item {
            BookItem::Chapter(chapter) => {
                let Some(name) = chapter.path.as_ref().and_then(|path| path.to_str()) else { continue };
                turn(SUMMARY);
                recorder.say(Kind::Title, &chapter.name);
                let page = name.trim_end_matches(".md");
                turn(page);
                pages.push(page.to_owned());
                let (_, wrong) = edition.chapter(name, &chapter.content);
                anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
            }
            BookItem::PartTitle(title) => {
                turn(SUMMARY);
                recorder.say(Kind::Title, title);
            }
            BookItem::Separator => {}
        }
    }
    let said = recorder.said.take();
    Ok(sorted(&pages, &said))
}

/// Each message once: where it is said first; but labels that several pages have stand with the titles.
fn sorted(pages: &[String], said: &[Message]) -> Vec<(String, Vec<Said>)> {
    let mut where_said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut labels = BTreeSet::new();
    for message in said {
        let pages = where_said.entry(&message.text).or_default();
        if !pages.contains(&message.page.as_str()) {
            pages.push(&message.page);
        }
        if message.kind == Kind::Word {
            labels.insert(message.text.as_str());
        }
    }
    let home = |text: &str| match where_said[text].as_slice() {
        [_, _, ..] if labels.contains(text) => SUMMARY,
        pages => pages.iter().find(|page| **page == SUMMARY || **page == FIGURES).unwrap_or(&pages[0]),
    };
    let mut seen = BTreeSet::new();
    let once: Vec<_> = said.iter().filter(|message| seen.insert(message.text.as_str())).collect();
    let catalog = |page: &String| {
        let own = once.iter().filter(|message| home(&message.text) == page);
        let own = own.map(|Message { kind, text, .. }| Said {
            kind: *kind,
            pages: where_said[text.as_str()].iter().map(|page| (*page).to_owned()).collect(),
            text: text.clone(),
        });
        (page.clone(), own.collect())
    };
    pages.iter().map(catalog).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: Kind, page: &str, text: &str) -> Message {
        Message { kind, page: page.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn each_message_is_in_one_catalog() {
        let said = [
            message(Kind::Word, "a", "Hint"),
            message(Kind::Cell, "a", "both"),
            message(Kind::Word, "b", "Hint"),
            message(Kind::Cell, "b", "both"),
            message(Kind::Word, "b", "Host"),
        ];
        let pages = [SUMMARY, "a", "b"].map(str::to_owned);
        let sorted = sorted(&pages, &said);
        let texts = |at: usize| sorted[at].1.iter().map(|said| said.text.as_str()).collect::<Vec<_>>();
        assert_eq!((texts(0), texts(1), texts(2)), (vec!["Hint"], vec!["both"], vec!["Host"]));
        assert_eq!(sorted[1].1[0].pages, ["a", "b"]);
    }
}
