//! What the book says and can be looked up is as it says.

use std::sync::LazyLock;

use binder::checks::book::Book;
use binder::checks::{headings, help, hosts, listings, names, pages, prose};
use binder::console::programs;
use binder::place::Place;

static PLACE: LazyLock<Place> = LazyLock::new(|| Place::find().expect("the repository is there"));
static BOOK: LazyLock<Book> = LazyLock::new(|| Book::read(&PLACE).expect("the book can be read"));

/// Nothing is wrong.
#[track_caller]
fn none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn listings_are_included() {
    none(listings::wrong(&BOOK));
}

#[test]
fn headings_are_those_of_a_stage_and_sheets_name_places_that_are_there() {
    none(headings::wrong(&BOOK));
}

#[test]
fn what_is_named_is_there() {
    none(names::wrong(&BOOK).unwrap());
}

#[test]
fn prose_keeps_its_rules() {
    none(prose::wrong(&BOOK));
}

#[test]
fn links_lead_to_places_that_stay() {
    none(hosts::wrong(&BOOK));
}

#[test]
fn pages_are_whole_small_and_need_no_network() {
    none(pages::wrong(&PLACE).unwrap());
}

#[test]
fn the_contract_is_what_programs_say() {
    let wrong = help::wrong(&PLACE, &programs::built_for_tests(&PLACE).unwrap(), false).unwrap();
    assert!(wrong.is_empty(), "\n{}\nto accept: cargo workshop book test --update\n", wrong.join("\n"));
}

#[test]
fn every_chapter_is_written() {
    let files = binder::checks::book::files(&PLACE).unwrap();
    let is_empty = |file: &&std::path::PathBuf| std::fs::read_to_string(file).is_ok_and(|text| text.trim().is_empty());
    none(files.iter().filter(is_empty).map(|file| PLACE.named(file)).collect());
}
