//! What came out, in a form that programs read: the tables, the plots and the book are made from it.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::measure::What;
use crate::stats::Summary;
use crate::turns::Turns;

/// Everything of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where it ran.
    pub host: Host,
    /// The peers that were there, and what they say of their version.
    pub versions: BTreeMap<String, String>,
    /// How many rounds were asked for.
    pub rounds: usize,
    /// What was measured, in order.
    pub tables: Vec<Table>,
    /// What was demanded.
    pub bars: Vec<Bar>,
    /// What could not be compared, and why.
    pub notes: Vec<String>,
}

/// Where it ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// `uname -r`.
    pub kernel: String,
    /// How many processors there are.
    pub processors: usize,
    /// `cgroup v2`, and so on.
    pub cgroups: String,
    /// `root` or `ordinary`.
    pub user: String,
    /// What file system containers and their roots were on.
    pub file_system: String,
    /// True when the programs need no library.
    pub static_programs: bool,
}

/// One measurement: everybody did the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Its word on the command line: `start`.
    pub what: String,
    /// Which of several: `root, no cgroup`.
    pub variant: String,
    /// What is counted: `ms`.
    pub unit: String,
    /// A line for everyone.
    pub lines: Vec<Line>,
    /// What must be known to read it.
    pub notes: Vec<String>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Who, or what.
    pub name: String,
    /// What it took.
    pub summary: Summary,
    /// What it took in terms of others: medians of the ratios of each round.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ratios: BTreeMap<String, Summary>,
    /// What it took of a processor, in milliseconds: the median. A crowded machine changes it less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor: Option<f64>,
    /// The most memory it had at once, in KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_kib: Option<u64>,
    /// Walls that it has not, or more than was asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub walls: String,
}

/// A demand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// In words: `start without a cgroup, beside crun`.
    pub what: String,
    /// At most this.
    pub at_most: f64,
    /// What it is; nothing where it could not be measured.
    pub measured: Option<f64>,
}

impl Bar {
    /// Whether it is met; nothing where it could not be measured.
    pub fn is_met(&self) -> Option<bool> {
        self.measured.map(|measured| measured <= self.at_most)
    }
}

impl Line {
    /// Of one of them, with what it took and no more.
    pub fn new(name: &str, summary: Summary) -> Self {
        Self {
            name: name.to_owned(),
            summary,
            ratios: BTreeMap::new(),
            processor: None,
            peak_kib: None,
            walls: String::new(),
        }
    }
}

impl Table {
    /// One without lines.
    pub fn new(what: &str, variant: &str, unit: &str) -> Self {
        Self { what: what.to_owned(), variant: variant.to_owned(), unit: unit.to_owned(), ..Self::default() }
    }

    /// From what everyone took in each round, with the ratios to each of `bases` that took part.
    pub fn of(what: &str, variant: &str, unit: &str, taken: &[(String, Vec<f64>)], bases: &[&str]) -> Self {
        let of_base = |base: &&str| taken.iter().find(|(name, _)| name == base);
        let bases: Vec<_> = bases.iter().filter_map(of_base).collect();
        let line = |(name, numbers): &(String, Vec<f64>)| Line {
            ratios: bases.iter().map(|(base, its)| (base.clone(), Summary::of_ratios(numbers, its))).collect(),
            ..Line::new(name, Summary::of(numbers))
        };
        let lines = taken.iter().filter(|(_, numbers)| !numbers.is_empty()).map(line).collect();
        Self { lines, ..Self::new(what, variant, unit) }
    }

    /// From turns of contenders that were timed.
    pub fn of_turns(what: &str, variant: &str, turns: &Turns, bases: &[&str]) -> Self {
        let taken: Vec<_> = turns.names().into_iter().zip(turns.times()).collect();
        let mut table = Self::of(what, variant, "ms", &taken, bases);
        for (name, samples) in turns.names().iter().zip(&turns.samples) {
            let taken: Vec<_> = samples.iter().map(|sample| sample.processor).collect();
            if let Some(line) = table.lines.iter_mut().find(|line| line.name == *name) {
                line.processor = Some(Summary::of(&taken).median);
            }
        }
        table.notes.extend(turns.refused.iter().map(|why| format!("left out: {why}")));
        table
    }

    /// With the most memory that each had at once.
    #[must_use]
    pub fn with_peaks(mut self, turns: &Turns) -> Self {
        for (name, peak) in turns.names().iter().zip(turns.peaks()) {
            self.lines.iter_mut().filter(|line| line.name == *name).for_each(|line| line.peak_kib = Some(peak));
        }
        self
    }

    /// The line of somebody.
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    /// What one took in terms of another.
    pub fn ratio(&self, name: &str, base: &str) -> Option<f64> {
        Some(self.line(name)?.ratios.get(base)?.median)
    }
}

impl Report {
    /// Takes over what was measured earlier and not now, in the order in which all is measured.
    ///
    /// # Errors
    /// That was on another host: numbers of two hosts in one report would be compared.
    pub fn keep_from(&mut self, earlier: Self) -> Result<()> {
        ensure!(
            earlier.host == self.host,
            "what was measured earlier was measured on another host: {:?}",
            earlier.host
        );
        let is_new = |what: &str| self.tables.iter().any(|table| table.what == what);
        let mut all: Vec<_> = earlier.tables.into_iter().filter(|table| !is_new(&table.what)).collect();
        all.append(&mut self.tables);
        let place = |table: &Table| What::from_str(&table.what, false).map_or(usize::MAX, |what| what as usize);
        all.sort_by_key(place);
        self.tables = all;
        Ok(())
    }

    /// A measurement by its word and its variant.
    pub fn table(&self, what: &str, variant: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.what == what && table.variant == variant)
    }
}
