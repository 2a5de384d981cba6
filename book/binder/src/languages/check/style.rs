//! How Chinese is set beside Latin letters, and which marks it has.

use std::sync::LazyLock;

use pulldown_cmark::{Event, Parser, TagEnd};
use regex::Regex;

use super::shape::HOLES;
use crate::languages::text::{is_inline, options};

/// Where emphasis or a link begins or ends: a space there may be what Markdown needs.
const EDGE: char = '\u{1}';
/// Instead of code, and of what is filled in.
const LATIN: &str = "X";
/// How much of the text is shown around a fault.
const AROUND: usize = 8;

/// What is wrong where this is found, in the text as it is read.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        (r"\p{Han}[A-Za-z0-9]|[A-Za-z0-9]\p{Han}", "a space between Chinese and Latin letters, digits or code"),
        (r"\p{Han} ?[,;:!?]|[,;:!?]\s*\p{Han}", "a half-width mark beside Chinese; full-width: ，；：！？"),
        (r"\p{Han} ?\.(?:\s|$|\p{Han})|[^\s.]\.\s*\p{Han}", "a half-width full stop beside Chinese; full-width: 。"),
        (
            r"\p{Han} ?\(|\( ?\p{Han}|\p{Han} ?\)|\)\p{Han}",
            "a half-width bracket beside Chinese; full-width （）, or a space",
        ),
        (r#"\p{Han}["']|["']\p{Han}"#, "a half-width quote beside Chinese; full-width: “”"),
        (r"[\u{ff10}-\u{ff19}\u{ff21}-\u{ff3a}\u{ff41}-\u{ff5a}]", "full-width letters or digits; half-width"),
        (r"您", "您; the book says 你"),
        (r"简单地|显然|只需", "a word that the book does without"),
    ];
    compiled(&rules)
});

/// The same, where the edges of emphasis are seen.
static EDGED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        (r"[，。：；？！（）、] | [，。：；？！（）、]", "a space beside a full-width mark"),
        (r"\p{Han} +\p{Han}", "a space between Chinese characters"),
    ];
    compiled(&rules)
});

fn compiled<'a>(rules: &[(&str, &'a str)]) -> Vec<(Regex, &'a str)> {
    let rule = |(rule, fault): &(&str, &'a str)| (Regex::new(rule).expect("this is an expression"), *fault);
    rules.iter().map(rule).collect()
}

pub(super) fn faults(message: &str, translation: &str) -> Vec<String> {
    static HAN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\p{Han}").expect("this is an expression"));
    let edged = read(translation);
    let text = edged.replace(EDGE, "");
    // Text that is English throughout has English marks.
    if !HAN.is_match(&text) {
        return Vec::new();
    }
    let mut found: Vec<_> = RULES.iter().filter_map(|rule| fault(rule, &text)).collect();
    found.extend(EDGED.iter().filter_map(|rule| fault(rule, &edged)));
    if text.contains('！') && !message.contains('!') {
        found.push("an exclamation mark where the English has none".to_owned());
    }
    found
}

/// The first place where a rule is broken, with what stands around it.
fn fault((rule, fault): &(Regex, &str), text: &str) -> Option<String> {
    let found = rule.find(text)?;
    let before: String = text[..found.start()].chars().rev().take(AROUND).collect();
    let before: String = before.chars().rev().collect();
    let after: String = text[found.end()..].chars().take(AROUND).collect();
    let shown = format!("{before}{}{after}", found.as_str()).replace(EDGE, "");
    Some(format!("{fault}: …{shown}…"))
}

/// What one reads.
fn read(text: &str) -> String {
    let mut read = String::new();
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Text(words) => read.push_str(&HOLES.replace_all(&words, LATIN)),
            Event::Code(_) => read.push_str(LATIN),
            Event::SoftBreak | Event::HardBreak => read.push(' '),
            Event::Start(tag) if is_inline(&tag) => read.push(EDGE),
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link) => read.push(EDGE),
            _ => {}
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_well_has_no_fault() {
        for well in [
            "在 `pivot_root` 之后有 2 个挂载。",
            "**容器**。之后，见 mount(2) 和 [挂载](a.md)（bind mount）。",
            "**容器。** 之后",
            "Only English, here: (yes).",
            "第 {0} 步，共 {1} 步：文件 `a.b`、foo.c 和 10:30",
        ] {
            assert_eq!(faults(well, well), Vec::<String>::new(), "{well}");
        }
    }

    #[test]
    fn what_is_not_is_named() {
        for (bad, fault) in [
            ("在`chroot` 之后", "a space between"),
            ("在 [`chroot`](a.md)之后", "a space between"),
            ("有2 个", "a space between"),
            ("容器,镜像", "half-width mark"),
            ("`PID`, 然后", "half-width mark"),
            ("结束.", "half-width full stop"),
            ("容器 (box)", "half-width bracket"),
            ("容器（box） 之后", "beside a full-width mark"),
            ("\"容器\"", "half-width quote"),
            ("容 器", "between Chinese characters"),
            ("您可以", "你"),
            ("好！", "exclamation"),
        ] {
            let faults = faults("x", bad).join("\n");
            assert!(faults.contains(fault), "{bad}: {faults}");
        }
    }
}
