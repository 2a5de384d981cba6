//! Tables of exercises, and of the mistakes that people make in them.

use anyhow::{Result, bail};
use grader::course::kill_table;

use super::Edition;
use super::exercise::anchor;

/// `{{exercises unshare}}`: the exercises of a stage, and where each is explained.
pub(super) fn exercises(edition: &Edition, package: &str) -> Result<String> {
    let Some(stage) = edition.course.stage(package) else { bail!("there is no stage {package}") };
    let heads = ["Exercise", "What", "Points", "Explained in"].map(|head| edition.say(head));
    let mut table = format!("| {} |\n|---|---|---|---|\n", heads.join(" | "));
    for exercise in &stage.sheet.exercises {
        let (file, place) = exercise.chapter.split_once('#').unwrap_or((&exercise.chapter, ""));
        let cells = [
            format!("[`{}`]({file}#{})", exercise.id, anchor(&exercise.id)),
            edition.text(&exercise.title).replace('|', "\\|"),
            exercise.points.to_string(),
            format!("[{}]({file}#{place})", title(edition, file, place)),
        ];
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    Ok(table)
}

/// What the heading with this anchor says.
fn title(edition: &Edition, file: &str, anchor: &str) -> String {
    let text = std::fs::read_to_string(edition.place.chapters().join(file)).unwrap_or_default();
    let mark = format!("{{#{anchor}}}");
    let heading = text.lines().find(|line| line.starts_with('#') && line.ends_with(&mark));
    heading.map_or_else(
        || anchor.to_owned(),
        |line| edition.text(line).trim_start_matches('#').trim_end_matches(&mark).trim().replace('|', "\\|"),
    )
}

/// `{{kill-table}}`: every mistake that the grader knows, stage by stage.
pub(super) fn mistakes(edition: &Edition) -> Result<String> {
    let mut shown = String::new();
    for stage in &edition.course.stages {
        let exercises: Vec<_> = stage.sheet.exercises.iter().collect();
        if exercises.is_empty() {
            continue;
        }
        shown.push_str(&format!(
            "## {}\n\n{}\n",
            heading(&stage.name),
            edition.text(&kill_table(&edition.course, &exercises)?)
        ));
    }
    Ok(shown)
}

/// `02-unshare` as a heading: `Unshare`.
pub(super) fn heading(stage: &str) -> String {
    let word = stage.split_once('-').map_or(stage, |(_, word)| word);
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
