//! Judges of stage 06.

mod freeze;
mod kill;
mod lab;
mod limits;
mod predictions;
mod start;

use std::fs;
use std::path::PathBuf;

use super::{Judge, Oracle};
use crate::bench::Bench;

pub(super) const JUDGES: &[Judge] = &[
    Judge { id: "cgroup-1", judge: start::start },
    Judge { id: "cgroup-2", judge: freeze::freeze },
    Judge { id: "cgroup-3", judge: kill::kill_all },
    Judge { id: "cgroup-4", judge: limits::limits },
    Judge { id: "lab-fork-bomb", judge: lab::fork_bomb },
];

pub(super) const ORACLES: &[Oracle] = &[
    Oracle { id: "predict-wall", answer: predictions::at_the_wall },
    Oracle { id: "predict-frozen", answer: predictions::frozen_and_killed },
];

/// A file of a cgroup that a program in the sandbox made under this name, in whichever hierarchy has it.
fn file_of(bench: &Bench, name: &str, file: &str) -> Option<PathBuf> {
    let files = bench.cgroups().into_iter().map(|top| top.join("boxwright").join(name).join(file));
    files.into_iter().find(|path| path.exists())
}

/// What is in that file.
fn text_of(bench: &Bench, name: &str, file: &str) -> Option<String> {
    Some(fs::read_to_string(file_of(bench, name, file)?).ok()?.trim().to_owned())
}

/// The number behind a word, as in `frozen 1`.
fn value(text: &str, word: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(word)?.trim().parse().ok())
}
