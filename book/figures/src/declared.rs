//! `runs.toml`: what is recorded, and what is drawn from it. Its format is told at the head of the file itself.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// Everything that `runs.toml` declares.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// What is recorded.
    #[serde(default, rename = "run")]
    pub runs: Vec<Run>,
    /// What is drawn.
    #[serde(default, rename = "figure")]
    pub figures: Vec<Figure>,
}

/// A program to be recorded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// What its player is called.
    pub name: String,
    /// The folder below `stages/`.
    pub stage: String,
    /// One sentence: what to watch for.
    pub shows: String,
    /// A program and its arguments.
    pub command: String,
    /// Who runs it.
    #[serde(default, rename = "as")]
    pub who: Who,
    /// What it takes, by the names that doctor prints.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The layout of the host's cgroups, where the story differs with it.
    pub host: Option<Layout>,
    /// A command that runs beside it.
    pub beside: Option<String>,
    /// A command that tidies up.
    pub after: Option<String>,
}

/// A picture of the state that a run has reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What it is called.
    pub name: String,
    /// The run it is drawn from.
    pub run: String,
    /// What of the state is drawn.
    pub kind: Kind,
    /// At which step.
    pub at: At,
    /// One sentence.
    pub caption: String,
}

/// Who runs a program.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// An ordinary user.
    #[default]
    User,
    /// Root.
    Root,
}

/// How a host has mounted its cgroups.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Version 2 alone.
    V2,
    /// Version 2 beside version 1.
    Hybrid,
}

/// What of the state is drawn.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Processes, and the namespace of each kind that each is in.
    Namespaces,
    /// The tree of processes.
    Processes,
    /// What an id inside stands for outside.
    Ids,
    /// What is mounted where.
    Mounts,
    /// The stack of an overlay.
    Layers,
    /// The tree of cgroups.
    Cgroups,
}

/// A moment of a run.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum At {
    /// After the step of this number.
    Step(usize),
    /// `end`, `running`, `before CALL` or `after CALL`.
    Said(String),
}

impl Declared {
    /// Reads `runs.toml` in `book`.
    ///
    /// # Errors
    /// What is malformed, with its line; a name that is given twice; a figure of a run that is not there.
    pub fn read(book: &Path) -> Result<Self> {
        let file = book.join("runs.toml");
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let declared: Self = toml::from_str(&text).with_context(|| file.display().to_string())?;
        declared.check().with_context(|| file.display().to_string())?;
        Ok(declared)
    }

    fn check(&self) -> Result<()> {
        for (at, run) in self.runs.iter().enumerate() {
            ensure!(self.runs[..at].iter().all(|other| other.name != run.name), "two runs are called {}", run.name);
        }
        for (at, figure) in self.figures.iter().enumerate() {
            let is_taken = self.figures[..at].iter().any(|other| other.name == figure.name);
            ensure!(!is_taken, "two figures are called {}", figure.name);
            let is_there = self.runs.iter().any(|run| run.name == figure.run);
            ensure!(is_there, "figure {}: there is no run {}", figure.name, figure.run);
        }
        Ok(())
    }
}

impl Run {
    /// True when the program tells its calls and makes none.
    pub fn is_rehearsed(&self) -> bool {
        words(&self.command).iter().any(|word| word == "--rehearse")
    }
}

/// The words of a command. Quotes keep words together.
pub fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in command.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(words("a  'b c' d\"e f\" ''"), ["a", "b c", "de f", ""]);
    }

    #[test]
    fn a_figure_of_a_missing_run_is_refused() {
        let text = "[[figure]]\nname = 'a'\nrun = 'b'\nkind = 'mounts'\nat = 'end'\ncaption = ''";
        let declared: Declared = toml::from_str(text).expect("it is well formed");
        assert_eq!(declared.check().expect_err("b is missing").to_string(), "figure a: there is no run b");
    }
}
