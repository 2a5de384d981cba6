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
/// Memory is weighed in so many goes of so many, because others use the machine too.
const GOES: usize = 5;
const IN_A_GO: usize = 40;

pub(super) fn tables(bench: &Bench) -> Result<Vec<Table>> {
    let kinds = Kind::all(bench, &KINDS)?;
    let before = Inventory::take(bench);
    let (mut tables, notes) = one_after_another(bench, &kinds)?;
    tables.push(weighed(bench, &kinds)?);
    let left = before.compare(bench);
    let words =
        if left.is_empty() { "nothing is left".to_owned() } else { format!("left behind: {}", left.join("; ")) };
    tables[0].notes.extend(notes);
    tables[0].notes.push(words);
    tables.push(count("left behind", "things", left.len() as f64));
    Ok(tables)
}

/// All kinds in turns, so that each has as many beside it as the others have.
fn one_after_another(bench: &Bench, kinds: &[Kind]) -> Result<(Vec<Table>, Vec<String>)> {
    let count = bench.containers;
    let mut taken: Vec<_> = kinds.iter().map(|kind| (kind.name.to_owned(), Vec::new())).collect();
    let mut notes = Vec::new();
    let mut is_in = vec![true; kinds.len()];
    for round in 0..count {
        say(&format!("thousand: {} of {count}", round + 1));
        for at in order(kinds.len(), round).into_iter().collect::<Vec<_>>() {
            if !is_in[at] {
                continue;
            }
            match kinds[at].start(&format!("t{round}"))?.run() {
                Ok(sample) => taken[at].1.push(sample.milliseconds),
                Err(error) => {
                    is_in[at] = false;
                    notes.push(format!("ended after {} containers: {error:#}", taken[at].1.len()));
                }
            }
        }
    }
    let mut each = Table::of("thousand", "each one", "ms", &taken, &["crun", "floor"]);
    each.notes.push(format!("{count} of each kind, which all run at once in the end"));
    let growth = growth(&taken);
    let removal = removal(kinds, &taken)?;
    Ok((vec![each, growth, removal], notes))
}

/// The last ones in terms of the first ones.
fn growth(taken: &[(String, Vec<f64>)]) -> Table {
    let mut table = Table::new("thousand", "the last in terms of the first", "ratio");
    for (name, times) in taken.iter().filter(|(_, times)| times.len() >= 2) {
        let ends = ENDS.min(times.len() / 2);
        let summary = Summary::of_ratios(&times[times.len() - ends..], &times[..ends]);
        table.lines.push(Line::new(name, summary));
    }
    table.notes.push(format!("the last {ENDS} beside the first {ENDS}"));
    table
}

fn removal(kinds: &[Kind], taken: &[(String, Vec<f64>)]) -> Result<Table> {
    let mut removed = Vec::new();
    for (kind, (name, times)) in kinds.iter().zip(taken) {
        say(&format!("thousand: {name} removes all"));
        let names: Vec<_> = (0..times.len()).map(|number| format!("t{number}")).collect();
        let sample = kind.remove(&names)?.run().with_context(|| format!("{name} removes all"))?;
        removed.push((name.clone(), vec![sample.milliseconds]));
    }
    Ok(Table::of("thousand", "all removed in one command", "ms", &removed, &["crun", "floor"]))
}

/// What the machine has less of with so many, in several goes.
fn weighed(bench: &Bench, kinds: &[Kind]) -> Result<Table> {
    let mut table = Table::new("thousand", "memory of each one", "KiB");
    for kind in kinds {
        let mut weights = Vec::new();
        for go in 0..GOES {
            say(&format!("thousand: memory of {}, {} of {GOES}", kind.name, go + 1));
            weights.push(weigh(kind, IN_A_GO.min(bench.containers))?);
        }
        for (at, what) in ["in all", "the kernel's part", "its resident supervisor"].into_iter().enumerate() {
            let its: Vec<_> = weights.iter().map(|weight| weight[at]).collect();
            table.lines.push(Line::new(&format!("{}: {what}", kind.name), Summary::of(&its)));
        }
    }
    table.notes.push(format!(
        "{GOES} goes of {IN_A_GO}: in all is what MemAvailable lost, which others on the machine change too"
    ));
    table.notes.push("the kernel's part: SUnreclaim, KernelStack, PageTables and Percpu".to_owned());
    table.notes.push("the supervisor is weighed by its proportional share (Pss)".to_owned());
    Ok(table)
}

/// In all, the kernel's part, and the supervisor's.
fn weigh(kind: &Kind, count: usize) -> Result<[f64; 3]> {
    let names: Vec<_> = (0..count).map(|number| format!("m{number}")).collect();
    let (available, kernels) = (memory::available_kib()?, memory::kernels_kib()?);
    let started: Result<Vec<_>> = names.iter().map(|name| kind.start(name)?.run()).collect();
    let program = kind.program()?;
    let weighed = started.and_then(|_| {
        Ok([available - memory::available_kib()?, memory::kernels_kib()? - kernels, memory::resident_kib(&program)?])
    });
    kind.remove(&names)?.run()?;
    Ok(weighed?.map(|weight| weight / count as f64))
}

/// A table of one number.
fn count(variant: &str, unit: &str, number: f64) -> Table {
    let line = Line::new("all", Summary::of(&[number]));
    Table { lines: vec![line], ..Table::new("thousand", variant, unit) }
}
