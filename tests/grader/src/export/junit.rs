//! JUnit XML, as the xUnit plugin of Jenkins has it in junit-10.xsd: a suite for each stage, a case for each exercise.

use std::fmt::Write as _;

use super::{name, told};
use crate::outcome::{Outcome, Outcomes, Verdict};

pub(super) fn write(outcomes: &Outcomes) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"workshop\">\n".to_owned();
    let mut stages: Vec<&str> = outcomes.exercises.iter().map(|one| one.stage.as_str()).collect();
    stages.dedup();
    for stage in stages {
        let cases: Vec<_> = outcomes.exercises.iter().filter(|one| one.stage == stage).collect();
        suite(&mut text, stage, &cases);
    }
    text + "</testsuites>\n"
}

fn suite(text: &mut String, stage: &str, cases: &[&Outcome]) {
    let skipped = cases.iter().filter(|one| !one.is_gradable()).count();
    let failures = cases.iter().filter(|one| one.is_gradable() && !one.is_passed()).count();
    let seconds: f64 = cases.iter().map(|one| one.seconds).sum();
    let _ = writeln!(
        text,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"{seconds:.3}\">",
        escaped(stage),
        cases.len(),
    );
    for case in cases {
        one(text, case);
    }
    text.push_str("  </testsuite>\n");
}

fn one(text: &mut String, outcome: &Outcome) {
    let (case, stage) = (escaped(&name(outcome)), escaped(&outcome.stage));
    let _ = write!(text, "    <testcase name=\"{case}\" classname=\"{stage}\" time=\"{:.3}\">", outcome.seconds);
    match &outcome.verdict {
        Verdict::Passed => {}
        Verdict::NotGradable(missing) => {
            let _ = write!(text, "<skipped message=\"{}\"/>", escaped(&format!("{}; {}", missing.why, missing.remedy)));
        }
        _ => {
            let failed = outcome.checks.iter().find(|check| !check.passed).map(|check| check.name.as_str());
            let kind = outcome.mistakes.first().map_or(super::word(&outcome.verdict), |(name, _)| name);
            let message = failed.unwrap_or_else(|| super::word(&outcome.verdict));
            let (kind, message, told) = (escaped(kind), escaped(message), escaped(&told(outcome)));
            let _ = write!(text, "<failure type=\"{kind}\" message=\"{message}\">{told}</failure>");
        }
    }
    let _ = writeln!(text, "<system-out>Score: {}/{}</system-out></testcase>", outcome.score, outcome.points);
}

/// Letters that mean something in XML; and control characters, which it knows no way to write.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() || ['\u{fffe}', '\u{ffff}'].contains(&letter) => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}
