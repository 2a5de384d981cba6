//! Wrong bodies for the holes of an exercise: `stages/NN-name/mistakes/ID/NAME.rs`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Course, Exercise};

/// A wrong solution that people make.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// The mistake it makes.
    pub name: String,
    /// Who makes it and why: its first line.
    pub why: String,
    /// What to write into the holes, in their order.
    pub bodies: Vec<String>,
}

/// Stands between the bodies of several holes: `// HOLE 2`.
const SEPARATOR: &str = " HOLE ";

/// The wrong solutions of an exercise, one for each of its mistakes.
///
/// # Errors
/// A mistake without a file, a file without a mistake, or one with too few bodies.
pub fn wrong_bodies(course: &Course, exercise: &Exercise) -> Result<Vec<Wrong>> {
    let folder = course.root.join("stages").join(&exercise.stage).join("mistakes").join(&exercise.id);
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    let holes = course.holes().filter(|hole| hole.id == exercise.id).count();
    let found = files.iter().map(|file| wrong(file, holes)).collect::<Result<Vec<_>>>()?;
    let named = |name: &str| exercise.mistakes.iter().any(|mistake| mistake.name == name);
    if let Some(stray) = found.iter().find(|wrong| !named(&wrong.name)) {
        bail!("{}: {} has no diagnosis of that name", folder.join(&stray.name).display(), exercise.id);
    }
    match exercise.mistakes.iter().find(|mistake| found.iter().all(|wrong| wrong.name != mistake.name)) {
        Some(missing) => bail!("{}: there is no such file, and {} names it", missing.name, exercise.id),
        None => Ok(found),
    }
}

/// The kill table as Markdown: every mistake of these exercises, who makes it, and what they are told.
///
/// # Errors
/// As [`wrong_bodies`].
pub fn kill_table(course: &Course, exercises: &[&Exercise]) -> Result<String> {
    let mut table = "| exercise | mistake | who makes it | what they are told |\n|---|---|---|---|\n".to_owned();
    for exercise in exercises {
        for wrong in wrong_bodies(course, exercise)? {
            let diagnosis = exercise.diagnosis(&wrong.name).unwrap_or_default();
            let cells = [format!("`{}`", exercise.id), format!("`{}`", wrong.name), wrong.why, diagnosis.to_owned()];
            // A bar would end the cell, in code too.
            let cells = cells.map(|cell| cell.replace('|', "\\|"));
            table.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    Ok(table)
}

fn wrong(file: &Path, holes: usize) -> Result<Wrong> {
    let source = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (first, rest) = source.split_once('\n').unwrap_or_default();
    let why = first.trim_start_matches(['/', '#', ' ']).to_owned();
    if !first.starts_with(['/', '#']) || why.is_empty() {
        bail!("{}: the first line says in a comment who makes this mistake, and why", file.display());
    }
    let bodies = split(rest);
    if bodies.len() != holes {
        bail!("{}: {} bodies for {holes} holes; `// HOLE 2` stands between them", file.display(), bodies.len());
    }
    Ok(Wrong { name, why, bodies })
}

fn split(text: &str) -> Vec<String> {
    let mut bodies = vec![String::new()];
    for line in text.split_inclusive('\n') {
        let comment = line.trim().trim_start_matches(['/', '#']);
        let number = comment.strip_prefix(SEPARATOR).and_then(|number| number.trim().parse::<usize>().ok());
        match (number, bodies.last_mut()) {
            // A file may name its first hole too.
            (Some(1), _) => {}
            (Some(_), _) => bodies.push(String::new()),
            (None, Some(body)) => body.push_str(line),
            (None, None) => {}
        }
    }
    bodies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_separated_by_the_number_of_their_hole() {
        assert_eq!(split("a\n"), ["a\n"]);
        assert_eq!(split("a\n// HOLE 2\nb\n"), ["a\n", "b\n"]);
        assert_eq!(split("// HOLE 1\na\n// HOLE 2\n// HOLE 3\nc\n"), ["a\n", "", "c\n"]);
    }
}
