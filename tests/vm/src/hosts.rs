//! What hosts of each kind can do: `book/hosts.json`, of which the book makes a table.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::programs::repository;
use super::progress;

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
struct Hosts {
    hosts: Vec<Host>,
}

/// What doctor said on one host to one user.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Host {
    name: String,
    kernel: String,
    cgroups: String,
    user: String,
    stages: BTreeMap<String, Finding>,
}

/// What it said of one stage.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
struct Finding {
    verdict: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    what: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    cause: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    remedy: String,
}

/// `vm hosts`.
#[derive(Args, Debug)]
pub(crate) struct Show {}

fn path() -> PathBuf {
    repository().join("book/hosts.json")
}

impl Hosts {
    fn read() -> Result<Self> {
        let text = std::fs::read_to_string(path()).unwrap_or_else(|_| r#"{"hosts": []}"#.to_owned());
        serde_json::from_str(&text).with_context(|| path().display().to_string())
    }
}

impl Host {
    /// By what `doctor --json` writes.
    pub(crate) fn read(name: &str, user: &str, doctor: &str) -> Result<Self> {
        let report: Value = serde_json::from_str(doctor).context("what doctor says")?;
        let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
        let finding = |stage: &Value| Finding {
            verdict: text(stage, "verdict"),
            what: text(stage, "what"),
            cause: text(stage, "why"),
            remedy: text(stage, "remedy"),
        };
        let stages = report["stages"].as_array().context("doctor names no stages")?;
        Ok(Self {
            name: name.to_owned(),
            kernel: text(&report["host"], "kernel"),
            cgroups: text(&report["host"], "cgroups"),
            user: user.to_owned(),
            stages: stages.iter().map(|stage| (text(stage, "stage"), finding(stage))).collect(),
        })
    }
}

impl Host {
    /// How many stages work.
    pub(crate) fn summary(&self) -> String {
        let count = |word: &str| self.stages.values().filter(|found| found.verdict == word).count();
        format!("{} stages work, {} limited, {} blocked", count("works"), count("limited"), count("blocked"))
    }
}

/// Compares with the file, or writes it. True when the file says what was found.
pub(crate) fn compare(found: &[Host], write: bool) -> Result<bool> {
    let fresh = Hosts { hosts: found.to_vec() };
    if write {
        let text = serde_json::to_string_pretty(&fresh)? + "\n";
        std::fs::write(path(), text).with_context(|| path().display().to_string())?;
        return Ok(true);
    }
    let known = Hosts::read()?;
    let differs = |host: &&Host| !known.hosts.contains(host);
    for host in fresh.hosts.iter().filter(differs) {
        let found = serde_json::to_string_pretty(host)?;
        progress::say(&format!("book/hosts.json has another row for this; `vm test --write` writes it anew\n{found}"));
    }
    Ok(known == fresh)
}

impl Show {
    /// A line a host, a word a stage.
    pub(crate) fn run(&self) -> Result<u8> {
        use std::io::Write;
        let mut stdout = std::io::stdout().lock();
        for host in Hosts::read()?.hosts {
            let of_a_stage = |(stage, found): (&String, &Finding)| format!("{}: {}", &stage[..2], found.verdict);
            let stages = host.stages.iter().map(of_a_stage).collect::<Vec<_>>().join("  ");
            writeln!(stdout, "{:26} {:28} {:9} {stages}", host.name, host.kernel, host.user)?;
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_book_says_of_each_stage_what_it_is_and_why() {
        let known = Hosts::read().unwrap();
        assert!(known.hosts.len() >= 6, "{} rows", known.hosts.len());
        for host in &known.hosts {
            assert_eq!(host.stages.len(), 8, "{host:?}");
            for found in host.stages.values() {
                assert_eq!(found.verdict == "works", found.cause.is_empty() && found.remedy.is_empty(), "{found:?}");
            }
        }
    }
}
