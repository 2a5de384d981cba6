//! Processes and kinds: which is in which.

use crate::Words;
use crate::state::{HOST, KINDS, State};
use crate::svg::{LINE, Look, Svg, width};
use crate::view::named;

/// A line for each process, a column for each kind, and in each place the label of the namespace.
pub(super) fn draw(svg: &mut Svg, state: &State, words: Words<'_>) {
    let names: Vec<_> = state.processes.iter().map(named).collect();
    let left = names.iter().map(|name| width(name)).fold(0.0, f64::max) + 16.0;
    let mut x = left;
    let mut columns = Vec::new();
    for (kind, name) in KINDS {
        let name = words(name);
        let wide = (width(&name) + 12.0).max(48.0);
        svg.middle(x + wide / 2.0, LINE, &name);
        columns.push((kind, x, wide));
        x += wide;
    }
    let mut y = LINE + 10.0;
    for (process, name) in state.processes.iter().zip(&names) {
        svg.text(0.0, y + LINE + 2.0, name);
        for (kind, x, wide) in &columns {
            let label = process.namespace(kind);
            let look = if label == HOST { Look::Plain } else { Look::Own };
            svg.rect(x + 4.0, y, wide - 8.0, LINE + 10.0, look);
            svg.middle(x + wide / 2.0, y + LINE + 1.0, label);
        }
        y += LINE + 18.0;
    }
    legend(svg, y + 4.0, words);
}

/// What the patterns mean.
pub(super) fn legend(svg: &mut Svg, y: f64, words: Words<'_>) {
    let mut x = 0.0;
    for (look, text) in [(Look::Plain, "A: the host's"), (Look::Own, "hatched: another one")] {
        svg.rect(x, y, 24.0, 14.0, look);
        x = svg.text(x + 32.0, y + 12.0, &words(text)) + 24.0;
    }
}
