//! Help: `hint` and `solution`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use similar::{ChangeTag, TextDiff};

use super::{Place, print};
use crate::course::{Exercise, Mistake};
use crate::paint::Paint;
use crate::show::in_the_book;
use crate::workbench::Workbench;

/// `hint ID`.
#[derive(Args)]
pub(super) struct Hint {
    /// The exercise
    id: String,
    /// Show this one: 1 nudges, 2 names the concept, 3 the call
    #[arg(long, value_name = "NUMBER")]
    number: Option<usize>,
}

/// `solution ID`.
#[derive(Args)]
pub(super) struct Solution {
    /// The exercise
    id: String,
    /// Show it although the exercise is not passed
    #[arg(long)]
    surrender: bool,
}

impl Hint {
    pub(super) fn run(self, place: &Place) -> Result<ExitCode> {
        let exercise = place.course.exercise(&self.id)?;
        print(&next_hint(place, &place.workbench()?, exercise, self.number)?);
        Ok(ExitCode::SUCCESS)
    }
}

/// The hint after those that were shown; it is counted, and costs nothing.
pub(super) fn next_hint(
    place: &Place,
    workbench: &Workbench,
    exercise: &Exercise,
    number: Option<usize>,
) -> Result<String> {
    let mut progress = workbench.progress()?;
    let shown = progress.of(&exercise.id).hints as usize;
    let number = number.unwrap_or(shown + 1).clamp(1, exercise.hints.len());
    let Some(hint) = exercise.hints.get(number - 1) else { bail!("{} has no hints", exercise.id) };
    if number > shown {
        progress.note(&exercise.id, |entry| entry.hints = number as u32)?;
    }
    let heading = format!("Hint {number} of {} for {}", exercise.hints.len(), exercise.id);
    let after = match number == exercise.hints.len() {
        false => format!("A further one: cargo workshop hint {}", exercise.id),
        true => format!("That was the last one; the book has more: {}", in_the_book(&exercise.chapter)),
    };
    Ok(format!("{}\n\n{hint}\n\n{}\n", place.paint.bold(heading), place.paint.faint(after)))
}

impl Solution {
    pub(super) fn run(self, place: &Place) -> Result<ExitCode> {
        let workbench = place.workbench()?;
        let exercise = place.course.exercise(&self.id)?;
        let mut progress = workbench.progress()?;
        let entry = progress.of(&exercise.id);
        if !entry.passed && !entry.surrendered && !self.surrender {
            bail!(
                "{0} is not passed yet; a hint may help: `cargo workshop hint {0}`. To see it all the same: --surrender",
                exercise.id
            );
        }
        if !entry.passed {
            progress.note(&exercise.id, |entry| entry.surrendered = true)?;
        }
        print(&solution(place, &workbench, exercise));
        Ok(ExitCode::SUCCESS)
    }
}

fn solution(place: &Place, workbench: &Workbench, exercise: &Exercise) -> String {
    let paint = place.paint;
    let (theirs, ours) = workbench.bodies(&place.course, exercise);
    let names = place.course.files_of(&exercise.id);
    let files: Vec<_> = names.iter().map(|name| name.display().to_string()).collect();
    let mut text = format!("{}  {}\n{}\n\n", paint.bold(&exercise.id), exercise.title, files.join(", "));
    let is_open = workbench.is_open(&place.course, exercise);
    for (at, reference) in ours.iter().enumerate() {
        let own = theirs.get(at).filter(|_| !is_open);
        text.push_str(&own.map_or_else(|| reference.clone(), |own| difference(own, reference, paint)));
        text.push('\n');
    }
    text.push_str(&format!("{}\n\n{}\n", paint.bold("Why"), exercise.commentary));
    if !exercise.mistakes.is_empty() {
        text.push_str(&format!("\n{}\n\n", paint.bold("What others have tried")));
    }
    for Mistake { name, diagnosis } in &exercise.mistakes {
        text.push_str(&format!("- {name}: {diagnosis}\n"));
    }
    text
}

/// Lines of theirs that the solution has not, and the other way round.
fn difference(theirs: &str, ours: &str, paint: Paint) -> String {
    if theirs == ours {
        return format!("Yours is the same, letter by letter:\n\n{ours}");
    }
    let diff = TextDiff::from_lines(theirs, ours);
    let mut text = "- yours, + the course's\n\n".to_owned();
    for change in diff.iter_all_changes() {
        let line = change.value().trim_end_matches('\n');
        let line = match change.tag() {
            ChangeTag::Delete => paint.bad(format!("-{line}")),
            ChangeTag::Insert => paint.good(format!("+{line}")),
            ChangeTag::Equal => format!(" {line}"),
        };
        text.push_str(&(line + "\n"));
    }
    text
}
