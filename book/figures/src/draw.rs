//! Figures: a state as a picture.

mod cgroups;
mod ids;
mod layers;
mod mounts;
mod namespaces;
mod processes;

use crate::Words;
use crate::declared::{Figure, Kind};
use crate::html::escaped;
use crate::state::State;
use crate::svg::Svg;
use crate::view;

/// The picture alone.
pub(crate) fn svg(figure: &Figure, state: &State, words: Words<'_>) -> String {
    let mut svg = Svg::new(&figure.name);
    match figure.kind {
        Kind::Namespaces => namespaces::draw(&mut svg, state, words),
        Kind::Processes => processes::draw(&mut svg, state, words),
        Kind::Ids => ids::draw(&mut svg, state, words),
        Kind::Mounts => mounts::draw(&mut svg, state, words),
        Kind::Layers => layers::draw(&mut svg, state, words),
        Kind::Cgroups => cgroups::draw(&mut svg, state, words),
    }
    svg.finished(&words(&figure.caption), &words("The same as a table stands below the figure."))
}

/// The picture with its caption, and the same as a table.
pub(crate) fn figure(figure: &Figure, state: &State, words: Words<'_>) -> String {
    let table = view::section(figure.kind, state, words).table();
    let (svg, caption) = (svg(figure, state, words), escaped(&words(&figure.caption)));
    let summary = escaped(&words("The figure as a table"));
    let name = escaped(&figure.name);
    format!(
        "<figure class=\"drawn\" id=\"figure-{name}\">\n<div class=\"drawn-scroll\" role=\"group\" tabindex=\"0\" aria-label=\"{caption}\">\n{svg}</div>\n<figcaption>{caption}</figcaption>\n\
         <details class=\"drawn-twin\"><summary>{summary}</summary>\n<div class=\"drawn-scroll\" role=\"group\" tabindex=\"0\" aria-label=\"{summary}\">{table}</div>\n</details>\n</figure>\n"
    )
}
