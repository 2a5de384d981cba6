//! `{{#include ../../stages/04-pivot/src/pivot.rs:pivot_into}}`: lines of a file, and whose hole each of them is in.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use grader::course::{Piece, pieces};

use crate::place::Place;

/// What a listing names: a file, and which part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// As it is written, from `book/src`.
    path: PathBuf,
    part: Part,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Anchor(String),
    Lines(usize, usize),
}

/// Lines of a file.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    /// The path as one names it in the repository.
    pub(super) path: String,
    /// Each line, and the exercise whose hole it is in. Marks are not among them.
    pub(super) lines: Vec<(String, Option<String>)>,
}

impl Include {
    /// Reads what stands after `#include`.
    pub fn parse(asked: &str) -> Self {
        let (path, part) = asked.trim().split_once(':').unwrap_or((asked.trim(), ""));
        let number = |text: &str| text.parse::<usize>().ok();
        let part = match (part, part.split_once(':')) {
            ("", _) => Part::Whole,
            (_, Some((first, last))) => Part::Lines(number(first).unwrap_or(1), number(last).unwrap_or(usize::MAX)),
            (part, None) => match number(part) {
                Some(line) => Part::Lines(line, line),
                None => Part::Anchor(part.to_owned()),
            },
        };
        Self { path: path.into(), part }
    }

    /// The file, seen from the root of the repository.
    ///
    /// # Errors
    /// There is none, or it lies outside.
    pub fn file(&self, place: &Place) -> Result<PathBuf> {
        let file = place.chapters().join(&self.path);
        let file = file.canonicalize().with_context(|| format!("{}: no such file", self.path.display()))?;
        ensure!(file.starts_with(&place.repository), "{} lies outside of the repository", self.path.display());
        Ok(file)
    }

    pub(super) fn read(&self, place: &Place) -> Result<Lines> {
        let file = self.file(place)?;
        let path = place.named(&file);
        let text = std::fs::read_to_string(&file).with_context(|| path.clone())?;
        let lines = labelled(&text).with_context(|| path.clone())?;
        let (first, last) = self.range(&lines).with_context(|| path.clone())?;
        let lines = lines.into_iter().take(last).skip(first).filter(|line| !line.is_mark);
        let lines: Vec<_> = lines.map(|line| (line.text, line.hole)).collect();
        ensure!(!lines.is_empty(), "{path}: there is nothing in this part of it");
        Ok(Lines { path, lines })
    }

    /// From which line, counted from 0, up to which.
    fn range(&self, lines: &[Line]) -> Result<(usize, usize)> {
        let anchor = match &self.part {
            Part::Whole => return Ok((0, lines.len())),
            Part::Lines(first, last) => return Ok((first.saturating_sub(1), *last)),
            Part::Anchor(anchor) => anchor,
        };
        let place_of = |mark: &str| lines.iter().position(|line| marks(&line.text, mark) == Some(anchor));
        match (place_of("ANCHOR:"), place_of("ANCHOR_END:")) {
            (Some(first), Some(last)) if first < last => Ok((first + 1, last)),
            (Some(_), _) => bail!("`ANCHOR: {anchor}` has no `ANCHOR_END: {anchor}` after it"),
            (None, _) => bail!("there is no `ANCHOR: {anchor}`"),
        }
    }
}

struct Line {
    text: String,
    hole: Option<String>,
    is_mark: bool,
}

/// All lines of a file.
fn labelled(text: &str) -> Result<Vec<Line>> {
    let mut found = Vec::new();
    let mut push = |text: &str, hole: Option<&String>, is_mark: bool| {
        found.extend(text.lines().map(|line| Line {
            text: line.to_owned(),
            hole: hole.cloned(),
            is_mark: is_mark || marks(line, "ANCHOR:").or_else(|| marks(line, "ANCHOR_END:")).is_some(),
        }));
    };
    for piece in pieces(text)? {
        match piece {
            Piece::Text(text) => push(&text, None, false),
            Piece::Hole { id, open, body, close } => {
                push(&open, None, true);
                push(&body, Some(&id), false);
                push(&close, None, true);
            }
        }
    }
    Ok(found)
}

/// The name after `// ANCHOR:`, if the line is such a mark.
fn marks<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    let comment = line.trim_start().trim_start_matches(['/', '#']);
    if comment.len() == line.trim_start().len() {
        return None;
    }
    comment.trim_start().strip_prefix(mark).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_a_file_an_anchor_or_lines() {
        assert_eq!(Include::parse("a.rs").part, Part::Whole);
        assert_eq!(Include::parse("a.rs:pivot_into").part, Part::Anchor("pivot_into".to_owned()));
        assert_eq!(Include::parse("a.rs:3:9").part, Part::Lines(3, 9));
        assert_eq!(Include::parse("a.rs:3:").part, Part::Lines(3, usize::MAX));
        assert_eq!(Include::parse("a.rs::9").part, Part::Lines(1, 9));
        assert_eq!(Include::parse("a.rs:3").part, Part::Lines(3, 3));
    }

    #[test]
    fn marks_are_not_shown_and_lines_know_their_hole() {
        let text = "// ANCHOR: f\nfn f() {\n    // EXERCISE f-1\n    a();\n    // ANCHOR: g\n    b();\n    // ANCHOR_END: g\n    // END f-1\n}\n// ANCHOR_END: f\n";
        let lines = labelled(text).unwrap();
        let (first, last) = Include::parse("x:f").range(&lines).unwrap();
        let shown: Vec<_> = lines[first..last].iter().filter(|line| !line.is_mark).collect();
        let texts: Vec<_> = shown.iter().map(|line| (line.text.trim(), line.hole.as_deref())).collect();
        assert_eq!(texts, [("fn f() {", None), ("a();", Some("f-1")), ("b();", Some("f-1")), ("}", None)]);
        let (first, last) = Include::parse("x:g").range(&lines).unwrap();
        assert_eq!(lines[first..last].iter().map(|line| line.hole.as_deref()).collect::<Vec<_>>(), [Some("f-1")]);
    }

    #[test]
    fn an_anchor_that_is_not_there_is_named() {
        let error = Include::parse("x:nowhere").range(&labelled("a\n").unwrap()).unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
    }
}
