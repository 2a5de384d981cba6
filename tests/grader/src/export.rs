//! What came of judging, in the formats that others read.

mod csv;
mod gradescope;
mod junit;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::outcome::{Outcome, Outcomes, Verdict};
use crate::paint::Paint;
use crate::show;

pub(crate) use csv::line as csv_line;

/// How to write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// All that is known
    Json,
    /// JUnit XML, as Jenkins, GitLab and others read it
    Junit,
    /// results.json of a Gradescope autograder
    Gradescope,
    /// The result of a GitHub Classroom runner, for autograding-grading-reporter
    Github,
    /// One line an exercise
    Csv,
}

impl Format {
    /// How a file of it is called; nothing for what is written anyway, or for people.
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Self::Text | Self::Json => None,
            Self::Junit => Some("xml"),
            Self::Gradescope => Some("gradescope.json"),
            Self::Github => Some("base64"),
            Self::Csv => Some("csv"),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// JSON cannot be written, which does not happen.
    pub fn write(self, outcomes: &Outcomes) -> Result<String> {
        Ok(match self {
            Self::Text => text(outcomes),
            Self::Json => lines(&json(outcomes)?)?,
            Self::Junit => junit::write(outcomes),
            Self::Gradescope => lines(&gradescope::value(outcomes))?,
            Self::Github => STANDARD.encode(github(outcomes).to_string()) + "\n",
            Self::Csv => csv::write(outcomes),
        })
    }
}

fn text(outcomes: &Outcomes) -> String {
    let each: String = outcomes.exercises.iter().map(|one| show::outcome(one, Paint::none()) + "\n").collect();
    each + &show::summary(outcomes, Paint::none()) + &show::score(outcomes)
}

fn lines(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value).context("JSON cannot be written")? + "\n")
}

fn json(outcomes: &Outcomes) -> Result<Value> {
    let mut value = serde_json::to_value(outcomes).context("JSON cannot be written")?;
    value["score"] = json!(outcomes.score());
    value["points"] = json!(outcomes.points());
    Ok(value)
}

/// What a person would be told of one exercise.
fn told(outcome: &Outcome) -> String {
    show::outcome(outcome, Paint::none())
}

/// The name of an exercise where there is room for one line.
fn name(outcome: &Outcome) -> String {
    format!("{}: {}", outcome.id, outcome.title)
}

/// The shape that the runners of github.com/classroom-resources write, version 1. What cannot be graded here is left out:
/// there is no word for it.
fn github(outcomes: &Outcomes) -> Value {
    let gradable = outcomes.exercises.iter().filter(|one| one.is_gradable());
    let test = |outcome: &Outcome| {
        json!({
            "name": name(outcome),
            "status": if outcome.is_passed() { "pass" } else { "fail" },
            "score": outcome.score,
            "message": told(outcome),
            "test_code": format!("cargo workshop grade {}", outcome.id),
            "filename": "",
            "line_no": 0,
            "duration": (outcome.seconds * 1000.0).round(),
        })
    };
    let status = match (outcomes.points(), outcomes.is_passed()) {
        // Nothing could be graded there.
        (0, _) => "error",
        (_, true) => "pass",
        (_, false) => "fail",
    };
    json!({
        "version": 1,
        "status": status,
        "max_score": outcomes.points(),
        "tests": gradable.map(test).collect::<Vec<_>>(),
    })
}

/// The word for a verdict.
fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Open => "open",
        Verdict::DoesNotCompile { .. } => "does not compile",
        Verdict::Failed => "failed",
        Verdict::NotGradable(_) => "not gradable",
    }
}

#[cfg(test)]
mod tests;
