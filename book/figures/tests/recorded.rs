//! Each run of the book, recorded again and compared with what is kept: as root those of root, and the others as a user.
//!
//! A test for each run that `runs.toml` declares. `cargo test -p figures --test recorded pivot` takes those whose name has that
//! word in it. Where they differ, `cargo run -p figures -- record NAME` keeps the new one.

#![expect(clippy::print_stdout, reason = "this is a test runner: it answers as others do")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use figures::declared::{Declared, Run};
use figures::record::{Programs, Recorded, Recorder};
use figures::trace;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let wanted: Vec<_> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
    let declared = Declared::read(&repository().join("book")).expect("runs.toml is well formed");
    let is_wanted = |run: &&Run| wanted.is_empty() || wanted.iter().any(|word| run.name.contains(word.as_str()));
    let runs: Vec<_> = declared.runs.iter().filter(is_wanted).collect();
    if arguments.iter().any(|word| word == "--list") {
        runs.iter().for_each(|run| println!("{}: test", run.name));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", runs.len());
    let request = ["build", "--quiet", "--workspace", "--bins", "--tests"];
    let repository = repository();
    let programs = Programs::build(&repository, &request).expect("the programs can be built");
    let recorder = Recorder::new(&repository, programs);
    let failed = runs.iter().filter(|run| !passes(&recorder, run)).count();
    let result = if failed == 0 { "ok" } else { "FAILED" };
    let passed = runs.len() - failed;
    println!("\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out\n");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this package lies in book/figures").to_owned()
}

fn passes(recorder: &Recorder<'_>, run: &Run) -> bool {
    match is_as_kept(recorder, run) {
        Ok(()) => println!("test {} ... ok", run.name),
        Err(ref error) => {
            println!("test {} ... FAILED\n{error:#}", run.name);
            return false;
        }
    }
    true
}

fn is_as_kept(recorder: &Recorder<'_>, run: &Run) -> Result<()> {
    let recorded = match recorder.record(run)? {
        Recorded::Steps(steps) => trace::written(&steps),
        Recorded::Missing(missing) => {
            return Ok(skips::note(&format!("recorded::{}", run.name), &missing.need, &missing.why, &missing.remedy)?);
        }
    };
    let kept = repository().join("book/traces").join(format!("{}.jsonl", run.name));
    let kept = trace::written(&trace::read(&kept)?);
    let differing = kept.lines().zip(recorded.lines()).position(|(kept, recorded)| kept != recorded);
    let at = differing.unwrap_or_else(|| kept.lines().count().min(recorded.lines().count()));
    let line = |text: &str| text.lines().nth(at).unwrap_or("nothing").to_owned();
    ensure!(
        kept == recorded,
        "step {} is another now:\n    kept:     {}\n    recorded: {}\n`cargo run -p figures -- record {}` keeps the new run",
        at + 1,
        line(&kept),
        line(&recorded),
        run.name,
    );
    Ok(())
}
