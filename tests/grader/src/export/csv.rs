//! Comma-separated values: RFC 4180.

use super::word;
use crate::outcome::{Outcome, Outcomes};

pub(super) fn write(outcomes: &Outcomes) -> String {
    let mut text = "whose,exercise,stage,verdict,score,points,mistakes,seconds\n".to_owned();
    for outcome in &outcomes.exercises {
        text.push_str(&row(&outcomes.whose, outcome));
    }
    text
}

fn row(whose: &str, outcome: &Outcome) -> String {
    let mistakes: Vec<_> = outcome.mistakes.iter().map(|(name, _)| name.as_str()).collect();
    let fields = [
        whose.to_owned(),
        outcome.id.clone(),
        outcome.stage.clone(),
        word(&outcome.verdict).to_owned(),
        outcome.score.to_string(),
        outcome.points.to_string(),
        mistakes.join(" "),
        format!("{:.1}", outcome.seconds),
    ];
    line(&fields)
}

/// A field with a comma, a quote or a line break in it stands in quotes.
pub(crate) fn line(fields: &[String]) -> String {
    let field = |field: &String| {
        if field.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field.clone()
        }
    };
    fields.iter().map(field).collect::<Vec<_>>().join(",") + "\n"
}
