//! What is mounted on what.

use crate::Words;
use crate::html::filled;
use crate::state::{HOST, Process, State};
use crate::svg::{LINE, Look, Svg, width};
use crate::trace::Mount;
use crate::view::what;

const STEP: f64 = 28.0;
const HIGH: f64 = LINE + 8.0;

/// The mounts of the namespace in which the last call was made, each below the one it is attached to.
pub(super) fn draw(svg: &mut Svg, state: &State, words: Words<'_>) {
    let actor = state.process(state.actor);
    let label = actor.map_or(HOST, |process| process.namespace("mnt"));
    let none = Vec::new();
    let list = state.mounts.get(label).unwrap_or(&none);
    svg.strong(0.0, LINE, &filled(&words("mount namespace {0}"), &[label]));
    if let Some(root) = actor.map(|process: &Process| process.root.as_str()).filter(|root| *root != "/") {
        svg.text(0.0, LINE * 2.2, &filled(&words("the process begins its paths at {0}"), &[root]));
    }
    let tops = list.iter().filter(|mount| mount.on.as_ref().is_none_or(|on| list.iter().all(|one| one.id != *on)));
    for top in tops {
        tree(svg, list, top, (0.0, None), words);
    }
    let y = svg.height() + 14.0;
    let mut x = 0.0;
    for (look, text) in [(Look::Plain, "there on the host"), (Look::Own, "hatched: mounted by this run")] {
        svg.rect(x, y, 24.0, 14.0, look);
        x = svg.text(x + 32.0, y + 12.0, &words(text)) + 24.0;
    }
}

fn tree(svg: &mut Svg, list: &[Mount], mount: &Mount, (x, parent): (f64, Option<(f64, &Mount)>), words: Words<'_>) {
    let y = svg.height() + 10.0;
    let mut told = format!("{}: {}", words(&mount.kind), what(mount, words));
    if mount.kind == mount.of {
        told.clone_from(&mount.kind);
    }
    if mount.kind == "host" {
        told = words(&mount.of);
    }
    if mount.read_only {
        told = format!("{told}, {}", words("read only"));
    }
    if parent.is_some_and(|(_, parent)| parent.at == mount.at) {
        told = format!("{told}, {}", words("on top of the one above"));
    }
    if let Some((above, _)) = parent {
        svg.line(&[(x - STEP + 10.0, above), (x - STEP + 10.0, y + HIGH / 2.0), (x, y + HIGH / 2.0)]);
    }
    let wide = width(&mount.at) + 16.0;
    svg.rect(x, y, wide, HIGH, if mount.kind == "host" { Look::Plain } else { Look::Own });
    svg.strong(x + 8.0, y + LINE, &mount.at);
    svg.text(x + wide + 10.0, y + LINE, &told);
    for child in list.iter().filter(|child| child.on.as_ref() == Some(&mount.id)) {
        tree(svg, list, child, (x + STEP, Some((y + HIGH, mount))), words);
    }
}
