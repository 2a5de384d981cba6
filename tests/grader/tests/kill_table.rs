//! The grader is right: every reference passes with full points, every open hole fails, and each named mistake is refused
//! with its own diagnosis and no other's.
//!
//! The whole table takes minutes. It is made by `cargo test -p grader --test kill_table -- --ignored`; what runs without
//! `--ignored` takes seconds. With `KILL_TABLE=FILE` the table is written there, as Markdown.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use common::{course, grader};
use grader::course::{Course, Exercise, Wrong, replace, wrong_bodies};
use grader::grade::{Grader, Work};
use grader::outcome::{Outcome, Verdict};

/// The course's own files with other bodies in the holes of one exercise.
fn work(course: &Course, exercise: &Exercise, bodies: impl Fn(usize) -> Option<String>) -> Work {
    let mut at = 0;
    let mut files = BTreeMap::new();
    for name in course.files_of(&exercise.id) {
        let ours = std::fs::read_to_string(course.root.join(name)).unwrap();
        let theirs = replace(&ours, |id, _, _| {
            let is_it = id == exercise.id;
            let body = is_it.then(|| bodies(at)).flatten();
            at += usize::from(is_it);
            body
        });
        files.insert(name.to_owned(), theirs.unwrap());
    }
    Work::Files(files)
}

fn reference(grader: &Grader<'_>, course: &Course, exercise: &Exercise) -> Outcome {
    grader.grade(exercise, &work(course, exercise, |_| None)).unwrap()
}

fn wrong(grader: &Grader<'_>, course: &Course, exercise: &Exercise, wrong: &Wrong) -> Outcome {
    grader.grade(exercise, &work(course, exercise, |at| wrong.bodies.get(at).cloned())).unwrap()
}

/// What is not as it should be; nothing where this host cannot show it.
fn complaint_about_reference(exercise: &Exercise, outcome: &Outcome) -> Option<String> {
    let full = f64::from(exercise.points);
    match &outcome.verdict {
        Verdict::Passed if outcome.score == full => None,
        Verdict::NotGradable(missing) => {
            eprintln!("skipped: {}: {}; {}", exercise.id, missing.why, missing.remedy);
            None
        }
        _ => Some(format!("{}: the reference does not pass: {outcome:#?}", exercise.id)),
    }
}

fn complaint_about_mistake(exercise: &Exercise, wrong: &Wrong, outcome: &Outcome) -> Option<String> {
    let named: Vec<_> = outcome.mistakes.iter().map(|(name, _)| name.as_str()).collect();
    match &outcome.verdict {
        Verdict::NotGradable(_) => None,
        Verdict::Failed if named == [wrong.name.as_str()] && outcome.score < f64::from(exercise.points) => None,
        _ => Some(format!("{}: {} is told {named:?}: {outcome:#?}", exercise.id, wrong.name)),
    }
}

/// One exercise in full: complaints, and its rows of the table.
fn judged(grader: &Grader<'_>, course: &Course, exercise: &Exercise) -> (Vec<String>, String) {
    let mut complaints = Vec::new();
    let mut rows = String::new();
    complaints.extend(complaint_about_reference(exercise, &reference(grader, course, exercise)));
    for mistake in wrong_bodies(course, exercise).unwrap() {
        let outcome = wrong(grader, course, exercise, &mistake);
        eprintln!("{} {}: {:.1} s", exercise.id, mistake.name, outcome.seconds);
        complaints.extend(complaint_about_mistake(exercise, &mistake, &outcome));
        let diagnosis = exercise.diagnosis(&mistake.name).unwrap_or_default();
        let _ = writeln!(rows, "| `{}` | `{}` | {} | {diagnosis} |", exercise.id, mistake.name, mistake.why);
    }
    (complaints, rows)
}

fn table(exercises: &[&Exercise], grader: &Grader<'_>, course: &Course) -> (Vec<String>, String) {
    let mut text = "| exercise | mistake | who makes it | what they are told |\n|---|---|---|---|\n".to_owned();
    let mut all = Vec::new();
    for exercise in exercises {
        let (complaints, rows) = judged(grader, course, exercise);
        all.extend(complaints);
        text.push_str(&rows);
    }
    (all, text)
}

#[test]
#[ignore = "takes minutes: cargo test -p grader --test kill_table -- --ignored"]
fn every_mistake_is_told_its_own_diagnosis_and_no_other_s() {
    let course = course();
    let only = std::env::var("KILL_TABLE_ONLY").unwrap_or_else(|_| "all".to_owned());
    let grader = grader(&course);
    let (complaints, table) = table(&course.named(&only).unwrap(), &grader, &course);
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    if let Some(file) = std::env::var_os("KILL_TABLE") {
        std::fs::write(file, table).unwrap();
    }
}
