//! The conventions of the book: what a line such as `{{exercise uts-1}}` stands for, and how a listing is shown.
//!
//! Everything comes from where it is said once: sources from `stages/`, exercises from their sheets, figures from their
//! runs, command lines from the programs.

mod contract;
mod exercise;
mod figure;
mod hosts;
mod include;
pub(crate) mod listing;
mod prediction;
mod readme;
mod tables;
mod transcript;

use std::path::Path;

use anyhow::{Result, bail};
use figures::Figures;
use grader::course::Course;

use crate::languages::{English, Kind, Tongue, text};
use crate::markdown::{Piece, pieces};
use crate::place::Place;

pub use contract::Contract;
pub use include::Include;

/// The book in one language, and all that it is made from.
pub struct Edition {
    place: Place,
    course: Course,
    figures: Figures,
    contract: Contract,
    tongue: Box<dyn Tongue>,
}

impl Edition {
    /// The English edition.
    ///
    /// # Errors
    /// A sheet, a run or a page of help that cannot be read.
    pub fn open(place: &Place) -> Result<Self> {
        Self::in_tongue(place, Box::new(English))
    }

    /// The edition of another language.
    ///
    /// # Errors
    /// As [`Edition::open`].
    pub fn in_tongue(place: &Place, tongue: Box<dyn Tongue>) -> Result<Self> {
        let course = Course::read(&place.repository)?;
        let figures = Figures::open(&place.book())?;
        let contract = Contract::open(place)?;
        Ok(Self { place: place.clone(), course, figures, contract, tongue })
    }

    /// A chapter as mdBook is to see it, and all that is wrong with it, each with the file and the line.
    pub fn chapter(&self, name: &str, text: &str) -> (String, Vec<String>) {
        let (mut expanded, mut wrong, mut said) = (String::new(), Vec::new(), Vec::new());
        for piece in pieces(&self.text(text)) {
            let line = match &piece {
                Piece::Line(line, _) => *line,
                Piece::Block(block) => block.line,
            };
            match self.piece(&piece, &mut said) {
                Ok(text) => expanded.push_str(&text),
                Err(error) => {
                    let error = format!("book/src/{name}:{line}: {error:#}");
                    expanded.push_str(&format!("\n**{error}**\n\n"));
                    wrong.push(error);
                }
            }
        }
        (expanded, wrong)
    }

    /// `said`: the needs that were named so far.
    fn piece(&self, piece: &Piece, said: &mut Vec<String>) -> Result<String> {
        match piece {
            Piece::Line(_, line) => match directive(line) {
                Some(asked) => Ok(format!("\n{}\n", self.generated(asked)?.trim_end())),
                None => Ok(format!("{line}\n")),
            },
            Piece::Block(block) if block.language() == "console" => {
                Ok(transcript::shown(block, said, &|words| self.say(words)))
            }
            Piece::Block(block) => listing::shown(self, block),
        }
    }

    /// What stands for `exercise uts-1`.
    fn generated(&self, asked: &str) -> Result<String> {
        let (word, name) = asked.split_once(' ').unwrap_or((asked, ""));
        let name = name.trim();
        match word {
            "#include" => readme::shown(self, name),
            "exercise" => exercise::shown(self, name),
            "exercises" => tables::exercises(self, name),
            "prediction" => prediction::shown(self, name),
            "figure" => figure::one_block(&self.figures.figure(name, &|words| self.drawn(words))?),
            "player" => figure::one_block(&self.figures.player(name, &|words| self.drawn(words))?),
            "kill-table" => tables::mistakes(self),
            "contract" => Ok(self.contract.shown(&self.course)),
            "bench" => self.measured(name),
            "kernel-features" => hosts::shown(&self.place, &|words| self.say(words)),
            _ => bail!("{{{{{asked}}}}}: the binder knows no such word"),
        }
    }

    /// What was measured, as pictures and tables: `bench start`.
    fn measured(&self, what: &str) -> Result<String> {
        let report = bench::book::read(&self.place.book().join("bench.json"))?;
        bench::book::shown(&report, what, &|words| self.say(words))
    }

    /// A file of the repository, named from a chapter.
    fn source(&self, include: &Include) -> Result<include::Lines> {
        include.read(&self.place)
    }

    /// These words in the language of the edition.
    fn say(&self, words: &str) -> String {
        self.tongue.say(Kind::Word, words).unwrap_or_else(|| words.to_owned())
    }

    /// What stands between a name and what is said of it.
    fn colon(&self) -> &'static str {
        self.tongue.colon()
    }

    /// This Markdown in the language of the edition.
    fn text(&self, markdown: &str) -> String {
        text::said(markdown, &|kind, message| self.tongue.say(kind, message))
    }

    /// These words of a figure in the language of the edition.
    fn drawn(&self, words: &str) -> String {
        self.tongue.say(Kind::Figure, words).unwrap_or_else(|| words.to_owned())
    }

    /// Draws and plays everything: what is said in it is asked of the tongue.
    ///
    /// # Errors
    /// A run or a figure cannot be read.
    pub fn figures(&self) -> Result<()> {
        let declared = self.figures.declared();
        for run in &declared.runs {
            self.figures.player(&run.name, &|words| self.drawn(words))?;
            for figure in declared.figures.iter().filter(|figure| figure.run == run.name) {
                self.figures.figure(&figure.name, &|words| self.drawn(words))?;
            }
        }
        Ok(())
    }

    /// True when a chapter's file is there.
    fn has_chapter(&self, file: &str) -> bool {
        Path::new(&self.place.chapters()).join(file).is_file()
    }
}

/// What a line that is nothing but `{{…}}` asks for.
pub fn directive(line: &str) -> Option<&str> {
    let asked = line.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!asked.contains("}}")).then_some(asked.trim())
}
