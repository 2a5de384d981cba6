//! Making a workbench, and putting it back: `start`, `reset`, `catch-up`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use super::{Place, print};
use crate::workbench::{Started, Workbench};

/// `start [DIR]`.
#[derive(Args)]
pub(super) struct Start {
    /// Where to make it [default: workbench/ in the course]
    folder: Option<PathBuf>,
    /// Do not build the course's programs now; the first exercise then waits for it
    #[arg(long)]
    later: bool,
}

/// `reset ID`.
#[derive(Args)]
pub(super) struct Reset {
    /// The exercise, or a stage
    what: String,
}

/// `catch-up STAGE`.
#[derive(Args)]
pub(super) struct CatchUp {
    /// The stage to go on with: `04`, `pivot` or `04-pivot`
    stage: String,
}

impl Start {
    pub(super) fn run(self, place: &Place) -> Result<ExitCode> {
        let folder = self.folder.unwrap_or_else(|| place.folder());
        let (workbench, started) = Workbench::start(&place.course, &folder)?;
        print(&told(&workbench, &started));
        // Built now, so that the first exercise need not wait for it.
        if !self.later {
            place.grader(&workbench)?;
        }
        super::overview::next_in(place, &workbench)
    }
}

fn told(workbench: &Workbench, started: &Started) -> String {
    let folder = workbench.folder().display();
    if started.is_new {
        return format!("Your workbench is {folder}\nOpen it in your editor; each exercise is a todo! in there.\n\n");
    }
    let mut text = match started.updated.len() {
        0 => format!("{folder} is up to date.\n"),
        1 => format!("{folder}: one file brought up to date, and what you wrote is still there.\n"),
        count => format!("{folder}: {count} files brought up to date, and what you wrote is still there.\n"),
    };
    for file in &started.conflicts {
        let file = file.display();
        text.push_str(&format!(
            "{file}: you and the course have changed the same lines; yours stayed, the course's are in {file}.new\n"
        ));
    }
    for file in &started.kept {
        text.push_str(&format!(
            "an exercise is gone from the course; what you wrote for it is in {}\n",
            file.display()
        ));
    }
    text + "\n"
}

impl Reset {
    pub(super) fn run(self, place: &Place) -> Result<ExitCode> {
        let workbench = place.workbench()?;
        for exercise in place.course.named(&self.what)? {
            match workbench.reset(&place.course, exercise)? {
                Some(kept) => print(&format!("{} is open again; what you had is in {}\n", exercise.id, kept.display())),
                None => print(&format!("{} is open\n", exercise.id)),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl CatchUp {
    pub(super) fn run(self, place: &Place) -> Result<ExitCode> {
        let workbench = place.workbench()?;
        let stage = place.course.stage(&self.stage).with_context(|| format!("there is no stage {}", self.stage))?;
        let before = place.course.stages.iter().take_while(|one| one.name != stage.name);
        let exercises: Vec<_> = before.flat_map(|stage| &stage.sheet.exercises).collect();
        let filled = workbench.fill(&place.course, &exercises)?;
        let mut progress = workbench.progress()?;
        for exercise in &filled {
            progress.note(&exercise.id, |entry| entry.caught_up = true)?;
        }
        let ids: Vec<_> = filled.iter().map(|exercise| exercise.id.as_str()).collect();
        let what = if ids.is_empty() { "nothing was open".to_owned() } else { format!("filled: {}", ids.join(", ")) };
        print(&format!("{what}; `cargo workshop reset ID` opens one again\n"));
        Ok(ExitCode::SUCCESS)
    }
}
