//! A system call as text: `name(argument, argument) = answer`, read from strace and from a narration alike.

use std::collections::BTreeMap;

/// A call, with its arguments apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    pub arguments: Vec<String>,
    /// Nothing when it has not come back.
    pub answer: Option<String>,
}

impl Call {
    /// Reads one line.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, rest) = line.trim_start().split_once('(')?;
        let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        let end = end_of_arguments(rest)?;
        let answer = rest[end + 1..].trim_start().strip_prefix('=').map(|answer| answer.trim().to_owned());
        is_name.then(|| Self { name: name.to_owned(), arguments: split(&rest[..end]), answer })
    }

    /// As one would read it.
    pub fn line(&self) -> String {
        let answer = self.answer.as_ref().map_or_else(String::new, |answer| format!(" = {answer}"));
        format!("{}({}){answer}", self.name, self.arguments.join(", "))
    }

    /// Whom it gave birth to.
    pub fn born(&self) -> Option<u32> {
        let is_birth = ["clone", "clone3", "fork"].contains(&self.name.as_str());
        self.answer.as_ref().filter(|_| is_birth)?.split(' ').next()?.parse().ok()
    }

    /// The words, if this call wrote some to standard error.
    pub fn written_to_stderr(&self) -> Option<String> {
        let is_it = self.name == "write" && self.arguments.first()?.split('<').next() == Some("2");
        is_it.then(|| unquote(self.arguments.get(1).map_or("", String::as_str)))
    }
}

/// What strace has written, by process, with each call at the place where it came back.
pub fn seen(text: &str) -> Vec<(u32, Call)> {
    let mut begun = BTreeMap::<u32, String>::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let Some((pid, rest)) = line.split_once(' ') else { continue };
        let (Ok(pid), rest) = (pid.parse(), rest.trim_start()) else { continue };
        if let Some(beginning) = rest.strip_suffix("<unfinished ...>") {
            begun.insert(pid, beginning.trim_end_matches(' ').to_owned());
        } else if let Some(end) = rest.strip_prefix("<... ") {
            let end = end.split_once(" resumed>").map_or("", |(_, end)| end);
            let whole = format!("{}{end}", begun.remove(&pid).unwrap_or_default());
            calls.extend(Call::parse(&whole).map(|call| (pid, call)));
        } else {
            calls.extend(Call::parse(rest).map(|call| (pid, call)));
        }
    }
    calls
}

/// The calls in a piece of narration: each is a line below its reason.
pub fn told(words: &str) -> Vec<Call> {
    let mut lines = words.lines();
    let mut calls = Vec::new();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("# ") {
            calls.extend(lines.next().and_then(Call::parse));
        }
    }
    calls
}

/// Where the parenthesis closes that was open at the start.
fn end_of_arguments(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in outside_quotes(text) {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Splits at the commas that stand in no bracket.
fn split(text: &str) -> Vec<String> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, letter) in outside_quotes(text) {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim().to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim().to_owned());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The letters that are in no string.
pub fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.char_indices().filter(move |(_, letter)| {
        let was_quoted = is_quoted;
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        !was_quoted && !is_quoted
    })
}

/// The bytes of a C string literal, as text.
fn unquote(literal: &str) -> String {
    let inner = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(literal);
    let mut bytes = Vec::new();
    let mut letters = inner.bytes().peekable();
    while let Some(letter) = letters.next() {
        if letter != b'\\' {
            bytes.push(letter);
            continue;
        }
        match letters.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'r') => bytes.push(b'\r'),
            Some(b'v') => bytes.push(0x0b),
            Some(b'f') => bytes.push(0x0c),
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    if let Some(digit @ b'0'..=b'7') = letters.peek().copied() {
                        value = value * 8 + u32::from(digit - b'0');
                        letters.next();
                    }
                }
                bytes.push(value as u8);
            }
            Some(other) => bytes.push(other),
            None => {}
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
