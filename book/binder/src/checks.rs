//! What is said in the book and can be looked up is looked up.
//!
//! | what | where |
//! |---|---|
//! | the chapters as text, and what stands in them | [`book`] |
//! | a listing is included, or is no listing | [`listings`] |
//! | the headings that every stage's chapter has, and the anchors that sheets name | [`headings`] |
//! | paths, programs, options, exercises that prose names | [`names`] |
//! | words that are not used, one sentence a line | [`prose`] |
//! | links that lead to hosts which stay | [`hosts`] |
//! | links between pages, their size, and that they need no network | [`pages`] |
//! | what the programs say of themselves | [`help`] |
//!
//! A chapter whose file is empty is not written yet, and nothing is asked of it but that, by one test.

pub mod book;
pub mod headings;
pub mod help;
pub mod hosts;
pub mod listings;
pub mod names;
pub mod pages;
pub mod prose;

use anyhow::Result;

use crate::place::Place;
use book::Book;

/// Everything that can be seen without running a program of a stage: what is wrong, each with its file and line.
///
/// # Errors
/// The book or the course cannot be read.
pub fn all(place: &Place) -> Result<Vec<String>> {
    let book = Book::read(place)?;
    let mut wrong = Vec::new();
    wrong.extend(listings::wrong(&book));
    wrong.extend(headings::wrong(&book));
    wrong.extend(names::wrong(&book)?);
    wrong.extend(prose::wrong(&book));
    wrong.extend(hosts::wrong(&book));
    wrong.extend(pages::wrong(place)?);
    Ok(wrong)
}
