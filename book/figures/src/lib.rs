//! What a recorded run did, drawn and played: figures and trace players of the book.
//!
//! - [`declared`]: `runs.toml`, which says what is recorded and what is drawn.
//! - [`record`]: runs a program with `--trace`, and tells its trace in fixed words.
//! - [`trace`]: what is kept of a run, in `traces/`.
//! - `state`: what is the case after each step, folded from the trace.
//! - `view`: a state as tables; `draw`: a state as a picture; `player`: a run that can be stepped through.
//! - [`svg`]: the pen, which draws the plots of the benchmark too.
//! - [`source`]: where in the stages a reason is written.

mod at;
pub mod declared;
mod draw;
pub mod html;
mod player;
pub mod record;
pub mod source;
mod state;
pub mod svg;
pub mod trace;
mod view;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use declared::{Declared, Figure, Run};
use player::Known;
use source::Sources;
use state::State;
use trace::Step;

/// The runs and figures that `runs.toml` declares.
#[derive(Debug)]
pub struct Figures {
    book: PathBuf,
    declared: Declared,
    sources: Sources,
}

/// Says a label, a caption or a reason in the language of the edition.
pub type Words<'a> = &'a dyn Fn(&str) -> String;

impl Figures {
    /// Reads `runs.toml` of the book in `book`, and the sources of the stages beside it.
    ///
    /// # Errors
    /// What is missing or malformed, with its line.
    pub fn open(book: &Path) -> Result<Self> {
        let repository =
            book.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Path::new(".."), |above| above);
        let repository = if book.is_absolute() { repository.to_owned() } else { book.join("..") };
        let sources = Sources::read(&repository.canonicalize().unwrap_or(repository))?;
        Ok(Self { book: book.to_owned(), declared: Declared::read(book)?, sources })
    }

    /// What was declared.
    pub fn declared(&self) -> &Declared {
        &self.declared
    }

    /// Where in the stages reasons are written.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The HTML of a figure: inline SVG, caption, text twin.
    ///
    /// # Errors
    /// No figure has this name; its run was not recorded, or has no such step.
    pub fn figure(&self, name: &str, words: Words<'_>) -> Result<String> {
        let found = self.declared.figures.iter().find(|figure| figure.name == name);
        let figure = found.with_context(|| format!("runs.toml declares no figure {name}"))?;
        Ok(draw::figure(figure, &self.state(figure)?, words))
    }

    /// The HTML of a trace player: a table of the whole run, which the script of the page makes steppable.
    ///
    /// # Errors
    /// No run has this name; it was not recorded.
    pub fn player(&self, name: &str, words: Words<'_>) -> Result<String> {
        let run = self.run(name)?;
        let steps = self.recorded(name)?;
        Ok(player::player(&Known { run, steps: &steps, sources: &self.sources }, words))
    }

    /// A figure as it is kept in `drawn/`: the picture alone, in English.
    ///
    /// # Errors
    /// Its run was not recorded, or has no such step.
    pub fn drawn(&self, figure: &Figure) -> Result<String> {
        Ok(draw::svg(figure, &self.state(figure)?, &str::to_owned))
    }

    /// All that is said in players and figures, in English: what a translation has to say.
    ///
    /// # Errors
    /// As for [`Figures::figure`] and [`Figures::player`].
    pub fn messages(&self) -> Result<BTreeSet<String>> {
        let said = RefCell::new(BTreeSet::new());
        let words = |text: &str| {
            said.borrow_mut().insert(text.to_owned());
            text.to_owned()
        };
        for figure in &self.declared.figures {
            self.figure(&figure.name, &words)?;
        }
        for run in &self.declared.runs {
            self.player(&run.name, &words)?;
        }
        Ok(said.into_inner())
    }

    /// The steps of a run for a person who writes a chapter: their numbers, and what changed at each.
    ///
    /// # Errors
    /// No run has this name; it was not recorded.
    pub fn steps(&self, name: &str) -> Result<String> {
        let (run, steps) = (self.run(name)?, self.recorded(name)?);
        let words: Words<'_> = &str::to_owned;
        let shown = view::sections(&State::all(program(run), &steps), words);
        let mut told = String::new();
        for (at, step) in steps.iter().enumerate() {
            let answer = step.answer().map(|answer| format!(" = {answer}")).unwrap_or_default();
            let _ = writeln!(told, "{:>4}  {}  # {}\n      {}{answer}", step.seq, step.pid, step.reason, step.call());
            for change in view::changes(&shown[at], &shown[at + 1], words) {
                let _ = writeln!(told, "        {change}");
            }
        }
        Ok(told)
    }

    /// The recorded steps of a run.
    ///
    /// # Errors
    /// It was not recorded.
    pub fn recorded(&self, name: &str) -> Result<Vec<Step>> {
        trace::read(&self.book.join("traces").join(format!("{name}.jsonl")))
    }

    fn run(&self, name: &str) -> Result<&Run> {
        let found = self.declared.runs.iter().find(|run| run.name == name);
        found.with_context(|| format!("runs.toml declares no run {name}"))
    }

    fn state(&self, figure: &Figure) -> Result<State> {
        let (run, steps) = (self.run(&figure.run)?, self.recorded(&figure.run)?);
        let made = at::steps_made(&figure.at, &steps).with_context(|| format!("figure {}", figure.name))?;
        let states = State::all(program(run), &steps);
        states.into_iter().nth(made).with_context(|| format!("figure {}: no such step", figure.name))
    }
}

/// The program that a run begins with.
fn program(run: &Run) -> &str {
    run.command.split(' ').next().unwrap_or_default()
}
