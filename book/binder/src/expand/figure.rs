//! A figure or a player: HTML in a text that is Markdown.

use anyhow::Result;

/// HTML as one block: for Markdown, an empty line would end it.
pub(super) fn one_block(html: &str) -> Result<String> {
    let lines = html.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(|line| format!("{}\n", line.trim_start())).collect())
}
