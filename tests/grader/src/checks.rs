//! What a judge finds: a list of checks, each with what was done, what was seen, and what that means.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::outcome::Missing;

/// One thing that was looked at.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What is claimed: "the command has a UTS namespace of its own".
    pub name: String,
    /// Its part of the exercise's points.
    pub share: u32,
    /// True when the claim holds.
    pub passed: bool,
    /// What was done: a command line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub did: String,
    /// What was observed, in the kernel's own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub saw: String,
    /// What that means.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub means: String,
    /// The mistake that it looks like, by its name in `EXERCISES.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mistake: Option<String>,
    /// Where the book explains this check, when it is not where it explains the exercise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chapter: Option<String>,
}

/// Why a judge goes no further.
#[derive(Debug)]
pub enum Stop {
    /// Something failed without which the rest says nothing.
    Failed,
    /// This host cannot show it, which only a sandbox could find out.
    NotHere(Missing),
    /// The grader itself cannot go on; nobody's solution is to blame.
    Trouble(anyhow::Error),
}

/// What a judge gives back.
pub type Judged<T = ()> = Result<T, Stop>;

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Trouble(error.into())
    }
}

/// What a judge has found so far.
#[derive(Debug, Default)]
pub struct Checks {
    found: Vec<Check>,
    /// What may stay behind: words of the audit's lines.
    pub(crate) may_stay: Vec<String>,
    /// Which mistake a leak looks like, by a word of the audit's line.
    pub(crate) leaks: Vec<(String, String)>,
}

/// A check that is being written down.
#[must_use = "end it with `must` or `also`"]
pub struct Making<'a> {
    checks: &'a mut Checks,
    check: Check,
}

impl Checks {
    /// Begins a check, with the claim that is made. It is worth one share unless it says otherwise.
    pub fn check(&mut self, name: impl Into<String>) -> Making<'_> {
        let check = Check { name: name.into(), share: 1, ..Check::default() };
        Making { checks: self, check }
    }

    /// Says that something may stay behind on the host: what the audit says of it contains `word`.
    pub fn may_stay(&mut self, word: impl Into<String>) {
        self.may_stay.push(word.into());
    }

    /// Says which mistake it is when something stays behind of which the audit says `word`.
    pub fn leak_means(&mut self, word: impl Into<String>, mistake: impl Into<String>) {
        self.leaks.push((word.into(), mistake.into()));
    }

    /// All that was found.
    pub fn into_found(self) -> Vec<Check> {
        self.found
    }
}

impl Making<'_> {
    /// Its part of the points, beside those of the other checks.
    pub fn worth(mut self, share: u32) -> Self {
        self.check.share = share;
        self
    }

    /// What was done: the command line.
    pub fn did(mut self, what: impl Display) -> Self {
        self.check.did = what.to_string();
        self
    }

    /// What was observed, in the kernel's own words.
    pub fn saw(mut self, what: impl Display) -> Self {
        self.check.saw = what.to_string();
        self
    }

    /// What that means.
    pub fn means(mut self, what: impl Display) -> Self {
        self.check.means = what.to_string();
        self
    }

    /// The mistake that it looks like.
    pub fn mistake(self, name: &str) -> Self {
        self.mistake_if(true, name)
    }

    /// The mistake that it looks like when this holds. The first one that holds is taken.
    pub fn mistake_if(mut self, holds: bool, name: &str) -> Self {
        if holds && self.check.mistake.is_none() {
            self.check.mistake = Some(name.to_owned());
        }
        self
    }

    /// Where the book explains it, when it is not where it explains the exercise.
    pub fn chapter(mut self, anchor: &str) -> Self {
        self.check.chapter = Some(anchor.to_owned());
        self
    }

    /// Without this the exercise is worth nothing, and the judge goes no further.
    ///
    /// # Errors
    /// [`Stop::Failed`] when the claim does not hold.
    pub fn must(self, holds: bool) -> Judged {
        if self.note(holds) { Ok(()) } else { Err(Stop::Failed) }
    }

    /// Worth its share. True when the claim holds; the judge goes on in either case.
    pub fn also(self, holds: bool) -> bool {
        self.note(holds)
    }

    fn note(mut self, holds: bool) -> bool {
        self.check.passed = holds;
        if holds {
            // What would have been said.
            self.check.mistake = None;
            self.check.means.clear();
        }
        self.checks.found.push(self.check);
        holds
    }
}
