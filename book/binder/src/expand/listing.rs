//! A listing: the path above it, and what an exercise asks for folded away.

use anyhow::{Result, bail};

use super::include::Lines;
use super::{Edition, Include, directive};
use crate::markdown::{Block, fence_for};

/// The languages of sources: their listings are included, or they are no listings.
pub(crate) const SOURCES: [&str; 5] = ["rust", "sh", "bash", "toml", "c"];

/// The path and the file of what the block includes, if it does.
pub(crate) fn included(block: &Block) -> Option<Include> {
    match block.body.as_slice() {
        [line] => directive(line)?.strip_prefix("#include ").map(Include::parse),
        _ => None,
    }
}

pub(super) fn shown(edition: &Edition, block: &Block) -> Result<String> {
    if let Some(include) = included(block) {
        let lines = edition.source(&include)?;
        let text = render(edition, block, &lines);
        return Ok(indented(&text, &block.indent));
    }
    if let Some(line) = block.body.iter().find(|line| line.contains("{{#include")) {
        bail!("`{line}`: an include stands alone in its block");
    }
    let text = format!("{}{}\n{}\n{}\n", block.fence, block.info, block.body.join("\n"), block.fence);
    Ok(indented(&text, &block.indent))
}

fn render(edition: &Edition, block: &Block, listing: &Lines) -> String {
    let margin = listing.lines.iter().filter(|(line, _)| !line.trim().is_empty());
    let margin = margin.map(|(line, _)| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let mut shown = format!("\n<div class=\"listing-path\"><code>{}</code></div>\n", listing.path);
    for part in listing.lines.chunk_by(|(_, hole), (_, next)| hole == next) {
        let text: String = part.iter().map(|(line, _)| format!("{}\n", line.get(margin..).unwrap_or(""))).collect();
        let fence = fence_for(&text);
        let code = format!("\n{fence}{}\n{text}{fence}\n", block.info);
        match &part[0].1 {
            Some(id) => shown.push_str(&folded(edition, id, &code)),
            None if text.trim().is_empty() => {}
            None => shown.push_str(&code),
        }
    }
    shown.push('\n');
    shown
}

fn folded(edition: &Edition, id: &str, code: &str) -> String {
    let summary = edition.say("the exercise's hole: open it once you have tried");
    format!(
        "\n<details class=\"hole\"><summary><code>{id}</code>{}{summary}</summary>\n{code}\n</details>\n",
        edition.colon()
    )
}

/// Each line with the indentation of the item it belongs to.
fn indented(text: &str, indent: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") }).collect()
}
