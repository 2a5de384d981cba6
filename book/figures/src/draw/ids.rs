//! Two rows of ids, and which inside stands for which outside.

use crate::Words;
use crate::html::filled;
use crate::state::State;
use crate::svg::{LINE, Look, Svg, width};
use crate::view::span;

/// For each user namespace the ranges, inside on the left and outside on the right.
pub(super) fn draw(svg: &mut Svg, state: &State, words: Words<'_>) {
    let mut y = LINE;
    for (label, maps) in &state.maps {
        svg.strong(0.0, y, &filled(&words("user namespace {0}"), &[label]));
        y += LINE * 1.5;
        for (what, ranges) in [("users", &maps.users), ("groups", &maps.groups)] {
            let inside: Vec<_> = ranges.iter().map(|range| span(range.inside, range.count)).collect();
            let left = width(&words("inside")).max(inside.iter().map(|text| width(text)).fold(0.0, f64::max)) + 20.0;
            let from = 90.0;
            svg.text(from + 10.0, y, &words("inside"));
            svg.text(from + left + 80.0 + 10.0, y, &words("outside"));
            svg.text(0.0, y + LINE * 1.8, &words(what));
            y += 10.0;
            for (range, inside) in ranges.iter().zip(&inside) {
                let outside = span(range.outside, range.count);
                svg.rect(from, y, left, LINE + 10.0, Look::Own);
                svg.text(from + 10.0, y + LINE + 1.0, inside);
                svg.arrow(&[(from + left, y + 14.0), (from + left + 76.0, y + 14.0)]);
                svg.rect(from + left + 80.0, y, width(&outside) + 20.0, LINE + 10.0, Look::Plain);
                svg.text(from + left + 90.0, y + LINE + 1.0, &outside);
                y += LINE + 18.0;
            }
            y += LINE;
        }
    }
}
