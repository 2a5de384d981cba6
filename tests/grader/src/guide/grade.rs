//! `grade`: judging, and saying what came of it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use super::overview::holes;
use super::{Place, print};
use crate::course::Exercise;
use crate::export::Format;
use crate::grade::{Grader, Work};
use crate::outcome::{Outcome, Outcomes};
use crate::progress::Progress;
use crate::show;
use crate::workbench::Workbench;

/// Nobody failed, and nobody passed: this host can show nothing of it.
const NOTHING_TO_GRADE: u8 = 3;

/// `grade [ID|STAGE|all]`.
#[derive(Args)]
pub(super) struct Grade {
    /// An exercise, a stage, or `all` [default: what you have begun]
    what: Vec<String>,
    /// Judge the programs in this folder, whatever language they are written in
    #[arg(long, value_name = "DIR")]
    bin: Option<PathBuf>,
    /// How to write what came of it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

impl Grade {
    pub(super) fn run(self, place: &Place) -> Result<ExitCode> {
        let workbench = place.workbench()?;
        let exercises = self.chosen(place, &workbench)?;
        let bin = self.bin.as_ref().map(|folder| folder.canonicalize().with_context(|| folder.display().to_string()));
        let bin = bin.transpose()?;
        let grader = place.grader(&workbench)?;
        let work = |exercise: &Exercise| match &bin {
            Some(folder) => Work::Programs(folder.clone()),
            None => workbench.work(&place.course, exercise),
        };
        let jobs: Vec<_> = exercises.iter().map(|exercise| (*exercise, work(exercise))).collect();
        let is_for_people = self.format == Format::Text;
        let outcomes = grader.grade_all(&jobs, &|outcome| {
            if is_for_people {
                print(&told(place, &workbench, outcome));
            }
        })?;
        if self.bin.is_none() {
            note(&mut workbench.progress()?, &outcomes)?;
        }
        if is_for_people {
            print(&(show::summary(&outcomes, place.paint) + &show::score(&outcomes)));
        } else {
            print(&self.format.write(&outcomes)?);
        }
        Ok(ExitCode::from(match (outcomes.points(), outcomes.is_passed()) {
            (0, _) => NOTHING_TO_GRADE,
            (_, is_passed) => u8::from(!is_passed),
        }))
    }

    fn chosen<'a>(&self, place: &'a Place, workbench: &Workbench) -> Result<Vec<&'a Exercise>> {
        if !self.what.is_empty() {
            let named = self.what.iter().map(|what| place.course.named(what)).collect::<Result<Vec<_>>>()?;
            return Ok(named.concat());
        }
        let has_begun = |exercise: &&Exercise| self.bin.is_some() || !workbench.is_open(&place.course, exercise);
        let begun: Vec<_> = place.course.exercises().filter(has_begun).collect();
        // Who has begun nothing sees what there is to begin with.
        Ok(if begun.is_empty() { place.course.exercises().take(1).collect() } else { begun })
    }
}

/// Writes down what came of it.
pub(super) fn note(progress: &mut Progress, outcomes: &Outcomes) -> Result<()> {
    for outcome in outcomes.exercises.iter().filter(|one| one.is_gradable() && one.has_begun()) {
        progress.note(&outcome.id, |entry| {
            entry.tries += 1;
            entry.passed |= outcome.is_passed();
            entry.score = entry.score.max(outcome.score);
        })?;
    }
    Ok(())
}

/// What came of it and, of a hole that nobody has written in yet, where it is.
fn told(place: &Place, workbench: &Workbench, outcome: &Outcome) -> String {
    let mut text = show::outcome(outcome, place.paint);
    if !outcome.has_begun() {
        for (file, line) in holes(place, workbench, &outcome.id) {
            text += &format!("    write     {}:{line}\n", file.display());
        }
    }
    text + "\n"
}

/// One exercise, judged, noted and told.
pub(super) fn one(place: &Place, workbench: &Workbench, grader: &Grader<'_>, exercise: &Exercise) -> Result<Outcome> {
    let outcome = grader.grade(exercise, &workbench.work(&place.course, exercise))?;
    print(&told(place, workbench, &outcome));
    let outcomes = Outcomes { exercises: vec![outcome.clone()], ..Outcomes::default() };
    note(&mut workbench.progress()?, &outcomes)?;
    print(&show::score(&outcomes));
    Ok(outcome)
}
