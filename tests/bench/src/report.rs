//! What came out, in a form that programs read: the tables, the plots and the book are made from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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

impl Table {
    /// From what everyone took in each round, with the ratios to each of `bases` that took part.
    pub fn of(what: &str, variant: &str, unit: &str, taken: &[(String, Vec<f64>)], bases: &[&str]) -> Self {
        let of_base = |base: &&str| taken.iter().find(|(name, _)| name == base);
        let bases: Vec<_> = bases.iter().filter_map(of_base).collect();
        let line = |(name, numbers): &(String, Vec<f64>)| Line {
            name: name.clone(),
            summary: Summary::of(numbers),
            ratios: bases.iter().map(|(base, its)| (base.clone(), Summary::of_ratios(numbers, its))).collect(),
            peak_kib: None,
            walls: String::new(),
        };
        let lines = taken.iter().filter(|(_, numbers)| !numbers.is_empty()).map(line).collect();
        Self { what: what.to_owned(), variant: variant.to_owned(), unit: unit.to_owned(), lines, notes: Vec::new() }
    }

    /// From turns of contenders that were timed.
    pub fn of_turns(what: &str, variant: &str, turns: &Turns, bases: &[&str]) -> Self {
        let taken: Vec<_> = turns.names().into_iter().zip(turns.times()).collect();
        let mut table = Self::of(what, variant, "ms", &taken, bases);
        table.notes.extend(turns.refused.iter().map(|why| format!("left out: {why}")));
        table
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
    /// A measurement by its word and its variant.
    pub fn table(&self, what: &str, variant: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.what == what && table.variant == variant)
    }
}
