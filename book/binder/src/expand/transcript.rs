//! A console block as it is shown: the commands and what came of them, and above it for whom and where it works.

use crate::console::Flags;
use crate::console::stand::kebab;
use crate::markdown::Block;

/// `said`: the needs that an earlier block of the chapter has named already.
pub(super) fn shown(block: &Block, said: &mut Vec<String>, words: &dyn Fn(&str) -> String) -> String {
    let flags = Flags::of(block);
    let new: Vec<_> = flags.needs.into_iter().map(|need| kebab(&need)).filter(|need| !said.contains(need)).collect();
    let mut labels = Vec::new();
    if flags.root {
        labels.push(words("as root"));
    }
    if !new.is_empty() {
        let names: Vec<_> = new.iter().map(|need| format!("<code>{need}</code>")).collect();
        labels.push(format!("{} {}", words("needs, as <code>doctor</code> names it:"), names.join(", ")));
    }
    said.extend(new);
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
