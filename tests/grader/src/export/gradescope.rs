//! `results.json`: <https://gradescope-autograders.readthedocs.io/en/latest/specs/>, "Output format".

use serde_json::{Value, json};

use super::{name, told};
use crate::outcome::{Outcome, Outcomes};
use crate::paint::Paint;
use crate::show;

pub(super) fn value(outcomes: &Outcomes) -> Value {
    let seconds: f64 = outcomes.exercises.iter().map(|one| one.seconds).sum();
    json!({
        "score": outcomes.score(),
        "execution_time": seconds.round(),
        "output": show::summary(outcomes, Paint::none()) + &show::score(outcomes),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": outcomes.exercises.iter().enumerate().map(test).collect::<Vec<_>>(),
        "extra_data": { "points": outcomes.points() },
    })
}

/// What cannot be graded there is worth nothing there, and says so.
fn test((at, outcome): (usize, &Outcome)) -> Value {
    let points = if outcome.is_gradable() { outcome.points } else { 0 };
    let mut test = json!({
        "score": outcome.score,
        "max_score": points,
        "name": name(outcome),
        "number": (at + 1).to_string(),
        "output": told(outcome),
        "output_format": "text",
        "tags": [outcome.stage],
        "visibility": "visible",
    });
    if outcome.is_gradable() {
        test["status"] = json!(if outcome.is_passed() { "passed" } else { "failed" });
    }
    test
}
