//! `{{#include ../../stages/04-pivot/README.md}}` outside of a block: the page of a stage, with links that lead somewhere.

use anyhow::Result;

use super::{Edition, Include};
use crate::markdown::{Piece, pieces};

pub(super) fn shown(edition: &Edition, name: &str) -> Result<String> {
    let lines = edition.source(&Include::parse(name))?;
    let text: Vec<_> = lines.lines.into_iter().map(|(line, _)| line).collect();
    let mut shown = String::new();
    for piece in pieces(&edition.text(&text.join("\n"))) {
        match piece {
            Piece::Line(_, line) => shown.push_str(&format!("{}\n", relinked(edition, &line))),
            Piece::Block(block) => shown.push_str(&super::listing::shown(edition, &block)?),
        }
    }
    Ok(shown)
}

/// A line with its links made for the book: a stage is its chapter, a file is its name, and what is elsewhere stays.
fn relinked(edition: &Edition, line: &str) -> String {
    let mut rest = line;
    let mut made = String::new();
    while let Some((before, text, target, after)) = link(rest) {
        made.push_str(before);
        let chapter = chapter_of(target).filter(|chapter| edition.has_chapter(chapter));
        match chapter {
            _ if target.contains("://") || target.starts_with('#') => made.push_str(&format!("[{text}]({target})")),
            Some(chapter) => made.push_str(&format!("[{text}]({chapter})")),
            None => made.push_str(text),
        }
        rest = after;
    }
    made + rest
}

/// The first link of a text: what is before it, its text, its target, what is after it.
fn link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let middle = text.find("](")?;
    let open = text[..middle].rfind('[')?;
    let close = middle + text[middle..].find(')')?;
    Some((&text[..open], &text[open + 1..middle], &text[middle + 2..close], &text[close + 1..]))
}

/// `../04-pivot/README.md`, `../../stages/04-pivot`: the chapter is `04-pivot.md`.
fn chapter_of(target: &str) -> Option<String> {
    let folder = target.trim_end_matches("README.md").trim_end_matches('/');
    let name = folder.rsplit('/').next()?;
    let (number, _) = name.split_once('-')?;
    (number.len() == 2 && number.chars().all(|digit| digit.is_ascii_digit())).then(|| format!("{name}.md"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_with_what_stands_around_it() {
        assert_eq!(link("see [`a`](b.rs), c"), Some(("see ", "`a`", "b.rs", ", c")));
        assert_eq!(link("no link"), None);
    }

    #[test]
    fn the_folder_of_a_stage_is_its_chapter() {
        assert_eq!(chapter_of("../04-pivot").as_deref(), Some("04-pivot.md"));
        assert_eq!(chapter_of("../04-pivot/README.md").as_deref(), Some("04-pivot.md"));
        assert_eq!(chapter_of("src/pivot.rs"), None);
    }
}
