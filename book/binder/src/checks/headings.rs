//! The headings that the chapter of every stage has, in their order, and the places that exercises are explained at.

use super::book::{Book, Chapter};

/// Each of them, as it is written.
const HEADINGS: [&str; 8] = [
    "## What you can do after this {#after}",
    "## The idea {#idea}",
    "## By hand {#by-hand}",
    "## Read the code {#code}",
    "## Watch it {#watch}",
    "## Break it {#break-it}",
    "## Exercises {#exercises}",
    "## What still leaks {#what-still-leaks}",
];

/// Chapters that lack one, or have others; and sheets that name a place which is not there.
pub fn wrong(book: &Book) -> Vec<String> {
    let stages = book.chapters.iter().filter(|chapter| chapter.stage().is_some());
    let mut wrong: Vec<_> = stages.flat_map(wrong_in).collect();
    let exercises = book.course.exercises().map(|exercise| (&exercise.stage, &exercise.id, &exercise.chapter));
    let predictions = book.course.predictions().map(|question| (&question.stage, &question.id, &question.chapter));
    for (stage, id, place) in exercises.chain(predictions) {
        let (file, anchor) = place.split_once('#').unwrap_or((place, ""));
        let chapter = book.chapters.iter().find(|chapter| chapter.name == file);
        let is_there = chapter.is_none_or(|chapter| chapter.text.contains(&format!("{{#{anchor}}}")));
        if !is_there {
            wrong.push(format!("stages/{stage}/EXERCISES.md: {id}: book/src/{file} has no heading with {{#{anchor}}}"));
        }
        let directives = [format!("{{{{exercise {id}}}}}"), format!("{{{{prediction {id}}}}}")];
        let stands = |chapter: &&Chapter| directives.iter().any(|directive| chapter.text.contains(directive));
        if chapter.is_some_and(|chapter| !stands(&chapter)) {
            wrong
                .push(format!("book/src/{file}: {id} is explained here, and does not stand here: `{}`", directives[0]));
        }
    }
    wrong
}

fn wrong_in(chapter: &Chapter) -> Vec<String> {
    let found: Vec<_> = headings(&chapter.text);
    let mut wrong: Vec<_> = found
        .iter()
        .filter(|(_, heading)| !HEADINGS.contains(heading))
        .map(|(line, heading)| format!("{}: `{heading}` is none of the headings of a stage", chapter.at(*line)))
        .collect();
    let known: Vec<_> =
        found.iter().map(|(_, heading)| *heading).filter(|heading| HEADINGS.contains(heading)).collect();
    if let Some((_, missing)) = known.iter().chain(&[""]).zip(HEADINGS).find(|(found, wanted)| *found != wanted) {
        wrong.push(format!("{}: `{missing}` is missing, or not in its place", chapter.at(1)));
    }
    wrong
}

/// The headings of the second rank, with their lines.
fn headings(text: &str) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        if !in_code && line.starts_with("## ") {
            found.push((at + 1, line.trim_end()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_that_is_missing_or_strange_is_named() {
        let chapter = |text: String| Chapter { name: "04-pivot.md".to_owned(), text };
        assert!(wrong_in(&chapter(HEADINGS.join("\n\n"))).is_empty());
        let without = HEADINGS.iter().filter(|heading| !heading.contains("break-it")).copied().collect::<Vec<_>>();
        assert!(wrong_in(&chapter(without.join("\n")))[0].contains("Break it"));
        assert!(wrong_in(&chapter(HEADINGS[..7].join("\n")))[0].contains("What still leaks"));
        assert!(wrong_in(&chapter(HEADINGS.join("\n") + "\n## Else\n"))[0].contains("Else"));
    }
}
