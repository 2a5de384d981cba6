//! The tree of processes, with their numbers outside and inside.

use crate::Words;
use crate::html::filled;
use crate::state::{HOST, Process, State};
use crate::svg::{LINE, Look, Svg, width};

const STEP: f64 = 40.0;
const HIGH: f64 = LINE * 2.0 + 10.0;
const GAP: f64 = 22.0;

/// Parents above, children below and to the right; around those of one PID namespace a broken line.
pub(super) fn draw(svg: &mut Svg, state: &State, words: Words<'_>) {
    let mut placed: Vec<(&Process, f64, f64)> = Vec::new();
    let tops = state.processes.iter().filter(|one| one.parent.is_none_or(|parent| state.process(parent).is_none()));
    for top in tops {
        place(state, top, 0.0, &mut placed);
    }
    for (process, x, y) in &placed {
        let parent = placed.iter().find(|(parent, ..)| Some(parent.pid) == process.parent);
        if let Some((_, above_x, above_y)) = parent {
            let middle = y + HIGH / 2.0;
            svg.arrow(&[(above_x + 14.0, above_y + HIGH), (above_x + 14.0, middle), (*x, middle)]);
        }
        one(svg, process, (*x, *y), words);
    }
}

fn place<'a>(state: &'a State, process: &'a Process, x: f64, placed: &mut Vec<(&'a Process, f64, f64)>) {
    // A namespace has its own line around it, with its name: that takes room.
    let room = if process.inside.is_some() { LINE + 4.0 } else { 0.0 };
    let y = placed
        .last()
        .map_or(room, |(last, _, y)| y + HIGH + GAP + room + if last.inside.is_some() { 8.0 } else { 0.0 });
    placed.push((process, x, y));
    for child in state.processes.iter().filter(|child| child.parent == Some(process.pid)) {
        place(state, child, x + STEP, placed);
    }
}

fn one(svg: &mut Svg, process: &Process, (x, y): (f64, f64), words: Words<'_>) {
    let outside = filled(&words("PID {0} outside"), &[&process.pid.to_string()]);
    let inside = process.inside.map(|pid| filled(&words("PID {0} inside"), &[&pid.to_string()]));
    let numbers = inside.map_or_else(|| outside.clone(), |inside| format!("{outside}, {inside}"));
    let wide = width(&numbers).max(width(&process.program)) + 20.0;
    let label = process.namespace("pid");
    svg.rect(x, y, wide, HIGH, if label == HOST { Look::Plain } else { Look::Own });
    svg.strong(x + 10.0, y + LINE, &process.program);
    svg.text(x + 10.0, y + LINE * 2.0, &numbers);
    if process.inside.is_some() {
        let name = filled(&words("PID namespace {0}"), &[label]);
        svg.text(x - 8.0, y - 14.0, &name);
        svg.rect(x - 10.0, y - 8.0, wide.max(width(&name)) + 20.0, HIGH + 16.0, Look::Dashed);
    }
}
