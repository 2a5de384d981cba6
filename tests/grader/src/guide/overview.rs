//! Where one stands: `status`, `list`, and what to do next.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{Place, print};
use crate::course::{Exercise, kill_table};
use crate::progress::{Entry, Progress};
use crate::show::in_the_book;
use crate::workbench::Workbench;

/// `cargo workshop` alone.
pub(super) fn next(place: &Place) -> Result<ExitCode> {
    match place.workbench() {
        Ok(workbench) => next_in(place, &workbench),
        Err(_) => {
            let count = place.course.exercises().count();
            let points: u32 = place.course.exercises().map(|exercise| exercise.points).sum();
            print(&format!(
                "{count} exercises and {points} points wait for you. Begin with:\n\n  cargo workshop start\n\n\
                 That makes workbench/, a workspace of your own in which each exercise is a todo!\n"
            ));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// What to do next in this workbench.
pub(super) fn next_in(place: &Place, workbench: &Workbench) -> Result<ExitCode> {
    print(&next_words(place, workbench)?);
    Ok(ExitCode::SUCCESS)
}

/// The first exercise that is neither passed nor given up.
pub(super) fn next_exercise<'a>(place: &'a Place, progress: &Progress) -> Option<&'a Exercise> {
    place.course.exercises().find(|exercise| {
        let entry = progress.of(&exercise.id);
        !entry.passed && !entry.caught_up && !entry.surrendered
    })
}

/// The same in words.
pub(super) fn next_words(place: &Place, workbench: &Workbench) -> Result<String> {
    let progress = workbench.progress()?;
    let Some(exercise) = next_exercise(place, &progress) else {
        return Ok("Every exercise is done. `cargo workshop status` shows them; the book goes on.\n".to_owned());
    };
    Ok(task_words(place, workbench, exercise))
}

/// An exercise: what to do, where, and where to read on.
pub(super) fn task_words(place: &Place, workbench: &Workbench, exercise: &Exercise) -> String {
    let mut text = format!("Next: {}  {}", place.paint.bold(&exercise.id), exercise.title);
    let _ = writeln!(text, "  {}", place.paint.faint(format!("{}, {}", exercise.stage, points(exercise.points))));
    let _ = writeln!(text, "\n{}\n", exercise.task);
    for (file, line) in holes(place, workbench, &exercise.id) {
        let _ = writeln!(text, "  write   {}:{line}", workbench.folder().join(file).display());
    }
    let _ = writeln!(text, "  book    {}", in_the_book(&exercise.chapter));
    let _ = writeln!(text, "  judge   cargo workshop grade {0}\n  hint    cargo workshop hint {0}", exercise.id);
    text
}

/// Where the holes of an exercise are: the files, below the workbench, and the lines.
pub(super) fn holes(place: &Place, workbench: &Workbench, id: &str) -> Vec<(PathBuf, usize)> {
    let holes = place.course.holes().filter(|hole| hole.id == id);
    let line =
        |file: &Path| std::fs::read_to_string(workbench.folder().join(file)).ok().and_then(|text| line_of(&text, id));
    holes.map(|hole| (hole.file.clone(), line(&hole.file).unwrap_or(hole.line))).collect()
}

fn line_of(text: &str, id: &str) -> Option<usize> {
    Some(text.lines().position(|line| line.contains("EXERCISE") && line.contains(id))? + 1)
}

fn points(count: u32) -> String {
    if count == 1 { "1 point".to_owned() } else { format!("{count} points") }
}

/// `list`.
pub(super) fn list(place: &Place) -> Result<ExitCode> {
    print(&list_words(place, place.workbench().ok().as_ref())?);
    Ok(ExitCode::SUCCESS)
}

/// Every exercise, with what became of it.
pub(super) fn list_words(place: &Place, workbench: Option<&Workbench>) -> Result<String> {
    let progress = workbench.map(Workbench::progress).transpose()?;
    let mut text = String::new();
    for stage in &place.course.stages {
        if stage.sheet.exercises.is_empty() && stage.sheet.predictions.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}", place.paint.bold(&stage.name));
        for exercise in &stage.sheet.exercises {
            let entry = progress.as_ref().map(|progress| progress.of(&exercise.id)).unwrap_or_default();
            let has_begun = workbench.is_some_and(|bench| !bench.is_open(&place.course, exercise));
            let Exercise { id, title, points, .. } = exercise;
            let _ =
                writeln!(text, "  {} {id:22} {points:2}  {title}{}", state(&entry, has_begun, place), remarks(&entry));
        }
        for prediction in &stage.sheet.predictions {
            let entry = progress.as_ref().map(|progress| progress.of(&prediction.id)).unwrap_or_default();
            let (plain, painted) = match entry.answer {
                Some((_, true)) => ("right", place.paint.good("right")),
                Some((_, false)) => ("wrong", place.paint.bad("wrong")),
                None => ("open", place.paint.faint("open")),
            };
            let _ = writeln!(
                text,
                "  {painted}{:1$} {2:22}     {3}",
                "",
                10 - plain.len(),
                prediction.id,
                prediction.title
            );
        }
    }
    Ok(text)
}

fn state(entry: &Entry, has_begun: bool, place: &Place) -> String {
    let paint = place.paint;
    let (plain, painted) = match (entry.passed, entry.caught_up, has_begun) {
        (true, ..) => ("passed", paint.good("passed")),
        (_, true, _) => ("caught up", paint.odd("caught up")),
        (.., true) => ("begun", paint.odd("begun")),
        _ => ("open", paint.faint("open")),
    };
    format!("{painted}{:1$}", "", 10 - plain.len())
}

fn remarks(entry: &Entry) -> String {
    let mut words = Vec::new();
    if entry.score > 0.0 && !entry.passed {
        words.push(format!("{} so far", entry.score));
    }
    if entry.hints > 0 {
        words.push(format!("hints: {}", entry.hints));
    }
    if entry.surrendered {
        words.push("solution seen".to_owned());
    }
    if words.is_empty() { String::new() } else { format!("  ({})", words.join(", ")) }
}

/// `mistakes [ID|STAGE|all]`.
#[derive(Args)]
pub(super) struct Mistakes {
    /// An exercise, a stage, or `all`
    #[arg(default_value = "all")]
    what: String,
}

impl Mistakes {
    pub(super) fn run(self, place: &Place) -> Result<ExitCode> {
        print(&kill_table(&place.course, &place.course.named(&self.what)?)?);
        Ok(ExitCode::SUCCESS)
    }
}

/// `status`.
pub(super) fn status(place: &Place) -> Result<ExitCode> {
    let workbench = place.workbench()?;
    let progress = workbench.progress()?;
    let mut text = String::new();
    for stage in place.course.stages.iter().filter(|stage| !stage.sheet.exercises.is_empty()) {
        let exercises = &stage.sheet.exercises;
        let passed = exercises.iter().filter(|exercise| progress.of(&exercise.id).passed).count();
        let score: f64 = exercises.iter().map(|exercise| progress.of(&exercise.id).score).sum();
        let points: u32 = exercises.iter().map(|exercise| exercise.points).sum();
        let bar: String = exercises.iter().map(|one| if progress.of(&one.id).passed { '#' } else { '.' }).collect();
        let _ = writeln!(
            text,
            "{:16} {passed:2} of {:2} passed  {score:4} of {points:3} points  {bar}",
            stage.name,
            exercises.len()
        );
    }
    let answers: Vec<_> = place.course.predictions().filter_map(|one| progress.of(&one.id).answer).collect();
    let right = answers.iter().filter(|(_, is_right)| *is_right).count();
    let count = place.course.predictions().count();
    if count > 0 {
        let _ = writeln!(text, "{:16} {right:2} of {} right, of {count} there are", "predictions", answers.len());
    }
    print(&format!("{text}\n{}", next_words(place, &workbench)?));
    let score: f64 = place.course.exercises().map(|exercise| progress.of(&exercise.id).score).sum();
    let points: u32 = place.course.exercises().map(|exercise| exercise.points).sum();
    print(&format!("\nScore: {score}/{points}\n"));
    Ok(ExitCode::SUCCESS)
}
