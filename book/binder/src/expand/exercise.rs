//! `{{exercise uts-1}}`: what to do, and hints to open one by one.

use anyhow::Result;

use super::Edition;

pub(super) fn shown(edition: &Edition, id: &str) -> Result<String> {
    let exercise = edition.course.exercise(id)?;
    let kind = if exercise.is_lab() { edition.say("Lab") } else { edition.say("Exercise") };
    let points = if exercise.points == 1 { edition.say("point") } else { edition.say("points") };
    let mut shown = format!(
        "<section class=\"exercise\" id=\"{}\">\n\n**{kind} `{id}`{}{}** · {} {points}\n\n{}\n",
        anchor(id),
        edition.colon(),
        edition.text(&exercise.title),
        exercise.points,
        edition.text(&exercise.task)
    );
    for (at, hint) in exercise.hints.iter().enumerate() {
        let summary = format!("{} {}", edition.say("Hint"), at + 1);
        shown.push_str(&format!("\n<details><summary>{summary}</summary>\n\n{}\n\n</details>\n", edition.text(hint)));
    }
    shown.push_str(&format!("\n`cargo workshop grade {id}`\n\n</section>\n"));
    Ok(shown)
}

/// Where in its chapter an exercise stands.
pub(crate) fn anchor(id: &str) -> String {
    format!("exercise-{id}")
}
