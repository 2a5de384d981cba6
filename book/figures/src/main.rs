//! Records the runs of the book and draws its figures.

#![expect(clippy::print_stdout, reason = "what was recorded and drawn is this program's answer")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use figures::Figures;
use figures::declared::Declared;
use figures::record::{Programs, Recorded, Recorder};

/// Record the runs of the book, and draw its figures
///
/// What is recorded and drawn is declared in book/runs.toml, and told at its head.
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Record runs again, and draw their figures
    Record {
        /// Only these [default: all]
        names: Vec<String>,
    },
    /// Draw all figures again, from the traces that are there
    Draw,
    /// Print the steps of a run
    Show {
        /// Which run
        name: String,
    },
}

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("figures: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<()> {
    let repository = repository()?;
    let book = repository.join("book");
    match options.verb {
        Verb::Record { names } => {
            record(&repository, &book, &names)?;
            draw(&book, &names)
        }
        Verb::Draw => draw(&book, &[]),
        Verb::Show { name } => {
            print!("{}", Figures::open(&book)?.steps(&name)?);
            Ok(())
        }
    }
}

fn repository() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map(Path::to_owned).context("this package lies in book/figures")
}

fn record(repository: &Path, book: &Path, names: &[String]) -> Result<()> {
    let declared = Declared::read(book)?;
    for name in names {
        ensure!(declared.runs.iter().any(|run| run.name == *name), "runs.toml declares no run {name}");
    }
    let recorder = Recorder::new(repository, Programs::build(repository, &["stages", "--quiet"])?);
    for run in declared.runs.iter().filter(|run| names.is_empty() || names.contains(&run.name)) {
        match recorder.record(run)? {
            Recorded::Steps(steps) => {
                let file = book.join("traces").join(format!("{}.jsonl", run.name));
                write(&file, &figures::trace::written(&steps))?;
                println!("recorded {}: {} steps", run.name, steps.len());
            }
            Recorded::Missing(missing) => {
                println!("skipped: {}: {}: {}; {}", run.name, missing.need, missing.why, missing.remedy);
            }
        }
    }
    Ok(())
}

fn draw(book: &Path, runs: &[String]) -> Result<()> {
    let figures = Figures::open(book)?;
    for figure in figures.declared().figures.iter().filter(|figure| runs.is_empty() || runs.contains(&figure.run)) {
        write(&book.join("drawn").join(format!("{}.svg", figure.name)), &figures.drawn(figure)?)?;
        println!("drawn {}", figure.name);
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
