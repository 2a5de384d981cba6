//! The tables as text, for a terminal.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::report::{Bar, Report, Table};
use crate::stats::Summary;

/// A measurement: a line for everyone, and the notes below.
pub fn text(table: &Table) -> String {
    let heads = heads(table);
    let rows: Vec<Vec<String>> = table.lines.iter().map(|line| row(table, line)).collect();
    let mut text = format!("{}: {}\n", table.what, table.variant);
    let all = || std::iter::once(&heads).chain(&rows);
    let widths: Vec<_> =
        (0..heads.len()).map(|at| all().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    for row in all() {
        let _ = write!(text, "  {:<wide$}", row[0], wide = widths[0]);
        for (cell, wide) in row.iter().zip(&widths).skip(1) {
            let _ = write!(text, "  {cell:>wide$}");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    table.notes.iter().for_each(|note| text.push_str(&format!("  - {note}\n")));
    text
}

/// Everyone to whom somebody is compared.
pub fn bases(table: &Table) -> BTreeSet<&String> {
    table.lines.iter().flat_map(|line| line.ratios.keys()).collect()
}

fn heads(table: &Table) -> Vec<String> {
    let ratios = bases(table).into_iter().map(|base| format!("in terms of {base}"));
    let mut heads: Vec<_> = ["".to_owned(), format!("median {}", table.unit), "quartiles".to_owned()].into();
    heads.extend(ratios);
    heads.extend(table.lines.iter().any(|line| line.processor.is_some()).then(|| "processor ms".to_owned()));
    heads.extend(table.lines.iter().any(|line| line.peak_kib.is_some()).then(|| "memory KiB".to_owned()));
    heads
}

fn row(table: &Table, line: &crate::report::Line) -> Vec<String> {
    let Summary { median, lower_quartile, upper_quartile, .. } = line.summary;
    let quartiles = format!("{}–{}", number(lower_quartile), number(upper_quartile));
    let mut row = vec![line.name.clone(), number(median), quartiles];
    row.extend(bases(table).into_iter().map(|base| line.ratios.get(base).map_or_else(String::new, ratio)));
    if table.lines.iter().any(|line| line.processor.is_some()) {
        row.push(line.processor.map_or_else(String::new, number));
    }
    if table.lines.iter().any(|line| line.peak_kib.is_some()) {
        row.push(line.peak_kib.map_or_else(String::new, |peak| peak.to_string()));
    }
    row
}

/// `0.36 (0.34–0.39)`: the median, and where the true one is with a confidence of 95 %.
pub fn ratio(summary: &Summary) -> String {
    format!("{:.2} ({:.2}–{:.2})", summary.median, summary.least, summary.most)
}

/// With as many digits as mean something.
pub fn number(number: f64) -> String {
    match number.abs() {
        large if large >= 100.0 => format!("{number:.0}"),
        middle if middle >= 10.0 => format!("{number:.1}"),
        small if small >= 0.1 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

/// What was demanded, and what it is.
pub fn bars(bars: &[Bar]) -> String {
    let mut text = "bars\n".to_owned();
    let wide = bars.iter().map(|bar| bar.what.chars().count()).max().unwrap_or(0);
    for bar in bars {
        let (measured, verdict) = match (bar.measured, bar.is_met()) {
            (Some(measured), Some(true)) => (number(measured), "met"),
            (Some(measured), _) => (number(measured), "missed"),
            (None, _) => ("?".to_owned(), "not measured"),
        };
        let _ =
            writeln!(text, "  {:<wide$}  at most {:>6}  is {measured:>6}  {verdict}", bar.what, number(bar.at_most));
    }
    text
}

/// Where it ran, and beside whom.
pub fn host(report: &Report) -> String {
    let host = &report.host;
    let linked = if host.static_programs { "one static file" } else { "linked to the host's C library" };
    let mut text = format!(
        "Linux {}, {} processors, {}, as {}, on {}; boxwright is {linked}; {} rounds\n",
        host.kernel, host.processors, host.cgroups, host.user, host.file_system, report.rounds
    );
    report.versions.iter().for_each(|(name, version)| text.push_str(&format!("  {name}: {version}\n")));
    report.notes.iter().for_each(|note| text.push_str(&format!("  - {note}\n")));
    text
}
