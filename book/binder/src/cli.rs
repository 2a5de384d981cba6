//! What the binder is told.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

use crate::console::{chapter, programs};
use crate::place::Place;

/// Builds, serves and tests the book
#[derive(Parser)]
#[command(name = "binder", bin_name = "cargo workshop book", version)]
struct Options {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Build the pages
    Build,
    /// Type the console blocks of chapters, and compare
    Test(Test),
}

#[derive(clap::Args)]
struct Test {
    /// Write what is seen where something else was expected
    #[arg(long)]
    update: bool,
    /// Chapters, such as 04-pivot [default: all]
    chapters: Vec<String>,
}

/// Runs the binder.
pub fn main() -> ExitCode {
    match Options::parse().run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("binder: {error:#}");
            ExitCode::from(2)
        }
    }
}

impl Options {
    fn run(self) -> Result<bool> {
        let place = Place::find()?;
        match self.verb.unwrap_or(Verb::Build) {
            Verb::Build => {
                let built = crate::build::build(&place)?;
                for wrong in &built.wrong {
                    eprintln!("{wrong}");
                }
                say(&format!("{}", built.index.display()));
                Ok(built.wrong.is_empty())
            }
            Verb::Test(test) => test.run(&place),
        }
    }
}

impl Test {
    fn run(self, place: &Place) -> Result<bool> {
        let built = programs::built(place)?;
        let mut well = true;
        ensure!(!self.chapters.is_empty(), "name a chapter");
        for chapter in &self.chapters {
            well &= typed(place, &built, chapter, self.update)?;
        }
        Ok(well)
    }
}

fn typed(place: &Place, built: &Path, chapter: &str, update: bool) -> Result<bool> {
    let name = Path::new(chapter).file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{name}.md");
    let report = chapter::run(place, built, &name)?;
    for (line, why) in &report.skipped {
        say(&format!("book/src/{name}:{line}: skipped: {why}"));
    }
    for (line, why) in &report.norun {
        say(&format!("book/src/{name}:{line}: never run: {why}"));
    }
    for wrong in &report.wrong {
        say(wrong);
    }
    if let (true, Some(text)) = (update, &report.renewed) {
        let file = place.chapters().join(&name);
        std::fs::write(&file, text).with_context(|| file.display().to_string())?;
        say(&format!("book/src/{name}: written anew; look at it with `git diff`"));
    }
    let (run, skipped, norun) = (report.run, report.skipped.len(), report.norun.len());
    say(&format!("{name}: {run} blocks run, {skipped} skipped, {norun} never run, {} wrong", report.wrong.len()));
    Ok(report.wrong.is_empty())
}

/// Writes a line. A reader who has left wants no more.
fn say(line: &str) {
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(format!("{line}\n").as_bytes()).and_then(|()| stdout.flush());
}
