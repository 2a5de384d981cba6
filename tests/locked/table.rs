//! The table of locked-down hosts: `book/locked-hosts.json`, a row a host, a cell a stage.
//!
//! What it says is what doctor said when the judges made that host. `INSTA_UPDATE=always cargo test -p judges locked::`
//! writes it anew.

use std::fs::{self, File};
use std::path::PathBuf;

use nix::fcntl::{Flock, FlockArg};
use serde_json::{Value, json};

use super::host::Who;
use super::lock::Lock;
use super::report::{Finding, Report};
use crate::harness::{Room, repository};

fn file() -> PathBuf {
    repository().join("book/locked-hosts.json")
}

/// Compares the row of this host with the one in the file, or writes it there.
pub fn compare(room: &Room, lock: &Lock, report: &Report) {
    let row = row(room, lock, report);
    if std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        return write(lock.name, row);
    }
    let rows = read();
    let known = rows.iter().find(|one| one["name"] == lock.name);
    let row = known.map_or_else(|| row.clone(), |known| covered(&row, known, report));
    let update = "`INSTA_UPDATE=always cargo test -p judges locked::` writes it anew";
    assert_eq!(known, Some(&row), "{} has another row of {}; {update}", file().display(), lock.name);
}

/// The row, and where this machine lacks more than the lock takes, what is known: doctor gives the first of several causes.
fn covered(row: &Value, known: &Value, report: &Report) -> Value {
    let mut row = row.clone();
    for (stage, found) in &report.stages {
        if row["stages"][stage]["verdict"] == "works" && found.verdict != "works" {
            row["stages"][stage] = known["stages"][stage].clone();
        }
    }
    row
}

fn read() -> Vec<Value> {
    let text = fs::read_to_string(file()).unwrap_or_else(|_| "{}".to_owned());
    let table: Value = serde_json::from_str(&text).expect("the table is JSON");
    table["hosts"].as_array().cloned().unwrap_or_default()
}

/// Judges run side by side: one after the other changes its own row, and all stay in the order of their names.
fn write(name: &str, row: Value) {
    let folder = File::open(repository().join("book")).expect("there is a book");
    let _lock = Flock::lock(folder, FlockArg::LockExclusive).map_err(|(_, errno)| errno).expect("it can be locked");
    let mut rows: Vec<_> = read().into_iter().filter(|one| one["name"] != name).chain([row]).collect();
    rows.sort_by_key(|row| row["name"].as_str().unwrap_or_default().to_owned());
    let text = serde_json::to_string_pretty(&json!({ "hosts": rows })).expect("a table is JSON");
    fs::write(file(), text + "\n").expect("the table can be written");
}

fn row(room: &Room, lock: &Lock, report: &Report) -> Value {
    let user = if lock.host.seen_as == Who::Root { "root" } else { "ordinary" };
    let cells = report.stages.keys().map(|stage| (stage.clone(), cell(room, lock, report, stage)));
    let stages: serde_json::Map<_, _> = cells.collect();
    json!({ "name": lock.name, "kernel": "any", "cgroups": lock.cgroups, "user": user, "stages": stages })
}

/// What this lock does to a stage, whatever else its machine lacks.
fn cell(room: &Room, lock: &Lock, report: &Report, stage: &str) -> Value {
    let is_ours =
        |found: &Finding| lock.says.iter().any(|says| says.kind == found.kind && found.why.contains(says.why));
    let (whole, programs) = (&report.stages[stage], &report.programs[stage]);
    let all = || std::iter::once(whole).chain(programs);
    // "without user-namespaces, pty": the first of them gives the cause, and another may be the one of this lock.
    let lacking = all().flat_map(|found| found.what.strip_prefix("without ").unwrap_or_default().split(", "));
    let lacking = lacking.filter_map(|need| report.needs.get(need));
    let Some(found) = all().chain(lacking).find(|found| is_ours(found)) else {
        return json!({ "verdict": "works" });
    };
    let plain = |text: &str| {
        let places = [("home", "/home/learner"), ("tmp", "/tmp")];
        let places = places.map(|(name, shown)| (room.path(name).display().to_string(), shown));
        places.iter().fold(text.to_owned(), |text, (path, shown)| text.replace(path, shown))
    };
    json!({ "verdict": whole.verdict, "cause": plain(&found.why), "remedy": plain(&found.remedy) })
}

#[test]
fn every_row_says_of_each_stage_what_it_is_and_why() {
    let rows = read();
    assert!(rows.len() >= 15, "{} rows", rows.len());
    for row in &rows {
        let stages = row["stages"].as_object().expect("a row has stages");
        assert_eq!(stages.len(), 8, "{row}");
        for cell in stages.values() {
            let has = |field: &str| cell[field].as_str().is_some_and(|text| !text.is_empty());
            let is_whole = if cell["verdict"] == "works" { !has("cause") } else { has("cause") && has("remedy") };
            assert!(is_whole, "{}: {cell}", row["name"]);
        }
    }
}
