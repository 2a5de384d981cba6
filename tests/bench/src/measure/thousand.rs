//! `thousand`: a thousand containers in the background, one after another; what each costs, and how fast they are gone.

use std::time::Duration;

use anyhow::{Context, Result};

use super::Bench;
use super::detached::{ATTENDED, Kind};
use super::left::Inventory;
use crate::memory;
use crate::report::{Line, Table};
use crate::stats::Summary;
use crate::turns::{order, say};

const KINDS: [&str; 4] = ["boxwright", ATTENDED, "floor", "crun"];
/// How many of the first and the last are compared.
const ENDS: usize = 50;
/// Memory comes in slabs, so what one container needs shows in many: all are taken in so many batches.
const BATCHES: usize = 10;

/// For each container that was removed: the kernel takes its network namespace apart when nobody waits for that any more.
const AFTERWARDS: Duration = Duration::from_millis(5);

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
    let alone = kinds.iter().map(|kind| Crowd::alone(bench, kind)).collect::<Result<Vec<_>>>()?;
    let mut crowds: Vec<_> = kinds.iter().map(Crowd::of).collect();
    // In turns, so that each kind has as many beside it as the others have.
    for round in 0..bench.containers {
        say(&format!("thousand: {} of {}", round + 1, bench.containers));
        for at in order(crowds.len(), round) {
            crowds[at].grow(round)?;
        }
    }
    let mut each = each(&crowds);
    each.notes.push(format!("none has a log or somebody who waits for it, but those of \"{ATTENDED}\""));
    each.notes.push(format!("{} of each kind, which all run at once in the end", bench.containers));
    each.notes.extend(crowds.iter().filter_map(|crowd| crowd.ended.clone()));
    let growth_alone = growth("the last in terms of the first", "nothing else runs beside them", &alone);
    let growth_among = growth("the same with others", "as many of each other kind run beside them", &crowds);
    let memory = memory_of(&crowds, &alone);
    let removal = removal(&crowds)?;
    let left = before.compare(bench);
    let words: Vec<_> = left.iter().map(|(count, what)| format!("{count} {what}")).collect();
    each.notes.push(format!("left behind: {}", if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }));
    Ok(vec![
        each,
        growth_alone,
        growth_among,
        removal,
        memory,
        count("left behind", "things", left.iter().map(|(count, _)| *count as f64).sum()),
    ])
}

impl<'a> Crowd<'a> {
    fn of(kind: &'a Kind<'a>) -> Self {
        Self { kind, times: Vec::new(), taken: Vec::new(), resident: 0.0, ended: None }
    }

    /// A thousand of this kind and of no other, which are gone when it comes back.
    fn alone(bench: &Bench, kind: &'a Kind<'a>) -> Result<Self> {
        let mut crowd = Self::of(kind);
        for number in 0..bench.containers {
            say(&format!("thousand: {} alone, {} of {}", kind.name, number + 1, bench.containers));
            crowd.grow(number)?;
        }
        // Two kinds are one program: of which of them a process is, can be told only now.
        crowd.resident = memory::resident_kib(&kind.program()?)?;
        crowd.remove_all()?;
        std::thread::sleep(AFTERWARDS * u32::try_from(bench.containers)?);
        Ok(crowd)
    }

    fn remove_all(&self) -> Result<f64> {
        let names: Vec<_> = (0..self.times.len()).map(|number| format!("t{number}")).collect();
        let removed = self.kind.remove(&names)?.run();
        Ok(removed.with_context(|| format!("{} removes all", self.kind.name))?.milliseconds)
    }

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
fn growth(variant: &str, beside: &str, crowds: &[Crowd]) -> Table {
    let mut table = Table::new("thousand", variant, "ratio");
    for crowd in crowds.iter().filter(|crowd| crowd.times.len() >= 2) {
        let ends = ENDS.min(crowd.times.len() / 2);
        let summary = Summary::of_ratios(&crowd.times[crowd.times.len() - ends..], &crowd.times[..ends]);
        table.lines.push(Line::new(crowd.kind.name, summary));
    }
    table.notes.push(format!("the last {ENDS} in terms of the first {ENDS}; {beside}"));
    table.notes.extend(crowds.iter().filter_map(|crowd| crowd.ended.clone()));
    table
}

/// What the machine has less of for each one.
fn memory_of(crowds: &[Crowd], alone: &[Crowd]) -> Table {
    let mut table = Table::new("thousand", "memory of each one", "KiB");
    for crowd in crowds.iter().filter(|crowd| !crowd.taken.is_empty()) {
        let name = crowd.kind.name;
        for (at, what) in ["in all", "the kernel's part"].into_iter().enumerate() {
            let batches = crowd.taken.chunks(crowd.taken.len().div_ceil(BATCHES));
            let means: Vec<_> =
                batches.map(|batch| batch.iter().map(|taken| taken[at]).sum::<f64>() / batch.len() as f64).collect();
            table.lines.push(Line::new(&format!("{name}: {what}"), Summary::of(&means)));
        }
        let resident =
            alone.iter().find(|one| one.kind.name == name).map_or(0.0, |one| one.resident / one.times.len() as f64);
        table.lines.push(Line::new(&format!("{name}: its resident supervisor"), Summary::of(&[resident])));
    }
    table.notes.push("in all: what MemAvailable lost, which others on the machine change too".to_owned());
    table.notes.push("the kernel's part: SUnreclaim, KernelStack, PageTables and Percpu".to_owned());
    table.notes.push("the supervisor is weighed by its proportional share (Pss)".to_owned());
    table
}

fn removal(crowds: &[Crowd]) -> Result<Table> {
    let mut removed = Vec::new();
    for crowd in crowds {
        say(&format!("thousand: {} removes all", crowd.kind.name));
        removed.push((crowd.kind.name.to_owned(), vec![crowd.remove_all()?]));
    }
    Ok(Table::of("thousand", "all removed in one command", "ms", &removed, &["crun", "floor"]))
}

/// A table of one number.
fn count(variant: &str, unit: &str, number: f64) -> Table {
    let line = Line::new("all", Summary::of(&[number]));
    Table { lines: vec![line], ..Table::new("thousand", variant, unit) }
}
