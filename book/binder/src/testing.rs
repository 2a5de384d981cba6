//! `test`: every console block typed, everything that can be looked up looked up, and the counts.

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};

use crate::checks::{self, book, help};
use crate::console::{chapter, programs};
use crate::place::Place;
use crate::say;

/// Of a hundred blocks, fewer than this many may never be run.
const NEVER_RUN: usize = 5;

/// What to test, and whether to write what was seen.
#[derive(clap::Args, Debug)]
pub struct Test {
    /// Write what is seen where something else was expected
    #[arg(long)]
    update: bool,
    /// Type the console blocks, and look nothing up
    #[arg(long)]
    console: bool,
    /// Chapters, such as 04-pivot [default: all]
    chapters: Vec<String>,
}

/// How many blocks were run, and were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Typed and compared.
    pub run: usize,
    /// This host or this user cannot run them.
    pub skipped: usize,
    /// Nobody runs them.
    pub never: usize,
}

impl Test {
    /// True when all is as it is printed.
    ///
    /// # Errors
    /// The programs cannot be built, or a chapter cannot be read.
    pub fn run(&self, place: &Place) -> Result<bool> {
        let built = programs::built(place)?;
        let names = self.names(place)?;
        let (count, mut well) = match names.as_slice() {
            // In this very process: it becomes the parent of whatever the chapter leaves.
            [name] => typed(place, &built, name, self.update)?,
            names => typed_side_by_side(&built, names, self.update)?,
        };
        if names.len() > 1 {
            let Count { run, skipped, never } = count;
            say(&format!("{run} console blocks run, {skipped} skipped, {never} never run"));
            well &= few_are_never_run(count);
        }
        if !self.console {
            well &= self.looked_up(place, &built, &names)?;
        }
        Ok(well)
    }

    /// The files of the chapters.
    fn names(&self, place: &Place) -> Result<Vec<String>> {
        let all = book::files(place)?;
        let all = all.iter().filter_map(|file| Some(file.file_name()?.to_str()?.to_owned())).collect::<Vec<_>>();
        if self.chapters.is_empty() {
            return Ok(all);
        }
        let file = |chapter: &String| {
            let stem = Path::new(chapter).file_stem().unwrap_or_default().to_string_lossy();
            let named = all.iter().find(|name| **name == format!("{stem}.md"));
            named.cloned().with_context(|| format!("there is no chapter {chapter}; there are {}", all.join(", ")))
        };
        self.chapters.iter().map(file).collect()
    }

    fn looked_up(&self, place: &Place, built: &Path, names: &[String]) -> Result<bool> {
        let mut wrong = help::wrong(place, built, self.update)?;
        if self.update && !wrong.is_empty() {
            say(&format!("{} pages of help written anew; look at them with `git diff`", wrong.len()));
            wrong.clear();
        }
        wrong.extend(checks::all(place)?);
        // Who tests one chapter wants to know of that one.
        let asked = |line: &&String| self.chapters.is_empty() || names.iter().any(|name| speaks_of(line, name));
        let wrong: Vec<_> = wrong.iter().filter(asked).collect();
        wrong.iter().for_each(|line| say(line));
        say(&format!("{} wrong among what can be looked up", wrong.len()));
        Ok(wrong.is_empty())
    }
}

fn speaks_of(line: &str, chapter: &str) -> bool {
    let page = chapter.replace(".md", ".html");
    let place = line.split(':').next().unwrap_or_default();
    line.contains(&format!("book/src/{chapter}")) || place.rsplit('/').next() == Some(&page)
}

/// True when few enough blocks are never run; says so otherwise.
pub fn few_are_never_run(count: Count) -> bool {
    let all = count.run + count.skipped + count.never;
    let few = count.never * 100 < all * NEVER_RUN || count.never == 0;
    if !few {
        say(&format!("{} of {all} console blocks are never run; it must be less than {NEVER_RUN} %", count.never));
    }
    few
}

fn typed(place: &Place, built: &Path, name: &str, update: bool) -> Result<(Count, bool)> {
    let report = chapter::run(place, built, name)?;
    for (lines, word) in [(&report.skipped, "skipped"), (&report.norun, "never run")] {
        lines.iter().for_each(|(line, why)| say(&format!("{word}: book/src/{name}:{line}: {why}")));
    }
    report.wrong.iter().for_each(|wrong| say(wrong));
    if let Some(text) = &report.renewed {
        if update {
            let file = place.chapters().join(name);
            std::fs::write(&file, text).with_context(|| file.display().to_string())?;
            say(&format!("book/src/{name}: written anew; look at it with `git diff`"));
        } else {
            let chapter = name.trim_end_matches(".md");
            say(&format!("to accept what was seen: cargo workshop book test --update {chapter}"));
        }
    }
    let count = Count { run: report.run, skipped: report.skipped.len(), never: report.norun.len() };
    let Count { run, skipped, never } = count;
    if count != Count::default() {
        say(&format!("{name}: {run} blocks run, {skipped} skipped, {never} never run, {} wrong", report.wrong.len()));
    }
    Ok((count, report.wrong.is_empty()))
}

/// Each chapter in a process of its own, as many at a time as there are processors.
fn typed_side_by_side(built: &Path, names: &[String], update: bool) -> Result<(Count, bool)> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = typed_elsewhere(Path::new("/proc/self/exe"), built, name, update);
            let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Ok((said, _)) = &result {
                said.lines().for_each(say);
            }
            done.push(result);
        }
    };
    std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        (0..workers).for_each(|_| drop(scope.spawn(work)));
    });
    let (mut total, mut well) = (Count::default(), true);
    for result in done.into_inner().unwrap_or_default() {
        let (said, status) = result?;
        let count = counted(&said);
        total.run += count.run;
        total.skipped += count.skipped;
        total.never += count.never;
        well &= status.success();
    }
    Ok((total, well))
}

/// Types a chapter in a process of its own: what it says, and whether all is well.
///
/// # Errors
/// The chapter could not be typed at all.
pub fn typed_elsewhere(binder: &Path, built: &Path, name: &str, update: bool) -> Result<(String, ExitStatus)> {
    let mut command = Command::new(binder);
    command.args(["test", "--console", name]).args(update.then_some("--update"));
    command.env(programs::BUILT, built).stdin(Stdio::null());
    let output = command.output().context("the binder itself")?;
    ensure!(output.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), output.status))
}

/// The counts in what a chapter's process says.
pub fn counted(said: &str) -> Count {
    let number = |line: &str, word: &str| -> Option<usize> {
        line[..line.find(word)?].split_whitespace().next_back()?.parse().ok()
    };
    let line = said.lines().rev().find(|line| line.contains(" blocks run, "));
    let count = |line: &str| {
        let (run, skipped) = (number(line, " blocks run")?, number(line, " skipped")?);
        Some(Count { run, skipped, never: number(line, " never run")? })
    };
    line.and_then(count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_they_are_said() {
        let said = "x\n04-pivot.md: 12 blocks run, 3 skipped, 1 never run, 0 wrong\n";
        assert_eq!(counted(said), Count { run: 12, skipped: 3, never: 1 });
        assert_eq!(counted(""), Count::default());
    }

    #[test]
    fn five_of_a_hundred_are_too_many() {
        assert!(few_are_never_run(Count { run: 96, skipped: 0, never: 4 }));
        assert!(!few_are_never_run(Count { run: 95, skipped: 0, never: 5 }));
        assert!(few_are_never_run(Count::default()));
    }
}
