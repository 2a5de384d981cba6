//! What is known of a container, in the order in which it came to be: a file that only grows, a line at a time.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result};
use cgroup::Saved;
use serde::{Deserialize, Serialize};

use crate::spec::Spec;
use crate::state::{Ended, Running};

/// One line of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// Before anything else is done.
    Asked(Box<Spec>),
    /// Once there is a cgroup, and nobody in it yet.
    Cgroup(Saved),
    /// Once there is a process.
    Running(Running),
    /// Once there is none any more.
    Ended(Ended),
}

/// All lines that there are so far.
#[derive(Debug, Default)]
pub struct Record {
    /// What was asked for.
    pub asked: Option<Spec>,
    /// Where its limits are.
    pub cgroup: Option<Saved>,
    /// What ran, or runs.
    pub running: Option<Running>,
    /// How it ended.
    pub ended: Option<Ended>,
}

// ANCHOR: append
/// Adds a line, in one write: whoever reads meanwhile finds all of it or nothing.
///
/// # Errors
/// ENOSPC and the like; a path that is not UTF-8.
pub fn append(mut file: &File, line: &Line) -> Result<()> {
    let mut text = serde_json::to_vec(line).context("a path is not UTF-8, which the record of a container must be")?;
    text.push(b'\n');
    file.write_all(&text).context("cannot write the record of the container")
}
// ANCHOR_END: append

/// Reads it as far as it goes.
///
/// # Errors
/// Somebody else has written there.
pub fn read(path: &Path) -> Result<Record> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Record::default()),
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let mut record = Record::default();
    // The last line may have been begun when the disk was full.
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let line =
            serde_json::from_str(line).with_context(|| format!("{} is not as boxwright writes it", path.display()))?;
        match line {
            Line::Asked(spec) => record.asked = Some(*spec),
            Line::Cgroup(saved) => record.cgroup = Some(saved),
            Line::Running(running) => record.running = Some(Running { cgroup: record.cgroup.clone(), ..running }),
            Line::Ended(ended) => record.ended = Some(ended),
        }
    }
    Ok(record)
}
