//! `door`: what it costs that every call has a reason: when it is told, and when it is not.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::Bench;
use crate::contender::Contender;
use crate::peers::which;
use crate::programs;
use crate::report::{Line, Table};
use crate::stats::Summary;
use crate::turns::{self, Turns};
use crate::user::User;

/// How often the example makes its four calls.
const ROUNDS: usize = 10_000;
const CALLS: f64 = 4.0;

pub(super) fn tables(bench: &Bench) -> Result<Vec<Table>> {
    let program = programs::build_example("door", &bench.scratch.join("programs"))?.display().to_string();
    // Directories in memory are the cheapest that there are.
    let directory = bench.in_memory()?.0;
    let through = |how: &str| Contender::new(how, &["env", "--chdir", &directory, &program, how, &ROUNDS.to_string()]);
    let calls = turns::take("door, calls", vec![through("quiet"), through("direct")], bench.rounds)?;
    let mut calls_table = Table::of_turns("door", "40000 cheap calls", &calls, &["direct"]);
    calls_table
        .notes
        .push("mkdir, chdir, chdir and rmdir of an empty directory: the kernel's part is in it".to_owned());
    let told = told(bench)?;
    let mut told_table = Table::of_turns("door", "a start, quiet and told", &told, &["quiet"]);
    let count = calls_in_a_start(bench)?;
    told_table.notes.push(format!("a start makes {count} calls through the door"));
    let mut tables = vec![calls_table, told_table];
    tables.extend(share(&calls, &told, count as f64));
    tables.push(instructions(&program, &directory));
    Ok(tables)
}

fn start(bench: &Bench, words: &[&str]) -> Result<Contender> {
    let root = bench.root.display().to_string();
    let rest = ["--rm", "--read-only", "--no-cgroup", &root, "--", "/bin/true"];
    let words: Vec<_> = ["run"].into_iter().chain(words.iter().copied()).chain(rest).collect();
    bench.boxwright(User::Self_, &words)
}

fn told(bench: &Bench) -> Result<Turns> {
    let trace = bench.scratch.join("trace.jsonl").display().to_string();
    let mut contenders = Vec::new();
    for (name, words) in [("quiet", vec![]), ("--explain", vec!["--explain"]), ("--trace", vec!["--trace", &trace])] {
        contenders.push(Contender { name: name.to_owned(), ..start(bench, &words)? });
    }
    turns::take("door, told", contenders, bench.rounds)
}

/// Everything that is told and is no reason.
fn calls_in_a_start(bench: &Bench) -> Result<usize> {
    let (_, told) = start(bench, &["--explain"])?.answer()?;
    Ok(told.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#')).count())
}

/// What all the reasons of a start cost together, in terms of the start.
fn share(calls: &Turns, told: &Turns, count: f64) -> Option<Table> {
    let of = |turns: &Turns, name: &str| {
        let all: Vec<_> = turns.names().into_iter().zip(turns.times()).collect();
        all.into_iter().find(|(its, _)| its == name).map(|(_, times)| times)
    };
    let added = Summary::of_differences(&of(calls, "quiet")?, &of(calls, "direct")?);
    let start = Summary::of(&of(told, "quiet")?).median;
    let in_a_start = |milliseconds: f64| 1.0 + milliseconds / (ROUNDS as f64 * CALLS) * count / start;
    let summary = Summary {
        median: in_a_start(added.median),
        lower_quartile: in_a_start(added.lower_quartile),
        upper_quartile: in_a_start(added.upper_quartile),
        least: in_a_start(added.least),
        most: in_a_start(added.most),
    };
    let mut table = Table::new("door", "a quiet start, beside one without a door", "ratio");
    table.lines.push(Line::new("boxwright", summary));
    table.notes.push("what one call costs more through the door, times the calls of a start".to_owned());
    Some(table)
}

/// Instructions of our own for each call, which no other process disturbs.
fn instructions(program: &str, directory: &str) -> Table {
    let mut table = Table::new("door", "instructions of ours for one call", "instructions");
    if which("valgrind").is_none() {
        table.notes.push("not counted: valgrind is not on this host".to_owned());
        return table;
    }
    for how in ["quiet", "direct"] {
        let counted = |rounds: usize| count(program, directory, how, rounds);
        match counted(0).and_then(|none| Ok((counted(ROUNDS)? - none) / (ROUNDS as f64 * CALLS))) {
            Ok(each) => table.lines.push(Line::new(how, Summary::of(&[each]))),
            Err(error) => table.notes.push(format!("not counted: {error:#}")),
        }
    }
    table.notes.push("by callgrind, which does not see the kernel's".to_owned());
    table
}

fn count(program: &str, directory: &str, how: &str, rounds: usize) -> Result<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", program, how, &rounds.to_string()]);
    let ran = command.current_dir(directory).stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&ran.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    collected.with_context(|| format!("valgrind: {}", said.lines().last().unwrap_or_default()))
}
