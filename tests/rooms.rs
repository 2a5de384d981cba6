//! Each stage has the same rooms, and keeps to the same measure.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{programs, repository};

/// The longest file and the longest function of a stage, unless its head says why: `Longer than …: reason`.
const LONGEST_FILE: usize = 250;
const LONGEST_FUNCTION: usize = 40;
/// Stages 00 to 07 together, with all that they depend on.
const MOST_CRATES: usize = 60;

fn stages() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join("stages")).unwrap();
    let mut stages: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    stages.sort();
    assert!(stages.len() >= 8, "{stages:?}");
    stages
}

/// All files below a folder whose name ends like this.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn short(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}

fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_stage_has_every_room() {
    const ROOMS: [&str; 5] = ["Cargo.toml", "README.md", "src/lib.rs", "src/bin", "tests/rehearsal.rs"];
    let mut missing = Vec::new();
    for stage in stages() {
        // Groundwork rehearses nothing: it is what rehearses.
        let is_groundwork = stage.ends_with("00-groundwork");
        let rooms = ROOMS.iter().filter(|room| !(is_groundwork && room.starts_with("tests")));
        missing.extend(rooms.map(|room| stage.join(room)).filter(|room| !room.exists()).map(|room| short(&room)));
    }
    none(&missing);
}

#[test]
fn every_stage_says_its_idea_once_and_in_its_own_words() {
    let mut complaints = Vec::new();
    for stage in stages() {
        let manifest = read(&stage.join("Cargo.toml"));
        let idea = manifest.lines().find_map(|line| line.strip_prefix("description = \"")?.strip_suffix('"'));
        let idea = idea.unwrap_or("no description").replace("\\\"", "\"");
        let name = stage.file_name().unwrap().to_string_lossy().into_owned();
        let name = name.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-').to_owned();
        let readme = read(&stage.join("README.md"));
        let title = readme.lines().next().unwrap_or_default().to_lowercase();
        for (what, is_there) in [
            ("title, its name", title == format!("# {name}")),
            ("first sentence, its idea", readme.lines().nth(2) == Some(&format!("{idea}."))),
            ("command to try", readme.contains("```sh\ncargo run ") || readme.contains("\ncargo run -p ")),
            ("list of man pages at its end", readme.lines().last().unwrap_or_default().starts_with("Man pages: ")),
        ] {
            if !is_there {
                complaints.push(format!("{}/README.md: no {what}", short(&stage)));
            }
        }
        let programs = files(&stage.join("src/bin"), ".rs").into_iter();
        let programs = programs.map(|file| file.file_stem().unwrap().to_string_lossy().into_owned());
        let forgotten = programs.filter(|program| !readme.contains(&format!("`{program}")));
        complaints.extend(forgotten.map(|program| format!("{}/README.md: no word of {program}", short(&stage))));
        if !read(&stage.join("src/lib.rs")).contains("include_str!(\"../README.md\")") {
            complaints.push(format!("{}/src/lib.rs does not show the README", short(&stage)));
        }
    }
    none(&complaints);
}

#[test]
fn every_link_of_a_readme_leads_somewhere() {
    let mut complaints = Vec::new();
    for readme in stages().iter().map(|stage| stage.join("README.md")) {
        let text = read(&readme);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let broken = links.filter(|link| !link.contains("://") && !readme.parent().unwrap().join(link).exists());
        complaints.extend(broken.map(|link| format!("{}: {link}", short(&readme))));
    }
    none(&complaints);
}

#[test]
fn lib_is_a_map_and_nothing_else() {
    let mut complaints = Vec::new();
    for stage in stages() {
        let lib = stage.join("src/lib.rs");
        let is_map = |line: &&str| {
            ["#![", "//", "mod ", "pub mod ", "pub use ", "use ", "    ", "}"]
                .iter()
                .any(|start| line.starts_with(start))
        };
        let text = read(&lib);
        let others = text.lines().filter(|line| !line.is_empty()).filter(|line| !is_map(line));
        complaints.extend(others.map(|line| format!("{}: {line}", short(&lib))));
    }
    none(&complaints);
}

#[test]
fn numbers_stand_on_folders_and_never_in_code() {
    let mut complaints = Vec::new();
    for stage in stages() {
        let name = stage.file_name().unwrap().to_string_lossy().into_owned();
        let manifest = read(&stage.join("Cargo.toml"));
        let package = manifest.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default();
        if package.contains(|letter: char| letter.is_ascii_digit()) {
            complaints.push(format!("{name} is the package {package}"));
        }
        for file in files(&stage.join("src"), ".rs") {
            let text = read(&file);
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            complaints.extend(code.filter(|line| line.contains(&name)).map(|line| format!("{}: {line}", short(&file))));
        }
    }
    // The program that speaks of stages by their numbers is the one that lists them.
    complaints.retain(|complaint| !complaint.starts_with("stages/00-groundwork/src/preflight/stages"));
    none(&complaints);
}

#[test]
fn files_and_functions_fit_on_a_screen_or_say_why_not() {
    let mut complaints = Vec::new();
    for file in stages().iter().flat_map(|stage| files(&stage.join("src"), ".rs")) {
        let text = read(&file);
        if text.lines().take(12).any(|line| line.contains("Longer than")) {
            continue;
        }
        let length = text.lines().count();
        if length > LONGEST_FILE {
            complaints.push(format!("{}: {length} lines", short(&file)));
        }
        let functions = functions(&text).into_iter().filter(|(_, length)| *length > LONGEST_FUNCTION);
        complaints.extend(functions.map(|(name, length)| format!("{}: {name} has {length} lines", short(&file))));
    }
    none(&complaints);
}

/// True for a line that says where a hole or a listing begins or ends. Nobody reads it: learners get the hole without it, and
/// the book leaves it out.
fn is_mark(line: &str) -> bool {
    let comment = line.trim_start().strip_prefix("// ");
    comment.is_some_and(|words| {
        ["EXERCISE ", "END ", "ANCHOR: ", "ANCHOR_END: "].iter().any(|mark| words.starts_with(mark))
    })
}

/// Name and number of lines of each function, as rustfmt lays them out: from `fn` to the brace below its first letter.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<_> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let is_function = code.split('(').next().is_some_and(|head| head.split(' ').any(|word| word == "fn"));
        if !is_function || code.starts_with("//") || code.ends_with([';', '}']) {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - code.len()]);
        if let Some(length) = lines[at..].iter().position(|other| *other == end) {
            let length = length - lines[at..at + length].iter().filter(|line| is_mark(line)).count();
            let name = code.split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next()).unwrap_or_default();
            found.push((name.to_owned(), length + 1));
        }
    }
    found
}

#[test]
fn every_program_answers_help_version_and_generate() {
    let room = room!();
    let mut complaints = Vec::new();
    for name in programs().keys() {
        for (words, expected) in [
            (&["--help"][..], "--help"),
            (&["--version"], "0."),
            (&["--generate", "man"], ".TH"),
            (&["--generate", "bash"], "complete"),
            (&["--generate", "zsh"], "#compdef"),
            (&["--generate", "fish"], "complete -c"),
        ] {
            let ran = room.run(name, words);
            if ran.status() != 0 || !ran.stdout().contains(expected) || !ran.stderr().is_empty() {
                complaints.push(format!("{name} {}: status {}: {}", words.join(" "), ran.status(), ran.stderr()));
            }
        }
    }
    none(&complaints);
}

/// What a page of help lacks. A verb is too small to have a paragraph on its idea.
fn complaints_about(name: &str, help: &str) -> Vec<String> {
    let is_verb = name.contains(' ');
    let purpose = help.lines().next().unwrap_or_default();
    let words = help.split("Usage:").next().unwrap_or_default().split_whitespace().count();
    let last = help.trim_end().lines().last().unwrap_or_default();
    let names_a_page = ["(1)", "(2)", "(5)", "(7)", "(8)"].iter().any(|section| last.contains(section));
    let must = [
        ("its purpose in one short line", !purpose.is_empty() && purpose.chars().count() <= 100),
        ("its own name", help.contains(&format!("\nUsage: {name} "))),
        ("lines of at most 120 columns", help.lines().all(|line| line.chars().count() <= 120)),
        ("examples", help.contains("\nExamples:\n")),
        ("its exit status", help.contains("\nExit status: ")),
        ("what to read next in its last line", names_a_page),
        ("a paragraph on its idea", is_verb || words >= 20),
    ];
    must.iter().filter(|(_, is_there)| !is_there).map(|(what, _)| format!("{name} --help lacks {what}")).collect()
}

/// The verbs that a program lists.
fn verbs(help: &str) -> Vec<String> {
    let listed = help.split_once("\nCommands:\n").map_or("", |(_, rest)| rest).split("\n\n").next();
    let verbs = listed.unwrap_or_default().lines().filter_map(|line| line.split_whitespace().next());
    verbs.filter(|verb| *verb != "help").map(str::to_owned).collect()
}

#[test]
fn every_help_teaches() {
    let room = room!();
    let mut complaints = Vec::new();
    for name in programs().keys() {
        let help = room.run(name, ["--help"]).ok();
        complaints.extend(complaints_about(name, &help));
        for verb in verbs(&help) {
            let help = room.run(name, [&verb, "--help"]).ok();
            complaints.extend(complaints_about(&format!("{name} {verb}"), &help));
        }
    }
    assert!(verbs(&room.run("boxwright", ["--help"]).ok()).len() >= 10, "boxwright lists its verbs");
    none(&complaints);
}

#[test]
fn stages_stay_light() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let stages = stages();
    let mut command = Command::new(cargo);
    command.current_dir(repository()).args(["tree", "-e", "normal", "--no-dedupe", "--prefix", "none"]);
    for stage in &stages {
        let manifest = read(&stage.join("Cargo.toml"));
        let package =
            manifest.lines().find_map(|line| line.strip_prefix("name = ")).unwrap().trim_matches('"').to_owned();
        command.args(["-p", &package]);
    }
    let tree = command.output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8_lossy(&tree.stdout).into_owned();
    let crates: BTreeSet<_> = text.lines().map(|line| line.split(" (").next().unwrap_or_default()).collect();
    let crates: BTreeSet<_> = crates.into_iter().filter(|line| !line.is_empty()).collect();
    assert!(crates.len() < MOST_CRATES, "{} crates: {crates:?}", crates.len());
}

/// The reason of each exception from the rule that there is no unsafe code, and where it stands.
fn unsafe_sites(file: &Path) -> Vec<(String, String)> {
    let text = read(file);
    let sites = text.split("expect(unsafe_code").skip(1).map(|rest| rest.split(")]").next().unwrap_or_default());
    sites.map(|reason| (short(file), reason.split_whitespace().collect::<Vec<_>>().join(" "))).collect()
}

#[test]
fn each_unsafe_site_is_watched_by_a_test_that_exists() {
    let in_stages = files(&repository().join("stages"), ".rs");
    let all: Vec<_> = in_stages.iter().cloned().chain(files(&repository().join("tests"), ".rs")).collect();
    let mut tests = BTreeSet::new();
    for text in all.iter().map(|file| read(file)) {
        let after = text.split("#[test]").skip(1).filter_map(|rest| rest.split_once("fn ")?.1.split_once("()"));
        tests.extend(after.map(|(name, _)| name.to_owned()));
    }
    // In a test, the test itself watches.
    let sources = in_stages.iter().filter(|file| file.components().any(|part| part.as_os_str() == "src"));
    let sites: Vec<_> = sources.flat_map(|file| unsafe_sites(file)).collect();
    assert!(sites.len() >= 10, "{sites:?}");
    let is_watched = |reason: &str| {
        let name = reason.split_once("watched by ").map_or("", |(_, name)| name);
        tests.contains(name.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or_default())
    };
    let unwatched = sites.into_iter().filter(|(_, reason)| !is_watched(reason));
    none(&unwatched.map(|(file, reason)| format!("{file}: no test watches {reason}")).collect::<Vec<_>>());
}

#[test]
fn an_exception_is_expected_and_has_a_reason() {
    let mut complaints = Vec::new();
    for file in files(&repository().join("stages"), ".rs").iter().chain(&files(&repository().join("tests"), ".rs")) {
        let text = read(file);
        let exceptions = text.lines().map(str::trim).filter(|line| line.starts_with("#[") || line.starts_with("#!["));
        let wrong = exceptions.filter(|line| {
            // rustfmt keeps a long one on several lines: its reason is then not on this one.
            let has_reason = line.contains("reason = ") || !line.ends_with(")]");
            line.contains("[allow(") || (line.contains("[expect(") && !has_reason)
        });
        complaints.extend(wrong.map(|line| format!("{}: {line}", short(file))));
    }
    none(&complaints);
}
