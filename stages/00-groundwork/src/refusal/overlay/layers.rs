//! The options of an overlay, as mount(2) takes them in one string.

use std::path::PathBuf;

/// The directories that an overlay is asked to lay over each other.
#[derive(Default)]
pub(super) struct Layers {
    pub(super) lower: Vec<PathBuf>,
    pub(super) upper: Option<PathBuf>,
    pub(super) work: Option<PathBuf>,
    /// Of the whole string, in bytes.
    pub(super) length: usize,
}

impl Layers {
    pub(super) fn of(options: &str) -> Self {
        let mut layers = Self { length: options.len(), ..Self::default() };
        for option in split(options, ',') {
            match option.split_once('=') {
                Some(("lowerdir", all)) => layers.lower = split(all, ':').iter().map(|one| plain(one)).collect(),
                Some(("upperdir", upper)) => layers.upper = Some(plain(upper)),
                Some(("workdir", work)) => layers.work = Some(plain(work)),
                _ => {}
            }
        }
        layers
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.lower.iter().chain(&self.upper).chain(&self.work)
    }
}

/// The parts between separators. A backslash makes an ordinary letter of the one after it.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut is_escaped) = (vec![String::new()], false);
    for letter in text.chars() {
        if letter == separator && !is_escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    parts
}

/// A path without its backslashes.
fn plain(path: &str) -> PathBuf {
    let mut letters = path.chars();
    let mut plain = String::new();
    while let Some(letter) = letters.next() {
        plain.push(if letter == '\\' { letters.next().unwrap_or(letter) } else { letter });
    }
    PathBuf::from(plain)
}
