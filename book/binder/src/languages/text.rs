//! Which parts of Markdown are translated: each paragraph, heading, item and cell as a whole, without the marks of the
//! block it stands in. Blocks of code, HTML, and lines such as `{{exercise uts-1}}` are no part of any.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use super::Kind;
use crate::expand::directive;

/// A part of a text that is translated as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Where it stands.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
    /// What it says, on one line.
    pub message: String,
    /// The anchor that a heading has from its words alone, so that it keeps it in other words.
    pub anchor: Option<String>,
}

/// As mdBook reads Markdown.
pub(crate) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_GFM
}

/// A text with each of its parts said anew, if there is something to say.
pub fn said(text: &str, say: &dyn Fn(Kind, &str) -> Option<String>) -> String {
    let mut said = String::new();
    let mut at = 0;
    for unit in units(text) {
        let Some(words) = say(unit.kind, &unit.message) else { continue };
        said.push_str(&text[at..unit.range.start]);
        said.push_str(&words);
        at = unit.range.end;
        if let Some(anchor) = unit.anchor {
            said.push_str(&format!(" {{#{anchor}}}"));
        }
    }
    said + &text[at..]
}

/// The parts of a text, in their order.
pub fn units(text: &str) -> Vec<Unit> {
    let blank: String = text.split_inclusive('\n').map(without_directive).collect();
    let mut reader = Reader { text: &blank, ..Reader::default() };
    for (event, range) in Parser::new_ext(&blank, options()).into_offset_iter() {
        reader.take(&event, range);
    }
    reader.end_of_run();
    reader.found
}

/// Spaces instead of `{{…}}`, so that all else stays at its place.
fn without_directive(line: &str) -> String {
    match directive(line) {
        Some(_) => {
            line.chars().map(|letter| if letter == '\n' { "\n" } else { &"    "[..letter.len_utf8()] }).collect()
        }
        None => line.to_owned(),
    }
}

/// What one is in, and what was found so far.
#[derive(Default)]
struct Reader<'a> {
    text: &'a str,
    found: Vec<Unit>,
    code: bool,
    autolink: bool,
    /// A heading, and whether it lacks an anchor.
    heading: Option<bool>,
    cell: bool,
    items: usize,
    quotes: usize,
    run: Option<Run>,
}

/// Words that stand together in one block.
struct Run {
    range: Range<usize>,
    /// What one reads, without marks.
    words: String,
    has_letters: bool,
}

impl Reader<'_> {
    fn take(&mut self, event: &Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) => {
                self.end_of_run();
                self.code = true;
            }
            Event::End(TagEnd::CodeBlock | TagEnd::HtmlBlock) => self.code = false,
            _ if self.code => {}
            Event::Start(tag) if is_inline(tag) => {
                self.autolink = matches!(tag, Tag::Link { link_type: LinkType::Autolink | LinkType::Email, .. });
                self.extend(range, "", false);
            }
            Event::End(TagEnd::Link | TagEnd::Image) => self.autolink = false,
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => {}
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(*end),
            Event::Text(words) => self.extend(range, words, !self.autolink && words.chars().any(char::is_alphabetic)),
            Event::Code(words) => self.extend(range, words, false),
            Event::SoftBreak | Event::HardBreak => self.extend(range, " ", false),
            Event::InlineHtml(_) | Event::FootnoteReference(_) => self.extend(range, "", false),
            _ => self.end_of_run(),
        }
    }

    fn extend(&mut self, range: Range<usize>, words: &str, has_letters: bool) {
        let new = || Run { range: range.clone(), words: String::new(), has_letters: false };
        let run = self.run.get_or_insert_with(new);
        run.range.end = run.range.end.max(range.end);
        run.words.push_str(words);
        run.has_letters |= has_letters;
    }

    fn start(&mut self, tag: &Tag<'_>) {
        self.end_of_run();
        match tag {
            Tag::Heading { id, .. } => self.heading = Some(id.is_none()),
            Tag::TableCell => self.cell = true,
            Tag::Item => self.items += 1,
            Tag::BlockQuote(_) => self.quotes += 1,
            _ => {}
        }
    }

    fn end(&mut self, end: TagEnd) {
        self.end_of_run();
        match end {
            TagEnd::Heading(_) => self.heading = None,
            TagEnd::TableCell => self.cell = false,
            TagEnd::Item => self.items -= 1,
            TagEnd::BlockQuote(_) => self.quotes -= 1,
            _ => {}
        }
    }

    fn end_of_run(&mut self) {
        let Some(Run { range, words, has_letters: true }) = self.run.take() else { return };
        // What is escaped begins after its backslash.
        let start = range.start - usize::from(self.text[..range.start].ends_with('\\'));
        let end = start + self.text[start..range.end].trim_end().len();
        let kind = match self.heading {
            Some(_) => Kind::Heading,
            None if self.cell => Kind::Cell,
            None if self.items > 0 => Kind::Item,
            None => Kind::Paragraph,
        };
        let lines: Vec<_> = self.text[start..end].lines().map(|line| self.without_marks(line)).collect();
        let anchor = self.heading.filter(|lacks| *lacks).map(|_| anchor(&words));
        self.found.push(Unit { range: start..end, kind, message: lines.join(" "), anchor });
    }

    /// A line without what the blocks around it put before it.
    fn without_marks<'a>(&self, line: &'a str) -> &'a str {
        let quote = |line: &'a str, _| line.strip_prefix('>').map_or(line, str::trim_start);
        (0..self.quotes).fold(line.trim(), quote)
    }
}

pub(crate) fn is_inline(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
}

/// The anchor that mdBook makes of a heading's words.
fn anchor(words: &str) -> String {
    let letters = words.trim().to_lowercase();
    let kept = letters.chars().filter_map(|letter| match letter {
        '_' | '-' => Some(letter),
        _ if letter.is_alphanumeric() => Some(letter),
        _ if letter.is_whitespace() => Some('-'),
        _ => None,
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        units(text).into_iter().map(|unit| unit.message).collect()
    }

    #[test]
    fn a_paragraph_is_one_message_without_the_marks_around_it() {
        let text = "One.\nTwo `x`.\n\n> [!NOTE]\n> Three\n> *four*.\n\n- five\n  six\n\n  seven\n- `eight`\n";
        assert_eq!(messages(text), ["One. Two `x`.", "Three *four*.", "five six", "seven"]);
    }

    #[test]
    fn code_html_and_what_the_binder_makes_is_no_message() {
        let text =
            "```sh\nls\n```\n\n{{exercise uts-1}}\nWords\n{{figure a}}\n<div>no</div>\n\n<https://man7.org>, `ls`\n";
        assert_eq!(messages(text), ["Words"]);
    }

    #[test]
    fn cells_are_messages_and_keep_their_bars() {
        let text = "| A | `b` |\n|---|---|\n| \\*x \\| y | 12 |\n";
        assert_eq!(messages(text), ["A", "\\*x \\| y"]);
        let said = said(text, &|kind, message| (kind == Kind::Cell).then(|| message.replace('A', "甲")));
        assert_eq!(said, text.replace('A', "甲"));
    }

    #[test]
    fn a_heading_in_other_words_keeps_its_anchor() {
        let text = "# Big `Idea`, here\n\n## Second {#two}\n\nThird\n=====\n";
        let said = said(text, &|_, message| Some(format!("译{}", message.len())));
        assert_eq!(said, "# 译16 {#big-idea-here}\n\n## 译6 {#two}\n\n译5 {#third}\n=====\n");
    }

    #[test]
    fn what_is_not_said_anew_stays_as_it_is() {
        let text = "One\ntwo.\n\n* three\n";
        assert_eq!(said(text, &|_, _| None), text);
        assert_eq!(said(text, &|_, message| (message == "three").then(|| "三".to_owned())), "One\ntwo.\n\n* 三\n");
    }
}
