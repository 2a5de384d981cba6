//! The tables as pictures: a bar for each median, and across its end the line from quartile to quartile.
//!
//! Ours is hatched, the floor is dashed; nothing is told by a colour, so that it can be read on any ground.

use figures::Words;
use figures::html::escaped;
use figures::svg::{LINE, Look, Svg, width};

use crate::report::{Line, Report, Table};
use crate::table::number;

/// How long the longest bar is.
const LONGEST: f64 = 340.0;
const HIGH: f64 = 16.0;
const STEP: f64 = 26.0;
const GAP: f64 = 12.0;

/// One table.
pub fn svg(table: &Table, words: Words<'_>) -> String {
    let mut svg = Svg::new(&name(table));
    draw(&mut svg, 0.0, table, words);
    svg.finished(
        &title(table, words),
        &words("A bar is a median; across its end lies the line from quartile to quartile."),
    )
}

/// All of them, one below the other.
pub fn all(report: &Report) -> String {
    let words: Words<'_> = &str::to_owned;
    let mut svg = Svg::new("bench");
    for table in report.tables.iter().filter(|table| is_drawn(table)) {
        let top = if svg.height() > 0.0 { svg.height() + LINE } else { 0.0 };
        svg.strong(0.0, top + LINE, &title(table, words));
        draw(&mut svg, top + LINE * 1.5, table, words);
    }
    let host = format!("Linux {}, {} processors, {}", report.host.kernel, report.host.processors, report.host.cgroups);
    svg.finished(
        "What was measured",
        &format!("{host}. A bar is a median; across its end lies the line from quartile to quartile."),
    )
}

/// One table as a figure of a page. The same as a table stands below it.
pub fn figure(table: &Table, words: Words<'_>) -> String {
    let (svg, caption, name) = (svg(table, words), escaped(&title(table, words)), name(table));
    format!(
        "<figure class=\"drawn\" id=\"figure-{name}\">\n<div class=\"drawn-scroll\" role=\"group\" tabindex=\"0\" aria-label=\"{caption}\">\n\
         {svg}</div>\n<figcaption>{caption}</figcaption>\n</figure>\n"
    )
}

/// True where a picture says more than the table: with several lines of one unit.
pub fn is_drawn(table: &Table) -> bool {
    table.lines.len() > 1 && table.lines.iter().any(|line| line.summary.median > 0.0)
}

/// `Start: root, no cgroup (ms)`.
pub fn title(table: &Table, words: Words<'_>) -> String {
    format!("{}: {} ({})", words(&table.what), words(&table.variant), words(&table.unit))
}

/// Unique on a page.
fn name(table: &Table) -> String {
    let letters = format!("bench-{}-{}", table.what, table.variant);
    letters.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
}

fn draw(svg: &mut Svg, top: f64, table: &Table, words: Words<'_>) {
    let names: Vec<_> = table.lines.iter().map(|line| words(&line.name)).collect();
    let left = round(names.iter().map(|name| width(name)).fold(0.0, f64::max) + GAP);
    let longest =
        table.lines.iter().map(|line| line.summary.upper_quartile.max(line.summary.median)).fold(0.0, f64::max);
    let scale = if longest > 0.0 { LONGEST / longest } else { 0.0 };
    for (at, (line, name)) in table.lines.iter().zip(&names).enumerate() {
        let y = top + at as f64 * STEP + 4.0;
        svg.text(0.0, y + 13.0, name);
        let at = |value: f64| round(left + value.max(0.0) * scale);
        let (from, to) = (at(line.summary.lower_quartile), at(line.summary.upper_quartile));
        svg.rect(left, y, round(at(line.summary.median) - left).max(1.0), HIGH, look(line));
        let middle = y + HIGH / 2.0;
        svg.line(&[(from, middle), (to, middle)]);
        [from, to].into_iter().for_each(|end| svg.line(&[(end, middle - 4.0), (end, middle + 4.0)]));
        svg.text(to.max(at(line.summary.median)) + GAP, y + 13.0, &number(line.summary.median));
    }
}

/// A tenth of a point is as fine as anybody sees.
fn round(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

fn look(line: &Line) -> Look {
    match line.name.split([' ', ':']).next() {
        Some("boxwright" | "unpack-layer") => Look::Own,
        Some("floor") => Look::Dashed,
        _ => Look::Plain,
    }
}
