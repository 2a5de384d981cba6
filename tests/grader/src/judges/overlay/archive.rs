//! Archives written and read by the judge itself: tar(5), as little of it as is needed.

use std::fs::File;
use std::io::Read;

const BLOCK: usize = 512;

/// One entry to write, or as it was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) name: String,
    /// `0` a file, `1` a hard link, `2` a symbolic link, `3` a character device, `5` a directory.
    pub(super) kind: char,
    pub(super) link: String,
    pub(super) content: String,
}

/// A file with this content.
pub(super) fn file(name: &str, content: &str) -> Entry {
    Entry { name: name.to_owned(), kind: '0', content: content.to_owned(), ..Entry::default() }
}

/// A directory.
pub(super) fn directory(name: &str) -> Entry {
    Entry { name: format!("{name}/"), kind: '5', ..Entry::default() }
}

/// A link of either kind.
pub(super) fn link(name: &str, kind: char, to: &str) -> Entry {
    Entry { name: name.to_owned(), kind, link: to.to_owned(), ..Entry::default() }
}

/// The archive with these in it. All of it is ASCII, and so it is text.
pub(super) fn written(entries: &[Entry]) -> String {
    let mut text: String = entries.iter().map(|entry| header(entry) + &padded(&entry.content)).collect();
    text.push_str(&"\0".repeat(2 * BLOCK));
    text
}

fn header(entry: &Entry) -> String {
    let field = |text: &str, width: usize| format!("{text}{}", "\0".repeat(width.saturating_sub(text.len())));
    let mode = if entry.kind == '5' { 0o755 } else { 0o644 };
    let with_sum = |sum: &str| {
        let numbers = format!("{mode:07o}\0{:07o}\0{:07o}\0{:011o}\0{:011o}\0", 0, 0, entry.content.len(), 1);
        let head = field(&entry.name, 100) + &numbers + sum;
        let rest = format!("{}{}ustar\x0000", entry.kind, field(&entry.link, 100));
        field(&(head + &rest), BLOCK)
    };
    let sum: u32 = with_sum("        ").bytes().map(u32::from).sum();
    with_sum(&format!("{sum:06o}\0 "))
}

fn padded(content: &str) -> String {
    let rest = content.len().next_multiple_of(BLOCK) - content.len();
    format!("{content}{}", "\0".repeat(rest))
}

/// The entries of an archive that somebody else wrote; those that only announce another one are left out.
pub(super) fn read(file: Option<File>) -> Vec<Entry> {
    let mut bytes = Vec::new();
    let read = file.map(|file| file.take(64 << 20).read_to_end(&mut bytes));
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + BLOCK).filter(|_| matches!(read, Some(Ok(_)))) {
        let text = |from: usize, to: usize| {
            let field = header[from..to].split(|byte| *byte == 0).next().unwrap_or_default();
            String::from_utf8_lossy(field).into_owned()
        };
        let size = usize::from_str_radix(text(124, 136).trim(), 8).unwrap_or(0);
        let content = bytes.get(at + BLOCK..at + BLOCK + size).unwrap_or_default();
        let kind = char::from(header[156]);
        if header[0] != 0 && kind.is_ascii_digit() {
            let content = String::from_utf8_lossy(content).into_owned();
            found.push(Entry { name: text(0, 100), kind, link: text(157, 257), content });
        }
        at += BLOCK + size.next_multiple_of(BLOCK);
    }
    found
}
