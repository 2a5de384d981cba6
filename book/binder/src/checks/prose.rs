//! Words that are not used, and one sentence a line.

use std::sync::LazyLock;

use regex::Regex;

use super::book::{Book, Chapter, Part};
use crate::markdown::{Piece, pieces};

/// To whom it is not simple, these say that it is their fault.
const BANNED: &str = r"(?i)\b(simply|just|obviously)\b";

/// The end of a sentence and the beginning of another.
const SECOND_SENTENCE: &str = r#"[\w)\]"”'*][.?!]["”)*]* +["“(*]*[A-Z]"#;

/// A span of code; and at the end of a line, a link that stands alone.
const NO_SENTENCE: &str = r"`+[^`]*`+| \[[^\]]*\]\([^)]*\)$";

/// After these, a full stop ends no sentence.
const ABBREVIATIONS: [&str; 4] = ["e.g.", "i.e.", "vs.", "etc."];

/// Lines that use such a word, or hold more than a sentence.
pub fn wrong(book: &Book) -> Vec<String> {
    book.chapters.iter().flat_map(|chapter| [banned(chapter), crowded(chapter)].concat()).collect()
}

fn banned(chapter: &Chapter) -> Vec<String> {
    static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(BANNED).ok());
    let word = |(line, part): (usize, Part)| {
        let Part::Words(words) = part else { return None };
        let found = WORD.as_ref()?.find(&words)?.as_str().to_owned();
        Some(format!("{}: the word {found:?}", chapter.at(line)))
    };
    chapter.prose().into_iter().filter_map(word).collect()
}

fn crowded(chapter: &Chapter) -> Vec<String> {
    let line = |piece: Piece| match piece {
        Piece::Line(number, line) if has_second(&line) => Some(format!("{}: more than a sentence", chapter.at(number))),
        _ => None,
    };
    pieces(&chapter.text).into_iter().filter_map(line).collect()
}

/// True for a line with two sentences. The cells of a table have one line for all.
fn has_second(line: &str) -> bool {
    static PATTERNS: LazyLock<Option<(Regex, Regex)>> =
        LazyLock::new(|| Some((Regex::new(NO_SENTENCE).ok()?, Regex::new(SECOND_SENTENCE).ok()?)));
    let Some((other, second)) = PATTERNS.as_ref() else { return false };
    if line.trim_start().starts_with(['|', '<']) {
        return false;
    }
    let line = other.replace_all(line, "x");
    let line = ABBREVIATIONS.iter().fold(line.into_owned(), |line, short| line.replace(short, "x"));
    // The number of an item is no sentence.
    let line = line.trim_start().trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    second.is_match(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banned_word_is_found_in_prose_and_not_in_code() {
        let banned = |text: &str| banned(&Chapter { name: "x.md".to_owned(), text: text.to_owned() }).len();
        assert_eq!(banned("It is *just* so.\n"), 1);
        assert_eq!(banned("Obviously.\n"), 1);
        assert_eq!(banned("`just test` adjusts it, and justice is done.\n\n```text\nsimply\n```\n"), 0);
    }

    #[test]
    fn a_second_sentence_is_found() {
        for line in ["One. Two.", "- Is it? Yes.", "It is `x`. Then.", "So (says it). Then.", "See [a](b). Then."] {
            assert!(has_second(line), "{line}");
        }
        for line in [
            "One.",
            "1. One.",
            "See `a. B` here.",
            "e.g. This",
            "| One. Two. |",
            "a.b C",
            "version 5.12 Is",
            "**A**: b. [C](d.md)",
        ] {
            assert!(!has_second(line), "{line}");
        }
    }
}
