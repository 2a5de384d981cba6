//! `grade`: how long a learner waits after an edit; and `size`: how large the program is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::Bench;
use crate::contender::Contender;
use crate::programs::{self, cargo};
use crate::report::{Line, Table};
use crate::stats::Summary;
use crate::turns::say;

/// An exercise of an early stage, on which all later ones are built.
const EXERCISE: &str = "uts-1";
/// Filled in up to here, so that it passes.
const FILLED_BEFORE: &str = "nsfs";
const EDITED: &str = "stages/02-unshare/src/uts.rs";
/// Each takes seconds.
const MOST_ROUNDS: usize = 5;

pub(super) fn tables(bench: &Bench) -> Result<Vec<Table>> {
    let workbench = bench.scratch.join("workbench");
    let guide = guide()?;
    say("grade: the first build, which is not counted");
    for words in [&["start"][..], &["catch-up", FILLED_BEFORE], &["grade", EXERCISE]] {
        contender(&guide, &workbench, "prepare", words).run()?;
    }
    let file = workbench.join(EDITED);
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let rounds = bench.rounds.min(MOST_ROUNDS);
    let seconds = |words: &[&str]| {
        Ok::<_, anyhow::Error>(contender(&guide, &workbench, "guide", words).run()?.milliseconds / 1000.0)
    };
    let (mut after, mut built, mut nothing) = (Vec::new(), Vec::new(), Vec::new());
    // What nobody has edited was built with the course, so these come first.
    for round in 0..rounds {
        say(&format!("grade: before the edits, round {} of {rounds}", round + 1));
        built.push(seconds(&["grade", EXERCISE])?);
        nothing.push(seconds(&["status"])?);
    }
    for round in 0..rounds {
        say(&format!("grade: after an edit, round {} of {rounds}", round + 1));
        fs::write(&file, edited(&text, round)?)?;
        after.push(seconds(&["grade", EXERCISE])?);
    }
    let mut table = Table::new("grade", EXERCISE, "s");
    table.lines.push(Line::new("grade after an edit", Summary::of(&after)));
    table.lines.push(Line::new("of that, building what was edited", Summary::of_differences(&after, &built)));
    table.lines.push(Line::new("of that, judging", Summary::of_differences(&built, &nothing)));
    table.lines.push(Line::new("of that, the guide itself", Summary::of(&nothing)));
    table.notes.push(format!("{rounds} rounds, each with another line in {EDITED}"));
    Ok(vec![table])
}

/// Another line in the exercise's hole: what is outside of it is the course's own, and is not built again.
fn edited(text: &str, round: usize) -> Result<String> {
    let mark = format!("// EXERCISE {EXERCISE}");
    let (before, hole) = text.split_once(&mark).with_context(|| format!("{EDITED} has no {EXERCISE}"))?;
    let (title, body) = hole.split_once('\n').with_context(|| format!("{EXERCISE} has no end"))?;
    Ok(format!("{before}{mark}{title}\n    let _round = {round};\n{body}"))
}

/// The program behind `cargo workshop`, as it is built for a learner.
fn guide() -> Result<PathBuf> {
    let built = cargo()
        .args(["build", "--quiet", "--package", "grader", "--bin", "workshop", "--message-format=json"])
        .output()?;
    ensure!(built.status.success(), "cargo builds no workshop: {}", String::from_utf8_lossy(&built.stderr));
    programs::executable(&built.stdout).context("cargo says of no program that it is workshop")
}

fn contender(guide: &Path, workbench: &Path, name: &str, words: &[&str]) -> Contender {
    let (guide, workbench) = (guide.display().to_string(), workbench.display().to_string());
    let all: Vec<_> = [guide.as_str(), "--workbench", &workbench].into_iter().chain(words.iter().copied()).collect();
    let mut contender = Contender::new(name, &all);
    // It builds with cargo, which has its own home and its own toolchain.
    let kept = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO", "RUSTUP_TOOLCHAIN"];
    contender.environment =
        kept.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))).collect();
    contender
}

pub(super) fn size(bench: &Bench) -> Result<Vec<Table>> {
    let mut table = Table::new("size", "boxwright, for release, stripped", "MB");
    let linked = if bench.programs.are_static { "with its C library in it" } else { "linked to the host's C library" };
    for (name, path) in [(linked, &bench.programs.boxwright), ("the floor", &bench.programs.floor)] {
        let bytes = fs::metadata(path)?.len();
        table.lines.push(Line::new(name, Summary::of(&[bytes as f64 / 1e6])));
    }
    Ok(vec![table])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_a_line_in_the_hole() {
        let text = "fn a() {\n    // EXERCISE uts-1: A name\n    b()\n    // END uts-1\n}\n";
        let edited = edited(text, 7).unwrap();
        assert_eq!(edited, text.replace("    b()", "    let _round = 7;\n    b()"));
        assert!(super::edited("fn a() {}", 7).is_err());
    }
}
