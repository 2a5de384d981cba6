//! One exercise at a time: a learner's file, with the course's own lines in the holes of all other exercises.
//!
//! So one mistake is judged once, and a hole that is still open is in nobody's way. Lines keep their numbers, so that what
//! the compiler says of the copy holds for the learner's file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::course::{Piece, bodies, pieces, replace, text};
use crate::forge::Sources;

/// True when a hole of this exercise is as it was cut.
pub fn is_open(source: &str, id: &str) -> bool {
    bodies(source, id)
        .iter()
        .any(|body| body.contains(&format!("todo!(\"{id}:")) || body.contains(&format!("todo: {id}:")))
}

/// `theirs`, a learner's copy of the file `name`, as it is to be built for judging exercise `id`; files with the lines of
/// other exercises come with it. A file whose markers are gone is taken as it stands.
///
/// # Errors
/// The course's own file has a marker without its partner.
pub fn only_this_exercise(copy: &Path, name: &Path, ours: &str, theirs: &str, id: &str) -> Result<Sources> {
    let mut sources = Sources::new();
    let Ok(pieces_of_theirs) = pieces(theirs) else {
        sources.insert(name.to_owned(), theirs.to_owned());
        return Ok(sources);
    };
    if let Some(same) = differs_only_here(ours, &pieces_of_theirs, id)? {
        sources.insert(name.to_owned(), same);
        return Ok(sources);
    }
    let file = replace(theirs, |other, at, body| {
        let reference = bodies(ours, other).get(at)?.clone();
        if other == id || reference == body {
            return None;
        }
        let beside =
            PathBuf::from(format!("bodies/{}-{at}.rs", name.display().to_string().replace('/', "-") + "-" + other));
        let line = included(&copy.join(&beside), &reference, body.lines().count());
        sources.insert(beside, format!("{{\n{reference}}}\n"));
        Some(line)
    })?;
    sources.insert(name.to_owned(), file);
    Ok(sources)
}

/// The course's file with their lines in this one exercise, when nothing else was changed and no line is moved by it.
fn differs_only_here(ours: &str, theirs: &[Piece], id: &str) -> Result<Option<String>> {
    let mine = bodies(&text(theirs), id);
    let filled = replace(ours, |other, at, _| (other == id).then(|| mine.get(at).cloned()).flatten())?;
    let mut theirs = theirs.to_vec();
    for (their, our) in theirs.iter_mut().zip(pieces(ours)?) {
        if let (Piece::Hole { id: known, open, close, .. }, Piece::Hole { id: other, open: first, close: last, .. }) =
            (their, our)
            && *known == other
        {
            // Titles behind a marker are for the eye.
            (*open, *close) = (first, last);
        }
    }
    Ok((text(&theirs) == filled).then_some(filled))
}

/// As many lines as were there. The macro puts the file in its place as an expression that sees all names around it.
fn included(file: &Path, reference: &str, lines: usize) -> String {
    let indent: String = reference.chars().take_while(|letter| *letter == ' ').collect();
    let mut text = String::new();
    let _ = write!(text, "{indent}include!({:?})", file.display().to_string());
    text.push_str(&"\n".repeat(lines.max(1)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "a\n// EXERCISE x-1\n  one\n  more\n// END x-1\nb\n// EXERCISE y-1\n  two\n// END y-1\n";

    fn composed(theirs: &str, id: &str) -> Sources {
        only_this_exercise("/copy".as_ref(), "src/a.rs".as_ref(), OURS, theirs, id).unwrap()
    }

    #[test]
    fn an_untouched_file_is_the_course_s_own() {
        let titled = OURS.replace("EXERCISE x-1", "EXERCISE x-1: Title");
        for theirs in [OURS, titled.as_str()] {
            assert_eq!(composed(theirs, "x-1"), Sources::from([("src/a.rs".into(), OURS.to_owned())]));
        }
    }

    #[test]
    fn the_holes_of_others_are_filled_and_lines_keep_their_numbers() {
        let theirs =
            OURS.replace("  one\n  more\n", "  todo!(\"x-1: …\")\n").replace("  two\n", "  mine\n  too\n  here\n");
        let sources = composed(&theirs, "y-1");
        let file = &sources[Path::new("src/a.rs")];
        assert!(file.contains("  include!(\"/copy/bodies/src-a.rs-x-1-0.rs\")\n"), "{file}");
        assert!(file.contains("  mine\n  too\n  here\n"), "{file}");
        assert_eq!(file.lines().count(), theirs.lines().count());
        assert_eq!(sources[Path::new("bodies/src-a.rs-x-1-0.rs")], "{\n  one\n  more\n}\n");
        assert_eq!(composed(&theirs, "x-1")[Path::new("src/a.rs")].lines().count(), theirs.lines().count());
    }

    #[test]
    fn a_hole_is_open_while_it_says_so() {
        let open = OURS.replace("  two", "  todo!(\"y-1: do it\")");
        assert!(is_open(&open, "y-1") && !is_open(&open, "x-1") && !is_open(OURS, "y-1"));
    }
}
