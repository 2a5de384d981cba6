//! Directories of cgroups, with what is written in them and who is inside.

use crate::Words;
use crate::html::filled;
use crate::state::{Cgroup, State};
use crate::svg::{LINE, Look, Svg, width};
use crate::view::named;

const STEP: f64 = 32.0;
const TREES: &str = "/sys/fs/cgroup";

/// Each below the one it is a directory of.
pub(super) fn draw(svg: &mut Svg, state: &State, words: Words<'_>) {
    let mut bottoms: Vec<(String, f64, f64)> = Vec::new();
    let top = Cgroup::default();
    let is_root_told = state.cgroups.contains_key(TREES);
    let root = (!is_root_told).then(|| (TREES.to_owned(), &top));
    for (path, cgroup) in root.into_iter().chain(state.cgroups.iter().map(|(path, cgroup)| (path.clone(), cgroup))) {
        let above = bottoms.iter().rev().find(|(above, ..)| path.starts_with(&format!("{above}/"))).cloned();
        let x = above.as_ref().map_or(0.0, |(_, x, _)| x + STEP);
        let name = above.as_ref().map_or(path.as_str(), |(above, ..)| &path[above.len() + 1..]);
        let y = svg.height() + 14.0;
        let bottom = one(svg, (x, y), name, (cgroup, state), words);
        if let Some((_, above_x, above_bottom)) = above {
            svg.line(&[(above_x + 12.0, above_bottom), (above_x + 12.0, y + LINE), (x, y + LINE)]);
        }
        bottoms.push((path, x, bottom));
    }
}

/// Draws one, and gives its lower edge.
fn one(svg: &mut Svg, (x, y): (f64, f64), name: &str, (cgroup, state): (&Cgroup, &State), words: Words<'_>) -> f64 {
    let mut lines: Vec<_> = cgroup.settings.iter().map(|(file, value)| format!("{file} = {value}")).collect();
    let inside = cgroup.processes.iter().filter_map(|pid| state.process(*pid));
    lines.extend(inside.map(|process| filled(&words("process {0}"), &[&named(process)])));
    let wide = lines.iter().map(|line| width(line)).fold(width(name), f64::max) + 24.0;
    let high = LINE * (lines.len() as f64 + 1.0) + 12.0;
    let is_lived_in = !cgroup.processes.is_empty();
    svg.rect(x, y, wide, high, if is_lived_in { Look::Own } else { Look::Plain });
    svg.strong(x + 10.0, y + LINE, name);
    for (at, line) in lines.iter().enumerate() {
        svg.text(x + 10.0, y + LINE * (at as f64 + 2.0), line);
    }
    y + high
}
