//! What the book shows of `book/bench.json`: pictures, and the same numbers as tables.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use figures::Words;

use crate::plot;
use crate::programs::repository;
use crate::report::{Report, Table};
use crate::table::{bases, number, ratio};

/// Where the numbers of the book are kept.
pub const JSON: &str = "book/bench.json";
/// All of them in one picture, as `--plot` draws it.
pub const SVG: &str = "book/bench.svg";

/// The numbers of the book.
///
/// # Errors
/// They are not there, or in another form.
pub fn kept() -> Result<Report> {
    read(&repository().join(JSON))
}

/// A report that was written as JSON.
///
/// # Errors
/// It is not there, or in another form.
pub fn read(file: &Path) -> Result<Report> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}

/// `{{bench start}}`: the tables of one measurement, each with its picture; or `host`, or `bars`.
///
/// # Errors
/// Nothing of this name was measured.
pub fn shown(report: &Report, what: &str, words: Words<'_>) -> Result<String> {
    match what {
        "host" => return Ok(host(report, words)),
        "bars" => return Ok(bars(report, words)),
        _ => {}
    }
    let tables: Vec<_> = report.tables.iter().filter(|table| table.what == what && !table.lines.is_empty()).collect();
    ensure!(!tables.is_empty(), "{JSON} has nothing of {what}");
    Ok(tables.into_iter().map(|table| one(table, words)).collect::<Vec<_>>().join("\n"))
}

fn one(table: &Table, words: Words<'_>) -> String {
    // For Markdown, an empty line would end the block of HTML.
    let lines = |html: String| {
        html.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{}\n", line.trim_start())).collect()
    };
    let picture: String = if plot::is_drawn(table) {
        lines(plot::figure(table, words))
    } else {
        format!("{}\n", plot::title(table, words))
    };
    format!("{picture}\n{}", markdown(table, words))
}

fn markdown(table: &Table, words: Words<'_>) -> String {
    let bases = bases(table);
    let has = |is: &dyn Fn(&crate::report::Line) -> bool| table.lines.iter().any(is);
    let (weighs, differs) = (has(&|line| line.peak_kib.is_some()), has(&|line| !line.walls.is_empty()));
    let mut heads = vec![words("what"), words("median"), words("quartiles")];
    heads.extend(bases.iter().map(|base| format!("{} {}", words("in terms of"), words(base))));
    heads.extend(weighs.then(|| words("memory, KiB")));
    heads.extend(differs.then(|| words("walls")));
    let mut text = format!("| {} |\n|{}\n", heads.join(" | "), "---|".repeat(heads.len()));
    for line in &table.lines {
        let summary = &line.summary;
        let quartiles = format!("{}–{}", number(summary.lower_quartile), number(summary.upper_quartile));
        let mut cells = vec![words(&line.name), number(summary.median), quartiles];
        cells.extend(bases.iter().map(|base| line.ratios.get(*base).map_or_else(String::new, ratio)));
        cells.extend(weighs.then(|| line.peak_kib.map_or_else(String::new, |peak| peak.to_string())));
        cells.extend(differs.then(|| line.walls.clone()));
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

fn host(report: &Report, words: Words<'_>) -> String {
    let host = &report.host;
    let mut text = format!("| {} | {} |\n|---|---|\n", words("where"), words("what"));
    let facts = [
        ("kernel", format!("Linux {}", host.kernel)),
        ("processors", host.processors.to_string()),
        ("cgroups", host.cgroups.clone()),
        ("file system", host.file_system.clone()),
        ("rounds", report.rounds.to_string()),
    ];
    let versions = report.versions.iter().map(|(name, version)| (name.as_str(), version.clone()));
    for (name, fact) in facts.iter().map(|(name, fact)| (*name, fact.clone())).chain(versions) {
        text.push_str(&format!("| {} | {fact} |\n", words(name)));
    }
    text
}

fn bars(report: &Report, words: Words<'_>) -> String {
    let heads = ["what was demanded", "at most", "measured", "met"].map(words);
    let mut text = format!("| {} |\n|---|---|---|---|\n", heads.join(" | "));
    for bar in &report.bars {
        let verdict = bar.is_met().map_or("not measured", |met| if met { "met" } else { "missed" });
        let measured = bar.measured.map_or_else(String::new, number);
        text.push_str(&format!(
            "| {} | {} | {measured} | {} |\n",
            words(&bar.what),
            number(bar.at_most),
            words(verdict)
        ));
    }
    text
}
