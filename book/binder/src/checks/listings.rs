//! A listing is included from a file that is compiled or executed, or it is none.

use super::book::{Book, Chapter};
use crate::expand::listing::{SOURCES, included};
use crate::markdown::blocks;

/// What may stand in a chapter as it is: a console block is executed, and the others claim to be no code.
const LITERAL: [&str; 3] = ["console", "text", "json"];

/// Blocks that claim to be code and are not included.
pub fn wrong(book: &Book) -> Vec<String> {
    book.chapters.iter().flat_map(wrong_in).collect()
}

fn wrong_in(chapter: &Chapter) -> Vec<String> {
    let complaint = |block: crate::markdown::Block| {
        let language = block.language();
        let what = if included(&block).is_some() || LITERAL.contains(&language) {
            return None;
        } else if SOURCES.contains(&language) {
            "a listing that is not included from a file, with `{{#include …}}`"
        } else if language.is_empty() {
            "a block without a language: `text` claims nothing, `console` is executed"
        } else {
            "a block in a language that is none of console, text, json and those of included listings"
        };
        Some(format!("{}: {what}", chapter.at(block.line)))
    };
    blocks(&chapter.text).filter_map(complaint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_is_typed_into_a_chapter_is_found() {
        let wrong = |text: &str| wrong_in(&Chapter { name: "x.md".to_owned(), text: text.to_owned() }).len();
        for block in ["rust\nlet a;", "sh\nls", "toml\na = 1", "\nls", "python\nx"] {
            assert_eq!(wrong(&format!("```{block}\n```\n")), 1, "{block}");
        }
        for block in ["console\n$ ls", "text\nx", "json\n{}", "rust\n{{#include ../../stages/x.rs:a}}"] {
            assert_eq!(wrong(&format!("```{block}\n```\n")), 0, "{block}");
        }
    }
}
