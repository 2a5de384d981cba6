//! Holes: `// EXERCISE uts-1` … `// END uts-1` around lines of a source file; `#` instead of `//` in a script.

use std::path::PathBuf;

use anyhow::{Result, bail};

/// Where a hole is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Of which exercise.
    pub id: String,
    /// In which file, seen from the root of the course.
    pub file: PathBuf,
    /// In which line it opens.
    pub line: usize,
}

/// A file is made of these: text, holes, text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Lines that belong to no exercise.
    Text(String),
    /// The lines between two markers, and the markers.
    Hole {
        /// Of which exercise.
        id: String,
        /// The line with the first marker.
        open: String,
        /// The lines between.
        body: String,
        /// The line with the last marker.
        close: String,
    },
}

/// Takes a file apart.
///
/// # Errors
/// A marker without its partner, with the number of its line.
pub fn pieces(source: &str) -> Result<Vec<Piece>> {
    let mut found = vec![Piece::Text(String::new())];
    for (at, line) in source.split_inclusive('\n').enumerate() {
        let number = at + 1;
        let last = found.last_mut();
        match (marker(line), last) {
            (Some(("EXERCISE", id)), Some(Piece::Text(_))) => {
                let (id, open) = (id.to_owned(), line.to_owned());
                found.push(Piece::Hole { id, open, body: String::new(), close: String::new() });
            }
            (Some(("END", id)), Some(Piece::Hole { id: own, close, .. })) if id == own => {
                line.clone_into(close);
                found.push(Piece::Text(String::new()));
            }
            (Some((word, id)), _) => bail!("line {number}: `{word} {id}` has no partner, or stands in another hole"),
            (None, Some(Piece::Text(text) | Piece::Hole { body: text, .. })) => text.push_str(line),
            (None, None) => {}
        }
    }
    match found.last() {
        Some(Piece::Hole { id, .. }) => bail!("`EXERCISE {id}` is never closed by `END {id}`"),
        _ => Ok(found),
    }
}

/// `EXERCISE` or `END`, and the id after it, of a line that is such a comment.
fn marker(line: &str) -> Option<(&str, &str)> {
    let comment = line.trim();
    let words = comment.strip_prefix("//").or_else(|| comment.strip_prefix('#'))?;
    let (word, rest) = words.trim_start().split_once(' ')?;
    // After the id there may be a title, which the learner's copy has.
    let id = rest.trim_start().split([' ', ':']).next()?;
    (["EXERCISE", "END"].contains(&word) && is_id(id)).then_some((word, id))
}

/// Lower case words and numbers, joined by hyphens.
fn is_id(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    text.contains('-') && text.split('-').all(|word| !word.is_empty() && word.chars().all(is_letter))
}

/// Puts a file together again.
pub fn text(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Hole { open, body, close, .. } => [open.as_str(), body, close].concat(),
    };
    pieces.iter().map(piece).collect()
}

/// The ids of the holes of a file, in their order; an id with two holes stands there twice.
pub fn ids(source: &str) -> Vec<String> {
    let holes = pieces(source).unwrap_or_default().into_iter();
    let id = |piece| if let Piece::Hole { id, .. } = piece { Some(id) } else { None };
    holes.filter_map(id).collect()
}

/// What stands in the holes of one exercise, in their order.
pub fn bodies(source: &str, wanted: &str) -> Vec<String> {
    let holes = pieces(source).unwrap_or_default().into_iter();
    let body = |piece| match piece {
        Piece::Hole { id, body, .. } if id == wanted => Some(body),
        _ => None,
    };
    holes.filter_map(body).collect()
}

/// The same file with other lines in its holes: `change` is given the id, which of the holes of that id this is, counted
/// from 0, and the lines; what it gives back takes their place.
///
/// # Errors
/// As [`pieces`].
pub fn replace(source: &str, mut change: impl FnMut(&str, usize, &str) -> Option<String>) -> Result<String> {
    let mut pieces = pieces(source)?;
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for piece in &mut pieces {
        if let Piece::Hole { id, body, .. } = piece {
            let count = seen.entry(id.clone()).or_default();
            if let Some(other) = change(id, *count, body) {
                *body = with_newline(other);
            }
            *count += 1;
        }
    }
    Ok(text(&pieces))
}

fn with_newline(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "use a;\nfn f() {\n    // EXERCISE uts-1\n    a();\n    // END uts-1\n}\n# EXERCISE lab-x\n# END lab-x\n";

    #[test]
    fn a_file_taken_apart_is_put_together_again() {
        assert_eq!(text(&pieces(FILE).unwrap()), FILE);
        assert_eq!(ids(FILE), ["uts-1", "lab-x"]);
        assert_eq!(bodies(FILE, "uts-1"), ["    a();\n"]);
    }

    #[test]
    fn a_hole_can_be_filled_with_something_else() {
        let other = replace(FILE, |id, at, _| (id == "uts-1" && at == 0).then(|| "    b();".to_owned())).unwrap();
        assert_eq!(other, FILE.replace("a();", "b();"));
    }

    #[test]
    fn a_marker_without_its_partner_is_named_with_its_line() {
        for (wrong, line) in [
            ("// EXERCISE a-1\n", "never closed"),
            ("x\n// END a-1\n", "line 2"),
            ("// EXERCISE a-1\n// EXERCISE b-1\n// END b-1\n", "line 2"),
            ("// EXERCISE a-1\n// END b-1\n", "line 2"),
        ] {
            let error = pieces(wrong).unwrap_err().to_string();
            assert!(error.contains(line), "{wrong:?}: {error}");
        }
    }

    #[test]
    fn prose_is_no_marker() {
        for line in ["// EXERCISE for the reader", "// END", "// EXERCISES uts-1", "let a = 1; // EXERCISE uts-1x"] {
            assert_eq!(marker(line), None, "{line}");
        }
        assert_eq!(marker("  // EXERCISE uts-1: A name\n"), Some(("EXERCISE", "uts-1")));
    }
}
