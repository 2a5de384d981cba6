//! Cutting a workbench out of the course: every exercise a hole, everything else as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::course::{Course, Exercise, Piece, files_below, pieces, text};
use crate::forge::{is_needed, only_stages};

/// All files of a workbench, by their path in it.
///
/// # Errors
/// The course cannot be read.
pub fn cut(course: &Course) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let tops = ["stages", "rootfs-scripts", "rustfmt.toml", "Cargo.lock"].map(|name| course.root.join(name));
    for path in tops.iter().flat_map(|top| files_below(top)) {
        let name = path.strip_prefix(&course.root).unwrap_or(&path).to_owned();
        if !is_needed(&name) {
            continue;
        }
        let content = fs::read(&path).with_context(|| path.display().to_string())?;
        let content = match String::from_utf8(content) {
            Ok(source) => changed(course, &name, source)?.into_bytes(),
            Err(binary) => binary.into_bytes(),
        };
        files.insert(name, content);
    }
    let manifest = fs::read_to_string(course.root.join("Cargo.toml")).context("Cargo.toml")?;
    files.insert("Cargo.toml".into(), manifest_of_a_workbench(&manifest).into_bytes());
    files.insert(".gitignore".into(), b"/target\n/.workshop/forge*\n".to_vec());
    files.insert("README.md".into(), include_bytes!("README.md").to_vec());
    files.insert(".cargo/config.toml".into(), alias(&course.root).into_bytes());
    Ok(files)
}

fn changed(course: &Course, name: &Path, source: String) -> Result<String> {
    if name.file_name().is_some_and(|file| file == "Cargo.toml") {
        return Ok(without_tests(&source));
    }
    if !course.holes().any(|hole| hole.file == name) {
        return Ok(source);
    }
    let mut pieces = pieces(&source).with_context(|| name.display().to_string())?;
    for at in 0..pieces.len() {
        let before = match at.checked_sub(1).and_then(|before| pieces.get(before)) {
            Some(Piece::Text(before)) => before.clone(),
            _ => String::new(),
        };
        if let Some(Piece::Hole { id, open, body, .. }) = pieces.get_mut(at) {
            let exercise = course.exercise(id)?;
            *open = format!("{}: {}\n", open.trim_end(), exercise.title);
            *body = stub(exercise, open, begins_a_function(&before));
        }
    }
    Ok(text(&pieces))
}

/// What a hole holds before anything is written into it. `open` is the line above it.
pub fn stub(exercise: &Exercise, open: &str, begins_a_function: bool) -> String {
    let indent: String = open.chars().take_while(|letter| letter.is_whitespace()).collect();
    let is_script = open.trim_start().starts_with('#');
    let comment = if is_script { "#" } else { "//" };
    let mut lines: Vec<_> = task_lines(&exercise.task, 116 - indent.len());
    lines.push(format!("A hint: cargo workshop hint {}", exercise.id));
    let mut stub: String =
        lines.iter().map(|line| format!("{indent}{comment} {line}").trim_end().to_owned() + "\n").collect();
    let Exercise { id, title, .. } = exercise;
    if is_script {
        stub.push_str(&format!("{indent}echo 'todo: {id}: {}' >&2; exit 125\n", title.replace('\'', r"'\''")));
        return stub;
    }
    // Goes with the line below it, so that a parameter that is then not used is told.
    if begins_a_function {
        stub.push_str(&format!("{indent}#![allow(unused)]\n"));
    }
    stub.push_str(&format!("{indent}todo!({:?})\n", format!("{id}: {title}")));
    stub
}

/// The first paragraph of a task, on lines of at most this many letters.
fn task_lines(task: &str, width: usize) -> Vec<String> {
    let paragraph = task.split("\n\n").next().unwrap_or_default();
    let mut lines = vec![String::new()];
    for word in paragraph.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines
}

/// True when what comes next are the first lines of a function: there an attribute of the function may stand.
fn begins_a_function(before: &str) -> bool {
    let mut lines = before.trim_end().lines().rev();
    let Some(last) = lines.next().filter(|line| line.trim_end().ends_with('{')) else { return false };
    let is_head = |line: &str| {
        // Not yet the parameters, one of which may be called so; but `pub(crate) fn` has a bracket before them.
        let head = line.trim_start().trim_start_matches("pub(crate) ").split('(').next().unwrap_or_default();
        head.split_whitespace().any(|word| word == "fn")
    };
    if is_head(last) {
        return true;
    }
    // A head of several lines: its last one closes the parentheses, or ends the conditions.
    let closes = last.trim_start().starts_with(')') || last.trim() == "{";
    closes && lines.take_while(|line| !line.trim_end().ends_with(['{', '}', ';'])).any(is_head)
}

/// What learners write need not be documented, and what nobody uses yet will be used.
const LINTS: [(&str, &str); 4] =
    [("missing_docs", "allow"), ("unreachable_pub", "allow"), ("unused_imports", "allow"), ("dead_code", "allow")];

fn manifest_of_a_workbench(manifest: &str) -> String {
    let mut text = String::new();
    for line in only_stages(manifest).lines() {
        let name = line.split(" = ").next().unwrap_or_default();
        if LINTS.iter().any(|(lint, _)| *lint == name) {
            continue;
        }
        text.push_str(line);
        text.push('\n');
        if line == "[workspace.lints.rust]" {
            text.extend(LINTS.iter().map(|(lint, level)| format!("{lint} = {level:?}\n")));
        }
    }
    text
}

/// Tests and benches stay with the course, and with them the sections that name their files.
fn without_tests(manifest: &str) -> String {
    let mut text = String::new();
    let mut is_kept = true;
    for line in manifest.split_inclusive('\n') {
        if line.starts_with('[') {
            is_kept = !["[[test]]", "[[bench]]"].contains(&line.trim_end());
        }
        if is_kept {
            text.push_str(line);
        }
    }
    text
}

/// `cargo workshop` works in a workbench too, wherever it lies. Below the course cargo reads both aliases, and takes the nearer
/// one only if both are texts: lists it would join.
fn alias(course: &Path) -> String {
    let manifest = course.join("Cargo.toml").display().to_string();
    if manifest.contains(char::is_whitespace) {
        let home = course.display();
        return format!("# No alias can hold the space in {home}: `cargo workshop` works there.\n");
    }
    format!("[alias]\nworkshop = \"run --quiet --manifest-path {manifest} --package grader --bin workshop --\"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_stands_only_where_a_function_begins() {
        for (before, begins) in [
            ("pub fn f(a: u8) -> u8 {\n", true),
            ("fn f(\n    a: u8,\n) -> u8 {\n", true),
            ("fn f<T>(a: T)\nwhere\n    T: Copy,\n{\n", true),
            ("fn f() {\n    let a = 1;\n", false),
            ("fn f() {\n    if a {\n", false),
            ("fn f() {\n    g(|a| {\n", false),
            ("fn f() {\n    g(\n        a,\n    ) {\n", false),
        ] {
            assert_eq!(begins_a_function(before), begins, "{before}");
        }
    }

    #[test]
    fn below_the_course_the_nearer_alias_counts() {
        let course = tempfile::tempdir().unwrap();
        let workbench = course.path().join("workbench");
        let write = |folder: &Path, text: &str| {
            fs::create_dir_all(folder.join(".cargo")).unwrap();
            fs::write(folder.join(".cargo/config.toml"), text).unwrap();
        };
        write(course.path(), include_str!("../../../../.cargo/config.toml"));
        write(&workbench, &alias(course.path()));
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let listed = std::process::Command::new(cargo).arg("--list").current_dir(&workbench).output().unwrap();
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned() + &String::from_utf8_lossy(&listed.stderr);
        let line = listed.lines().find(|line| line.trim_start().starts_with("workshop ")).unwrap_or_default();
        assert!(line.contains("--manifest-path") && line.matches("run").count() == 1, "{line:?} in {listed}");
    }

    #[test]
    fn a_stub_says_what_to_do() {
        let exercise = Exercise {
            id: "uts-1".into(),
            title: "A \"name\"".into(),
            task: "Do it\nwell.\n\nMore.".into(),
            ..Exercise::default()
        };
        assert_eq!(
            stub(&exercise, "    // EXERCISE uts-1", true),
            "    // Do it well.\n    // A hint: cargo workshop hint uts-1\n    #![allow(unused)]\n    todo!(\"uts-1: A \\\"name\\\"\")\n"
        );
        assert!(stub(&exercise, "# EXERCISE uts-1", false).ends_with("echo 'todo: uts-1: A \"name\"' >&2; exit 125\n"));
        let exercise = Exercise { title: "The host's".into(), ..exercise };
        let output =
            std::process::Command::new("sh").args(["-c", &stub(&exercise, "# EXERCISE uts-1", false)]).output();
        assert_eq!(String::from_utf8_lossy(&output.unwrap().stderr), "todo: uts-1: The host's\n");
    }

    #[test]
    fn sections_of_tests_are_left_out() {
        assert_eq!(without_tests("[a]\nb\n[[test]]\nc\n\n[lints]\nd\n"), "[a]\nb\n[lints]\nd\n");
    }
}
