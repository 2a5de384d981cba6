//! Catalogs as gettext writes them, as far as a book needs: one form of each message, in UTF-8.

use std::fmt;

use anyhow::{Context, Result, bail};

/// A message and its translation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Remarks of translators.
    pub remarks: Vec<String>,
    /// What translators are told.
    pub notes: Vec<String>,
    /// Where it stands.
    pub places: Vec<String>,
    /// The message has changed since.
    pub is_fuzzy: bool,
    /// What the message was when it was translated.
    pub previous: Option<String>,
    /// What the book says.
    pub message: String,
    /// What the translation says; empty when there is none.
    pub translation: String,
    /// The line that the translation begins on, counted from 1; 0 if it was not read.
    pub line: usize,
}

impl Entry {
    /// True when the translation may be shown.
    pub fn is_done(&self) -> bool {
        !self.is_fuzzy && !self.translation.is_empty()
    }
}

/// A file of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// The remarks at its head.
    pub head: Vec<String>,
    /// Its fields: `Language: zh-CN`.
    pub fields: String,
    /// Its messages, in order.
    pub entries: Vec<Entry>,
}

impl Catalog {
    /// Reads a file.
    ///
    /// # Errors
    /// The line that is none of a catalog.
    pub fn read(text: &str) -> Result<Self> {
        let mut catalog = Self::default();
        for block in blocks(text) {
            let entry = entry(&block)?;
            match entry {
                Some(entry) if entry.message.is_empty() => {
                    (catalog.head, catalog.fields) = (entry.remarks, entry.translation);
                }
                Some(entry) => catalog.entries.push(entry),
                None => {}
            }
        }
        Ok(catalog)
    }
}

/// Lines that stand together, each with its number.
fn blocks(text: &str) -> Vec<Vec<(usize, &str)>> {
    let lines: Vec<_> = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())).collect();
    let blocks = lines.split(|(_, line)| line.is_empty()).filter(|block| !block.is_empty());
    blocks.map(<[_]>::to_vec).collect()
}

/// What the quoted lines belong to.
enum Part {
    None,
    Previous,
    Message,
    Translation,
}

/// Nothing for remarks alone: a message that is not in the book any more.
fn entry(block: &[(usize, &str)]) -> Result<Option<Entry>> {
    let mut entry = Entry::default();
    let (mut part, mut is_message) = (Part::None, false);
    for (number, line) in block {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let quoted = match word {
            "#|" => {
                part = Part::Previous;
                rest.strip_prefix("msgid ").unwrap_or(rest)
            }
            "msgid" => {
                (part, is_message) = (Part::Message, true);
                rest
            }
            "msgstr" => {
                (part, entry.line) = (Part::Translation, *number);
                rest
            }
            _ if line.starts_with('"') => line,
            _ if remark(&mut entry, word, rest) => continue,
            _ => bail!("line {number}: `{line}` is none of a catalog"),
        };
        let said = unquoted(quoted).with_context(|| format!("line {number}: {quoted}"))?;
        match part {
            Part::Previous => entry.previous.get_or_insert_default().push_str(&said),
            Part::Message => entry.message.push_str(&said),
            Part::Translation => entry.translation.push_str(&said),
            Part::None => bail!("line {number}: `{line}` belongs to nothing"),
        }
    }
    Ok(is_message.then_some(entry))
}

/// Takes a line that begins with `#`; false if it is none.
fn remark(entry: &mut Entry, word: &str, rest: &str) -> bool {
    match word {
        "#" => entry.remarks.push(rest.to_owned()),
        "#." => entry.notes.push(rest.to_owned()),
        "#:" => entry.places.extend(rest.split_whitespace().map(str::to_owned)),
        "#," => entry.is_fuzzy |= rest.split(',').any(|flag| flag.trim() == "fuzzy"),
        "#~" | "#~|" => {}
        _ => return false,
    }
    true
}

fn unquoted(text: &str) -> Result<String> {
    let inner = text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"')).context("this is not quoted")?;
    let mut letters = inner.chars();
    let mut said = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => bail!("a quote inside needs a backslash"),
            '\\' => said.push(match letters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(letter @ ('"' | '\\')) => letter,
                other => bail!("a backslash before {other:?}"),
            }),
            letter => said.push(letter),
        }
    }
    Ok(said)
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t").replace('\n', "\\n");
    format!("\"{text}\"")
}

impl fmt::Display for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.iter().try_for_each(|remark| writeln!(f, "{}", format!("# {remark}").trim_end()))?;
        writeln!(f, "msgid \"\"\nmsgstr \"\"")?;
        self.fields.lines().try_for_each(|field| writeln!(f, "{}", quoted(&format!("{field}\n"))))?;
        self.entries.iter().try_for_each(|entry| write!(f, "\n{entry}"))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.remarks.iter().try_for_each(|remark| writeln!(f, "{}", format!("# {remark}").trim_end()))?;
        self.notes.iter().try_for_each(|note| writeln!(f, "#. {note}"))?;
        if !self.places.is_empty() {
            writeln!(f, "#: {}", self.places.join(" "))?;
        }
        if self.is_fuzzy {
            writeln!(f, "#, fuzzy")?;
        }
        if let Some(previous) = &self.previous {
            writeln!(f, "#| msgid {}", quoted(previous))?;
        }
        writeln!(f, "msgid {}\nmsgstr {}", quoted(&self.message), quoted(&self.translation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let entry = Entry {
            remarks: vec!["a remark".to_owned(), String::new()],
            notes: vec!["heading".to_owned()],
            places: vec!["02-unshare.md".to_owned()],
            is_fuzzy: true,
            previous: Some("old \"x\"".to_owned()),
            message: "new \\| `\\n`\tand\nmore".to_owned(),
            translation: "新的".to_owned(),
            line: 0,
        };
        let fields = "Language: zh-CN\nMIME-Version: 1.0\n".to_owned();
        let catalog = Catalog { head: vec!["Chinese".to_owned()], fields, entries: vec![entry.clone(), entry] };
        let mut read = Catalog::read(&catalog.to_string()).unwrap();
        let lines: Vec<_> = read.entries.iter_mut().map(|entry| std::mem::take(&mut entry.line)).collect();
        assert_eq!(read, catalog);
        let written = catalog.to_string();
        let line_of = |line: usize| written.lines().nth(line - 1).unwrap();
        assert!(lines.iter().all(|line| line_of(*line) == "msgstr \"新的\""), "{lines:?}");
    }

    #[test]
    fn lines_may_be_wrapped_and_what_is_obsolete_is_dropped() {
        let text = "#, c-format, fuzzy\n#| msgid \"\"\n#| \"old\"\nmsgid \"\"\n\"one \"\n\"two\"\nmsgstr \"\"\n\"三\"\n\n#~ msgid \"x\"\n#~ msgstr \"y\"\n";
        let catalog = Catalog::read(text).unwrap();
        assert_eq!(catalog.entries.len(), 1);
        let Entry { message, translation, previous, is_fuzzy, .. } = &catalog.entries[0];
        assert_eq!((message.as_str(), translation.as_str(), previous.as_deref()), ("one two", "三", Some("old")));
        assert!(*is_fuzzy);
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        for (text, line) in
            [("msgid \"a\nmsgstr \"\"", "line 1"), ("msgid \"a\"\nmsgstr \"b\"c\"", "line 2"), ("\nx", "line 2")]
        {
            let error = format!("{:#}", Catalog::read(text).unwrap_err());
            assert!(error.contains(line), "{error}");
        }
    }
}
