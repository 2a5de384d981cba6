//! The string literals of a Rust file.

/// A string literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    /// Where it begins, counted from 1.
    pub(crate) line: usize,
    text: String,
    /// What stands around the gaps, if it is a format.
    pieces: Option<Vec<String>>,
}

impl Literal {
    fn new(line: usize, text: String) -> Self {
        let pieces = pieces(&text);
        Self { line, text, pieces }
    }

    /// How much of a reason is this literal: all of it, or all between what was formatted into it.
    pub(crate) fn fits(&self, reason: &str) -> Option<usize> {
        if self.text == reason {
            return Some(usize::MAX);
        }
        let pieces = self.pieces.as_ref()?;
        let weight: usize = pieces.iter().map(String::len).sum();
        // A format of nothing but gaps fits everything, and says nothing.
        if weight < 12 {
            return None;
        }
        let (first, rest) = pieces.split_first()?;
        let (last, middle) = rest.split_last()?;
        let mut left = reason.strip_prefix(first.as_str())?;
        for piece in middle {
            left = &left[left.find(piece.as_str())? + piece.len()..];
        }
        left.ends_with(last.as_str()).then_some(weight)
    }
}

/// What stands around the gaps of a format; nothing if there is no gap.
fn pieces(format: &str) -> Option<Vec<String>> {
    let mut pieces = vec![String::new()];
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.next_if_eq(&letter).is_some() => pieces.last_mut()?.push(letter),
            '{' => {
                letters.by_ref().find(|letter| *letter == '}')?;
                pieces.push(String::new());
            }
            _ => pieces.last_mut()?.push(letter),
        }
    }
    (pieces.len() > 1).then_some(pieces)
}

/// All literals of a text in Rust.
pub(crate) fn of(text: &str) -> Vec<Literal> {
    let mut literals = Vec::new();
    let mut letters = text.chars().peekable();
    let mut line = 1;
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => line += 1,
            '/' if letters.peek() == Some(&'/') => {
                letters.by_ref().find(|letter| *letter == '\n');
                line += 1;
            }
            // A letter in quotes, or a lifetime, which ends the same for us.
            '\'' => {
                let is_escaped = letters.next_if_eq(&'\\').is_some();
                if is_escaped || letters.peek() == Some(&'"') {
                    letters.next();
                }
            }
            '"' => {
                let (text, lines) = literal(&mut letters);
                literals.push(Literal::new(line, text));
                line += lines;
            }
            _ => {}
        }
    }
    literals
}

/// The rest of a literal, and how many lines it goes on for.
fn literal(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> (String, usize) {
    let (mut text, mut lines) = (String::new(), 0);
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => match letters.next() {
                Some('\n') => {
                    lines += 1;
                    while letters.peek().is_some_and(|letter| letter.is_whitespace()) {
                        lines += usize::from(letters.next() == Some('\n'));
                    }
                }
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('0') => text.push('\0'),
                Some(other) => text.push(other),
                None => break,
            },
            _ => {
                lines += usize::from(letter == '\n');
                text.push(letter);
            }
        }
    }
    (text, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(line: usize, text: &str) -> Literal {
        Literal::new(line, text.to_owned())
    }

    #[test]
    fn literals_are_found_where_they_begin() {
        let text = "// \"no\"\nlet a = '\"'; let b: &'a str = \"one \\\n    two\";\nf(\"three\\\\\");";
        let expected = [literal(2, "one two"), literal(4, "three\\")];
        assert_eq!(of(text), expected);
    }

    #[test]
    fn a_format_fits_what_was_made_of_it() {
        let format = literal(1, "the {kind} namespace of {} is kept");
        assert_eq!(format.fits("the uts namespace of 12 is kept"), Some("the  namespace of  is kept".len()));
        assert_eq!(format.fits("the uts namespace of 12 is gone"), None);
        assert_eq!(literal(1, "{}: {}").fits("a: b"), None);
        assert_eq!(literal(1, "same").fits("same"), Some(usize::MAX));
    }
}
