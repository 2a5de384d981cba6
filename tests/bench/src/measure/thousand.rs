//! `thousand`: a thousand containers in the background, one after another; what each costs, and how fast they are gone.

use anyhow::{Context, Result};

use super::Bench;
use super::detached::Kind;
use super::left::Inventory;
use crate::memory;
use crate::report::{Line, Table};
use crate::stats::Summary;
use crate::turns::{order, say};

const KINDS: [&str; 3] = ["boxwright", "floor", "crun"];
/// How many of the first and the last are compared.
const ENDS: usize = 20;
/// Memory comes in slabs, so what one container needs shows in many: all are taken in so many batches.
const BATCHES: usize = 10;

/// All containers of one kind.
struct Crowd<'a> {
    kind: &'a Kind<'a>,
    times: Vec<f64>,
    /// What the machine could give away less after each, and what the kernel had more, in KiB.
    taken: Vec<[f64; 2]>,
    /// What their supervisors hold together when all run.
    resident: f64,
    /// Why there are no more.
    ended: Option<String>,
}

pub(super) fn tables(bench: &Bench) -> Result<Vec<Table>> {
    let kinds = Kind::all(bench, &KINDS)?;
    // The first one of all makes the places that the others share.
    for kind in &kinds {
        let first = ["first".to_owned()];
        kind.start(&first[0])?.run().and_then(|_| kind.remove(&first)?.run())?;
    }
    let before = Inventory::take(bench);
    let new = |kind| Crowd { kind, times: Vec::new(), taken: Vec::new(), resident: 0.0, ended: None };
    let mut crowds: Vec<_> = kinds.iter().map(new).collect();
    // In turns, so that each kind has as many beside it as the others have.
    for round in 0..bench.containers {
        say(&format!("thousand: {} of {}", round + 1, bench.containers));
        for at in order(crowds.len(), round) {
            crowds[at].grow(round)?;
        }
    }
    for crowd in &mut crowds {
        crowd.resident = memory::resident_kib(&crowd.kind.program()?)?;
    }
    let mut each = each(&crowds);
    each.notes.push(format!("{} of each kind, which all run at once in the end", bench.containers));
    each.notes.extend(crowds.iter().filter_map(|crowd| crowd.ended.clone()));
    let (growth, memory) = (growth(&crowds), memory_of(&crowds));
    let removal = removal(&crowds)?;
    let left = before.compare(bench);
    let words: Vec<_> = left.iter().map(|(count, what)| format!("{count} {what}")).collect();
    each.notes.push(format!("left behind: {}", if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }));
    Ok(vec![
        each,
        growth,
        removal,
        memory,
        count("left behind", "things", left.iter().map(|(count, _)| *count as f64).sum()),
    ])
}

impl Crowd<'_> {
    /// One more, unless it has failed before.
    fn grow(&mut self, number: usize) -> Result<()> {
        if self.ended.is_some() {
            return Ok(());
        }
        let command = self.kind.start(&format!("t{number}"))?;
        let before = [memory::available_kib()?, memory::kernels_kib()?];
        match command.run() {
            Ok(sample) => {
                self.times.push(sample.milliseconds);
                self.taken.push([before[0] - memory::available_kib()?, memory::kernels_kib()? - before[1]]);
            }
            Err(error) => self.ended = Some(format!("ended after {} containers: {error:#}", self.times.len())),
        }
        Ok(())
    }
}

fn each(crowds: &[Crowd]) -> Table {
    let taken: Vec<_> = crowds.iter().map(|crowd| (crowd.kind.name.to_owned(), crowd.times.clone())).collect();
    Table::of("thousand", "each one", "ms", &taken, &["crun", "floor"])
}

/// The last ones in terms of the first ones.
fn growth(crowds: &[Crowd]) -> Table {
    let mut table = Table::new("thousand", "the last in terms of the first", "ratio");
    for crowd in crowds.iter().filter(|crowd| crowd.times.len() >= 2) {
        let ends = ENDS.min(crowd.times.len() / 2);
        let summary = Summary::of_ratios(&crowd.times[crowd.times.len() - ends..], &crowd.times[..ends]);
        table.lines.push(Line::new(crowd.kind.name, summary));
    }
    table.notes.push(format!("the last {ENDS} beside the first {ENDS}, with those of the other kinds beside them"));
    table
}

/// What the machine has less of for each one.
fn memory_of(crowds: &[Crowd]) -> Table {
    let mut table = Table::new("thousand", "memory of each one", "KiB");
    for crowd in crowds.iter().filter(|crowd| !crowd.taken.is_empty()) {
        let name = crowd.kind.name;
        for (at, what) in ["in all", "the kernel's part"].into_iter().enumerate() {
            let batches = crowd.taken.chunks(crowd.taken.len().div_ceil(BATCHES));
            let means: Vec<_> =
                batches.map(|batch| batch.iter().map(|taken| taken[at]).sum::<f64>() / batch.len() as f64).collect();
            table.lines.push(Line::new(&format!("{name}: {what}"), Summary::of(&means)));
        }
        let resident = crowd.resident / crowd.times.len() as f64;
        table.lines.push(Line::new(&format!("{name}: its resident supervisor"), Summary::of(&[resident])));
    }
    table.notes.push("in all: what MemAvailable lost, which others on the machine change too".to_owned());
    table.notes.push("the kernel's part: SUnreclaim, KernelStack, PageTables and Percpu".to_owned());
    table.notes.push("the supervisor is weighed by its proportional share (Pss)".to_owned());
    table
}

fn removal(crowds: &[Crowd]) -> Result<Table> {
    let mut removed = Vec::new();
    for Crowd { kind, times, .. } in crowds {
        say(&format!("thousand: {} removes all", kind.name));
        let names: Vec<_> = (0..times.len()).map(|number| format!("t{number}")).collect();
        let sample = kind.remove(&names)?.run().with_context(|| format!("{} removes all", kind.name))?;
        removed.push((kind.name.to_owned(), vec![sample.milliseconds]));
    }
    Ok(Table::of("thousand", "all removed in one command", "ms", &removed, &["crun", "floor"]))
}

/// A table of one number.
fn count(variant: &str, unit: &str, number: f64) -> Table {
    let line = Line::new("all", Summary::of(&[number]));
    Table { lines: vec![line], ..Table::new("thousand", variant, unit) }
}
