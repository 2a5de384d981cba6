//! A console block as it is shown: the commands and what came of them, and above it for whom and where it works.

use crate::console::Flags;
use crate::markdown::Block;

pub(super) fn shown(block: &Block, words: &dyn Fn(&str) -> String) -> String {
    let flags = Flags::of(block);
    let mut labels = Vec::new();
    if flags.root {
        labels.push(words("as root"));
    }
    for need in &flags.needs {
        labels.push(format!("{} <code>{need}</code>", words("needs")));
    }
    let mut text = String::new();
    if !labels.is_empty() {
        text = format!("\n{}<div class=\"console-label\">{}</div>\n\n", block.indent, labels.join(" · "));
    }
    let lines = [format!("{}console", block.fence)].into_iter().chain(block.body.iter().cloned());
    for line in lines.chain([block.fence.clone()]) {
        text.push_str(&format!("{}{line}\n", block.indent));
    }
    text
}
