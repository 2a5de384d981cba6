//! What prose names in backticks is looked up: paths, files, programs and their options, exercises, functions.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use super::book::{Book, Part};
use crate::expand::Contract;

/// What begins with one of these is a path of the repository.
const FOLDERS: [&str; 5] = ["stages/", "book/", "tests/", "rootfs-scripts/", ".cargo/"];
/// A file with one of these endings is ours.
const ENDINGS: [&str; 2] = [".rs", ".md"];
/// What begins with one of these, and is one word, is a program.
const FAMILIES: [&str; 7] = ["enter-", "escape-", "unshare-", "ns-", "unpack-", "commit-", "layer-"];

/// All that can be named.
struct Known {
    files: BTreeSet<String>,
    programs: BTreeSet<String>,
    ids: BTreeSet<String>,
    /// The sources, in which functions and types are named.
    sources: String,
    contract: Contract,
    /// What the guide through the exercises says of its verbs.
    guide: Contract,
    /// Its verbs that pass on what they are told.
    passing: BTreeSet<String>,
}

/// Names of what is not there.
///
/// # Errors
/// The tree cannot be read.
pub fn wrong(book: &Book) -> Result<Vec<String>> {
    let known = Known::of(book)?;
    let mut wrong = Vec::new();
    for chapter in &book.chapters {
        for (line, part) in chapter.prose() {
            let Part::Code(name) = part else { continue };
            wrong.extend(known.complaint(&name).map(|what| format!("{}: `{name}`: {what}", chapter.at(line))));
        }
    }
    Ok(wrong)
}

impl Known {
    fn of(book: &Book) -> Result<Self> {
        let files = crate::console::clone::files(&book.place.repository)?;
        let text = |file: &Path| std::fs::read_to_string(book.place.repository.join(file)).unwrap_or_default();
        let is_source = |file: &&std::path::PathBuf| file.extension().is_some_and(|extension| extension == "rs");
        let sources = files.iter().filter(is_source).map(|file| text(file)).collect();
        let exercises = book.course.exercises().map(|exercise| exercise.id.clone());
        let (guide, passing) = guide();
        Ok(Self {
            files: files.iter().map(|file| file.display().to_string()).collect(),
            programs: book.course.stages.iter().flat_map(|stage| stage.programs.clone()).collect(),
            ids: exercises.chain(book.course.predictions().map(|question| question.id.clone())).collect(),
            sources,
            contract: Contract::open(&book.place)?,
            guide,
            passing,
        })
    }

    fn complaint(&self, name: &str) -> Option<String> {
        let first = name.split_whitespace().next()?;
        let is_one_word = first.len() == name.len();
        if self.programs.contains(first) {
            return self.of_program(name);
        }
        if let Some(verb) = name.strip_prefix("cargo workshop ") {
            return self.of_guide(verb);
        }
        if name.starts_with("--") {
            return self.option_of_nobody(first);
        }
        if !is_one_word {
            return None;
        }
        if is_path(name) {
            return (!self.has_file(name)).then(|| "there is no such file".to_owned());
        }
        if FAMILIES.iter().any(|family| name.starts_with(family)) && is_word(name) {
            return Some("there is no such program".to_owned());
        }
        if looks_like_id(name) && !self.ids.contains(name) {
            return Some("there is no such exercise or prediction".to_owned());
        }
        let unknown = identifiers(name).find(|word| !self.sources.contains(word))?;
        Some(format!("no source speaks of {unknown}"))
    }

    /// A verb of the guide, and its options.
    fn of_guide(&self, line: &str) -> Option<String> {
        let mut words = line.split_whitespace().take_while(|word| *word != "--");
        let verb = words.next()?;
        let Some(page) = self.guide.page(verb) else { return Some(format!("`cargo workshop` has no verb {verb}")) };
        let mut options = words.filter(|word| word.starts_with("--") && !self.passing.contains(verb));
        let missing = options.find(|word| !has_option(page, option(word)))?;
        Some(format!("`cargo workshop {verb} --help` does not know {missing}"))
    }

    /// The options of `boxwright run --memory 64M -- command --its-own`.
    fn of_program(&self, line: &str) -> Option<String> {
        let mut words = line.split_whitespace().take_while(|word| *word != "--");
        let program = words.next()?;
        let words: Vec<_> = words.collect();
        let verb = words.iter().find(|word| !word.starts_with('-')).map(|verb| format!("{program} {verb}"));
        let of_verb = verb.as_deref().and_then(|page| self.contract.page(page));
        let pages = [self.contract.page(program), of_verb];
        let missing = words
            .into_iter()
            .filter(|word| word.starts_with("--"))
            .find(|word| !pages.iter().flatten().any(|page| has_option(page, option(word))))?;
        Some(format!("`{program} --help` does not know {missing}"))
    }

    fn option_of_nobody(&self, word: &str) -> Option<String> {
        let word = option(word);
        let mut pages = self.contract.pages().chain(self.guide.pages());
        let is_known = word == "--" || pages.any(|page| has_option(page, word));
        (!is_known)
            .then(|| "no program of the stages has this option; whose is it? name the program before it".to_owned())
    }

    /// A whole path, the end of one, or a folder.
    fn has_file(&self, name: &str) -> bool {
        let name = name.split(':').next().unwrap_or(name).trim_end_matches('/');
        let (end, folder) = (format!("/{name}"), format!("{name}/"));
        let is_it = |file: &String| file == name || file.ends_with(&end) || file.starts_with(&folder);
        let inside = format!("/{name}/");
        self.files.iter().any(|file| is_it(file) || file.contains(&inside))
    }
}

/// The verbs of `cargo workshop`, asked of itself; and those that pass on what they are told to another program.
fn guide() -> (Contract, BTreeSet<String>) {
    let mut command = grader::guide::command();
    command.build();
    let passes_on = |verb: &&clap::Command| verb.get_arguments().any(clap::Arg::is_trailing_var_arg_set);
    let passing = command.get_subcommands().filter(passes_on).map(|verb| verb.get_name().to_owned()).collect();
    let verbs = command.get_subcommands_mut();
    let pages = verbs.map(|verb| (verb.get_name().to_owned(), verb.render_long_help().to_string()));
    (Contract::with(pages), passing)
}

fn is_path(name: &str) -> bool {
    let has_holes = name.contains(['*', '…', '<', '{', '$']) || name.chars().any(|letter| letter.is_ascii_uppercase());
    let is_ours = FOLDERS.iter().any(|folder| name.starts_with(folder));
    let is_file = ENDINGS.iter().any(|ending| name.ends_with(ending)) && !name.starts_with('/');
    let is_known_upper = name.ends_with("README.md") || name.ends_with("EXERCISES.md");
    (is_ours || is_file) && (!has_holes || is_known_upper)
}

/// Lower case letters, digits and hyphens.
fn is_word(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// `uts-1`, `lab-orphans`, `predict-ps`.
fn looks_like_id(name: &str) -> bool {
    let number = name.rsplit_once('-').is_some_and(|(stem, last)| {
        !stem.is_empty() && last.len() == 1 && last.bytes().all(|byte| byte.is_ascii_digit())
    });
    is_word(name) && (number || name.starts_with("lab-") || name.starts_with("predict-"))
}

/// The words of `Layer::add`, which name something in the sources.
fn identifiers(name: &str) -> impl Iterator<Item = &str> {
    let is_name =
        |word: &str| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let is_rust = name.contains("::") && name.split("::").all(is_name);
    name.split("::").filter(move |_| is_rust)
}

/// `--memory` of `--memory=64M`.
fn option(word: &str) -> &str {
    word.split('=').next().unwrap_or(word)
}

/// True when a page of help names the option, and not only one that begins like it.
fn has_option(page: &str, option: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '-');
    page.match_indices(option).any(|(at, _)| ends(&page[at + option.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned((name, text): (&str, &str)) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    fn known() -> Known {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Known {
            files: set(&["stages/04-pivot/src/pivot.rs", "README.md"]),
            programs: set(&["enter-pivot", "boxwright"]),
            ids: set(&["uts-1", "predict-ps"]),
            sources: "struct Layer; fn add() {}".to_owned(),
            contract: Contract::with(
                [
                    ("enter-pivot", "  --read-only\n"),
                    ("boxwright", "  --explain\n"),
                    ("boxwright run", "  --memory <N>\n"),
                ]
                .map(owned),
            ),
            guide: Contract::with([("grade", "  --bin <DIR>\n"), ("book", "")].map(owned)),
            passing: set(&["book"]),
        }
    }

    #[test]
    fn what_is_there_may_be_named() {
        for name in [
            "pivot.rs",
            "stages/04-pivot/src/pivot.rs",
            "stages/04-pivot",
            "stages/04-pivot/src/pivot.rs:12",
            "README.md",
            "enter-pivot --read-only ROOT -- ls --all",
            "boxwright run --explain --memory=64M",
            "--memory 64M",
            "uts-1",
            "predict-ps",
            "Layer::add",
            "unshare --fork",
            "/proc/self/ns",
            "stages/NN-name/mistakes",
            "ext4",
            "--bin",
            "cargo workshop book test --update",
            "cargo workshop grade uts-1 --bin DIR",
            "--",
        ] {
            assert_eq!(known().complaint(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_not_there_is_found() {
        for name in [
            "pivott.rs",
            "stages/04-pivot/nothing",
            "enter-pivott",
            "enter-pivot --read",
            "boxwright run --memo",
            "--fork",
            "uts-9",
            "predict-nothing",
            "lab-nothing",
            "Layer::sub",
            "cargo workshop nothing",
            "cargo workshop grade --bim DIR",
        ] {
            assert!(known().complaint(name).is_some(), "{name}");
        }
    }
}
