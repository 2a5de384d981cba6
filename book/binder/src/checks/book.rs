//! The chapters as text, and what stands in them.

use std::path::PathBuf;

use anyhow::{Context, Result};
use grader::course::Course;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::place::Place;

/// All chapters that are written, and what they speak of.
pub struct Book {
    /// Where things lie.
    pub place: Place,
    /// The stages and their sheets.
    pub course: Course,
    /// The chapters, in the order of their names.
    pub chapters: Vec<Chapter>,
}

/// A chapter.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// Its file: `04-pivot.md`.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// A part of the prose of a chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words.
    Words(String),
    /// A span of code.
    Code(String),
    /// Where a link leads.
    Link(String),
}

impl Book {
    /// Reads it.
    ///
    /// # Errors
    /// A chapter cannot be read, or the course.
    pub fn read(place: &Place) -> Result<Self> {
        let course = Course::read(&place.repository)?;
        let chapters = files(place)?.into_iter().map(|path| {
            let text = std::fs::read_to_string(&path).with_context(|| place.named(&path))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(Chapter { name, text })
        });
        let chapters = chapters.collect::<Result<Vec<_>>>()?;
        let chapters = chapters.into_iter().filter(|chapter| !chapter.text.trim().is_empty()).collect();
        Ok(Self { place: place.clone(), course, chapters })
    }
}

/// The files of all chapters, written or not.
///
/// # Errors
/// The folder cannot be read.
pub fn files(place: &Place) -> Result<Vec<PathBuf>> {
    let folder = place.chapters();
    let entries = std::fs::read_dir(&folder).with_context(|| place.named(&folder))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("SUMMARY.md"));
    files.sort();
    Ok(files)
}

impl Chapter {
    /// Where a line of it is.
    pub fn at(&self, line: usize) -> String {
        format!("book/src/{}:{line}", self.name)
    }

    /// The prose, part by part, each with the number of its line.
    pub fn prose(&self) -> Vec<(usize, Part)> {
        let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES | Options::ENABLE_FOOTNOTES;
        let mut in_code = false;
        let mut found = Vec::new();
        for (event, range) in Parser::new_ext(&self.text, options).into_offset_iter() {
            let line = self.text[..range.start].matches('\n').count() + 1;
            match event {
                Event::Start(Tag::CodeBlock(_)) => in_code = true,
                Event::End(TagEnd::CodeBlock) => in_code = false,
                Event::Text(words) if !in_code => found.push((line, Part::Words(words.into_string()))),
                Event::Code(code) => found.push((line, Part::Code(code.into_string()))),
                Event::Start(Tag::Link { dest_url, .. }) => found.push((line, Part::Link(dest_url.into_string()))),
                _ => {}
            }
        }
        found
    }

    /// The number and the package of its stage, if it has one: `04-pivot`.
    pub fn stage(&self) -> Option<&str> {
        let name = self.name.strip_suffix(".md")?;
        let (number, _) = name.split_once('-')?;
        (number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_words_code_and_links() {
        let text = "# Title\n\nSay `ls` to\n[it](a.md#b).\n\n```sh\nnot this\n```\n".to_owned();
        let chapter = Chapter { name: "04-pivot.md".to_owned(), text };
        let parts = chapter.prose();
        assert!(parts.contains(&(3, Part::Code("ls".to_owned()))), "{parts:?}");
        assert!(parts.contains(&(4, Part::Link("a.md#b".to_owned()))), "{parts:?}");
        assert!(
            !parts.iter().any(|(_, part)| matches!(part, Part::Words(words) if words.contains("not"))),
            "{parts:?}"
        );
        assert_eq!(chapter.stage(), Some("04-pivot"));
    }
}
