//! What a translation keeps as it is: code, where links lead, HTML, places to be filled, blocks.

use std::sync::LazyLock;

use pulldown_cmark::{Event, Parser, Tag};
use regex::Regex;

use crate::languages::text::{is_inline, options};

/// Places that are filled when the page is made.
pub(super) static HOLES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{\d\}|\$[a-z]+").expect("this is an expression"));

/// All that is to stay, each kind in an order of its own.
#[derive(Default)]
struct Shape {
    kept: Vec<(&'static str, String)>,
    /// The blocks that Markdown sees.
    blocks: Vec<String>,
    /// Marks that are shown instead of being seen as marks.
    stars: usize,
    ticks: usize,
}

pub(super) fn faults(message: &str, translation: &str) -> Vec<String> {
    let (before, after) = (shape(message), shape(translation));
    let mut faults = Vec::new();
    let (lost, new) = (without(&before.kept, &after.kept), without(&after.kept, &before.kept));
    faults.extend(lost.into_iter().map(|(kind, what)| format!("{kind} {what} is missing, or too few times there")));
    faults.extend(new.into_iter().map(|(kind, what)| format!("{kind} {what} is not in the message, or fewer times")));
    if before.blocks != after.blocks {
        faults.push(format!("Markdown takes it for {}, and the message for {}", list(&after), list(&before)));
    }
    if before.stars != after.stars {
        let why = "not seen as emphasis: put full-width marks outside of `**`, or a space beside it";
        faults.push(format!("`*` is shown {} times, and {} times in the message: {why}", after.stars, before.stars));
    }
    if before.ticks != after.ticks {
        faults.push("a backtick is left over".to_owned());
    }
    if bars(message) != bars(translation) {
        faults.push("a bar without `\\` before it ends a cell".to_owned());
    }
    if translation.contains("{#") {
        faults.push("a heading keeps its anchor by itself: no `{#…}`".to_owned());
    }
    if translation.contains('\n') || translation.trim() != translation {
        faults.push("it is on one line, without spaces around it".to_owned());
    }
    faults
}

fn shape(text: &str) -> Shape {
    let mut shape = Shape::default();
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => shape.kept.push(("the link to", dest_url.into_string())),
            Event::Start(tag) if !is_inline(&tag) => shape.blocks.push(format!("{:?}", tag.to_end())),
            Event::Code(code) => shape.kept.push(("the code", format!("`{code}`"))),
            Event::InlineHtml(html) | Event::Html(html) => shape.kept.push(("the HTML", html.into_string())),
            Event::Text(words) => {
                shape.stars += words.matches('*').count();
                shape.ticks += words.matches('`').count();
                shape.kept.extend(HOLES.find_iter(&words).map(|hole| ("the placeholder", hole.as_str().to_owned())));
            }
            _ => {}
        }
    }
    shape
}

/// What is in the first, and not as often in the other.
fn without(first: &[(&'static str, String)], other: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let mut other = other.to_vec();
    let mut left = Vec::new();
    for one in first {
        match other.iter().position(|same| same == one) {
            Some(at) => drop(other.swap_remove(at)),
            None => left.push(one.clone()),
        }
    }
    left
}

fn list(shape: &Shape) -> String {
    shape.blocks.join(", ")
}

/// Bars, escaped and not.
fn bars(text: &str) -> (usize, usize) {
    let escaped = text.matches("\\|").count();
    (escaped, text.matches('|').count() - escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_may_stand_in_another_order() {
        let message = "**See** [`a`](b.md#c) and `d` at <https://e.org>, {0} and <code>f</code> \\| $beside.";
        let translation = "$beside 和 `d`，{0} 在 <https://e.org>，**见** [`a`](b.md#c) \\| <code>f</code>。";
        assert_eq!(faults(message, translation), Vec::<String>::new());
    }

    #[test]
    fn what_is_lost_or_new_is_named() {
        for (message, translation, fault) in [
            ("See `a`.", "见。", "`a`"),
            ("See `a`, `a`.", "见 `a`。", "`a`"),
            ("See it.", "见 `它`。", "`它`"),
            ("[See](a.md#b)", "[见](a.md)", "a.md#b"),
            ("Step {0}", "步", "{0}"),
            ("its PID is $beside", "它的 PID", "$beside"),
            ("<code>x</code>", "`x`", "<code>"),
            ("**The box.** After", "**箱子。**之后", "emphasis"),
            ("One", "- 一", "List"),
            ("a \\| b", "甲 | 乙", "bar"),
            ("Heading", "标题 {#heading}", "anchor"),
        ] {
            let faults = faults(message, translation).join("\n");
            assert!(faults.contains(fault), "{translation}: {faults}");
        }
    }
}
