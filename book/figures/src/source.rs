//! Where in the source a reason is written: reasons are written once, at the call they are given for.

mod literals;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use literals::Literal;

/// All reasons that the stages may give.
#[derive(Debug)]
pub struct Sources {
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    /// From the root of the repository.
    path: String,
    lines: Vec<String>,
    literals: Vec<Literal>,
}

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, from the root of the repository.
    pub path: String,
    /// The line of the reason, counted from 1.
    pub line: usize,
    /// The whole statement, as it stands there, without the indentation that all its lines share.
    pub statement: String,
    /// The exercise whose hole it lies in.
    pub exercise: Option<String>,
}

impl Sources {
    /// Reads all of `stages/`.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read(repository: &Path) -> Result<Self> {
        let mut paths = Vec::new();
        let mut stages: Vec<_> = entries(&repository.join("stages"))?;
        stages.sort();
        for stage in stages.iter().filter(|stage| stage.join("src").is_dir()) {
            files_below(&stage.join("src"), &mut paths)?;
        }
        let files = paths.iter().map(|path| {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            let path = path.strip_prefix(repository).unwrap_or(path).display().to_string();
            // What stands in a test is no reason.
            let text = text.split("\n#[cfg(test)]").next().unwrap_or_default();
            Ok(File { path, lines: text.lines().map(str::to_owned).collect(), literals: literals::of(text) })
        });
        Ok(Self { files: files.collect::<Result<_>>()? })
    }

    /// The place of a reason that a call was given in a program of this stage.
    pub fn find(&self, reason: &str, call: &str, stage: &str) -> Option<Place> {
        let all = self.files.iter().flat_map(|file| file.literals.iter().map(move |literal| (file, literal)));
        let fitting = all.filter_map(|(file, literal)| Some((literal.fits(reason)?, file, literal)));
        let best = fitting.max_by_key(|(weight, file, literal)| {
            let says_call = file.statement(literal.line).1.contains(&format!(".{call}("));
            let is_of_stage = file.path.starts_with(&format!("stages/{stage}/"));
            (*weight, says_call, is_of_stage)
        });
        best.map(|(_, file, literal)| file.place(literal.line))
    }
}

impl File {
    fn place(&self, line: usize) -> Place {
        let (from, statement) = self.statement(line);
        Place { path: self.path.clone(), line, statement, exercise: self.exercise(from) }
    }

    /// The first line of the statement around this one, counted from 1, and its text.
    fn statement(&self, line: usize) -> (usize, String) {
        let ends = |text: &str| {
            let text = text.trim_end();
            text.is_empty() || text.ends_with([';', '{', '}', ',']) || text.trim_start().starts_with("//")
        };
        let (mut from, mut to) = (line, line);
        while from > 1 && !ends(&self.lines[from - 2]) {
            from -= 1;
        }
        while to < self.lines.len()
            && (!ends(&self.lines[to - 1]) || depth(&self.lines[from - 1..to]) > 0)
            && to - from < 9
        {
            // A closure or a match goes on for long: its first line says what it is.
            if self.lines[to - 1].trim_end().ends_with('{') {
                break;
            }
            // The last expression of a hole needs no semicolon.
            if mark(&self.lines[to], "// END ").is_some() {
                break;
            }
            to += 1;
        }
        let lines = &self.lines[from - 1..to];
        let shared = lines.iter().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        let text: Vec<_> = lines.iter().map(|line| &line[shared..]).collect();
        (from, text.join("\n"))
    }

    /// The exercise in whose hole the statement that begins there stands.
    fn exercise(&self, from: usize) -> Option<String> {
        let above = &self.lines[..from];
        let (at, id) = above.iter().enumerate().rev().find_map(|(at, line)| Some((at, mark(line, "// EXERCISE ")?)))?;
        let is_over = above[at..].iter().any(|line| mark(line, "// END ").is_some());
        (!is_over).then_some(id)
    }
}

/// The id that a line marks as the beginning or end of a hole.
fn mark(line: &str, mark: &str) -> Option<String> {
    line.trim().strip_prefix(mark).map(|id| id.trim().to_owned())
}

/// How many parentheses and brackets are still open.
fn depth(lines: &[String]) -> i32 {
    let mut depth = 0;
    let mut is_quoted = false;
    let mut is_escaped = false;
    for letter in lines.iter().flat_map(|line| line.chars().chain(['\n'])) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '(' | '[' if !is_quoted => depth += 1,
            ')' | ']' if !is_quoted => depth -= 1,
            _ => {}
        }
    }
    depth
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    Ok(entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?)
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut paths = entries(folder)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files_below(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_expression_of_a_hole_belongs_to_it_and_its_mark_to_nobody() {
        let text = "fn own() {\n    // EXERCISE a-1\n    kernel.because(\"first\").one()?;\n    kernel.because(\"last\").two()\n    // END a-1\n}\n\nfn other() {\n    kernel.because(\"elsewhere\").three()?;\n}\n";
        let lines = text.lines().map(str::to_owned).collect();
        let file = File { path: "a.rs".into(), lines, literals: literals::of(text) };
        for (line, statement, exercise) in [
            (3, "kernel.because(\"first\").one()?;", Some("a-1")),
            (4, "kernel.because(\"last\").two()", Some("a-1")),
            (9, "kernel.because(\"elsewhere\").three()?;", None),
        ] {
            let place = file.place(line);
            assert_eq!((place.statement.as_str(), place.exercise.as_deref()), (statement, exercise), "line {line}");
        }
    }
}
