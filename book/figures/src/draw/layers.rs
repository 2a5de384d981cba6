//! The stack of an overlay: who reads, who writes.

use crate::Words;
use crate::state::State;
use crate::svg::{LINE, Look, Svg, width};
use crate::view::layers_of;

const HIGH: f64 = LINE * 2.0 + 10.0;
const GAP: f64 = 14.0;

/// What the program sees on top, and below it the layers it is made of. Reading looks through all of them from above;
/// writing goes to one.
pub(super) fn draw(svg: &mut Svg, state: &State, words: Words<'_>) {
    let layers: Vec<_> = layers_of(state).into_iter().filter(|(layer, ..)| *layer != "work").collect();
    let told = |access: &str, layer: &str| format!("{}: {}", words(layer), words(access));
    let widths = layers.iter().map(|(layer, directory, access)| width(&told(access, layer)).max(width(directory)));
    let wide = widths.fold(0.0, f64::max) + 24.0;
    let left = width(&words("reads")).max(40.0) + 24.0;
    for (at, (layer, directory, access)) in layers.iter().enumerate() {
        let y = at as f64 * (HIGH + GAP) + LINE + 8.0;
        let look = match *layer {
            "merged" => Look::Dashed,
            "upper" => Look::Own,
            _ => Look::Plain,
        };
        svg.rect(left, y, wide, HIGH, look);
        svg.strong(left + 12.0, y + LINE, &told(access, layer));
        svg.text(left + 12.0, y + LINE * 2.0, directory);
    }
    let bottom = layers.len() as f64 * (HIGH + GAP) + LINE - GAP;
    let top = LINE + 8.0;
    svg.text(0.0, LINE - 4.0, &words("reads"));
    svg.arrow(&[(left - 20.0, top), (left - 20.0, bottom)]);
    let right = left + wide + 24.0;
    svg.text(right - 12.0, LINE - 4.0, &words("writes"));
    let upper = top + HIGH + GAP + HIGH / 2.0;
    svg.arrow(&[(right, top), (right, upper), (left + wide + 2.0, upper)]);
}
