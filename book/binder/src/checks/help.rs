//! What the programs say of themselves, which the book shows as the contract for programs in other languages.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::book::Book;
use crate::expand::Contract;
use crate::place::Place;

/// Pages in `book/help` that are not what the programs say. With `update`, they are made so.
///
/// # Errors
/// A program cannot be run, or a page cannot be written.
pub fn wrong(place: &Place, built: &Path, update: bool) -> Result<Vec<String>> {
    let fresh = said(&Book::read(place)?, built)?;
    let kept = Contract::open(place)?;
    let stale = kept.names().filter(|name| !fresh.contains_key(*name));
    let mut wrong: Vec<_> = stale.map(|name| (name.to_owned(), None)).collect();
    let differs = fresh.iter().filter(|(name, text)| kept.page(name) != Some(text));
    wrong.extend(differs.map(|(name, text)| (name.clone(), Some(text.clone()))));
    let named = |name: &str| place.named(&Contract::file(place, name));
    if update {
        std::fs::create_dir_all(Contract::folder(place))?;
        for (name, text) in &wrong {
            let file = Contract::file(place, name);
            match text {
                Some(text) => std::fs::write(&file, text),
                None => std::fs::remove_file(&file),
            }
            .with_context(|| named(name))?;
        }
    }
    Ok(wrong.iter().map(|(name, _)| format!("{}: not what `{name} --help` says", named(name))).collect())
}

/// What each program says to `--help`, and each of its verbs.
fn said(book: &Book, built: &Path) -> Result<BTreeMap<String, String>> {
    let mut pages = BTreeMap::new();
    for program in book.course.stages.iter().flat_map(|stage| &stage.programs) {
        let text = help(built, program, None)?;
        for verb in verbs(&text) {
            pages.insert(format!("{program} {verb}"), help(built, program, Some(verb))?);
        }
        pages.insert(program.clone(), text);
    }
    Ok(pages)
}

fn help(built: &Path, program: &str, verb: Option<&str>) -> Result<String> {
    let mut command = Command::new(built.join(program));
    command.args(verb).arg("--help").env_clear().env("LANG", "C.UTF-8").stdin(Stdio::null());
    let output = command.output().with_context(|| program.to_owned())?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The verbs that a page of help lists.
fn verbs(help: &str) -> impl Iterator<Item = &str> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let named = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    named.filter_map(|line| line.split_whitespace().next()).filter(|verb| *verb != "help")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_listed_below_their_heading() {
        let help = "Usage: x\n\nCommands:\n  run   a\n        more\n  ps    b\n  help  c\n\nOptions:\n  -h\n";
        assert_eq!(verbs(help).collect::<Vec<_>>(), ["run", "ps"]);
    }
}
