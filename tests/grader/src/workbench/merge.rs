//! Three versions of a file made one: as it was cut, as the learner has it, as the course has it now.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// Both changes in one text.
    Clean(String),
    /// Both have changed the same lines.
    Conflict,
}

/// Brings two changes of one text together.
pub fn merge(base: &str, theirs: &str, ours: &str) -> Merged {
    if base == theirs || theirs == ours {
        return Merged::Clean(ours.to_owned());
    }
    if base == ours {
        return Merged::Clean(theirs.to_owned());
    }
    let lines = |text: &str| text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
    let base = lines(base);
    let mut changes = changes(&base, &lines(theirs));
    changes.extend(self::changes(&base, &lines(ours)));
    changes.sort_by_key(|change| (change.from, change.to));
    changes.dedup();
    let mut merged = String::new();
    let mut at = 0;
    for (number, change) in changes.iter().enumerate() {
        // Changes that touch one another may belong together: no machine should decide that.
        let touches = number > 0 && change.from <= changes[number - 1].to;
        if touches {
            return Merged::Conflict;
        }
        merged.extend(base[at..change.from].iter().map(String::as_str));
        merged.extend(change.lines.iter().map(String::as_str));
        at = change.to;
    }
    merged.extend(base[at..].iter().map(String::as_str));
    Merged::Clean(merged)
}

/// Lines of the base, and what takes their place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    from: usize,
    to: usize,
    lines: Vec<String>,
}

fn changes(base: &[String], other: &[String]) -> Vec<Change> {
    let ops = capture_diff_slices(Algorithm::Myers, base, other);
    let change = |op: &DiffOp| {
        let (old, new) = (op.old_range(), op.new_range());
        (!matches!(op, DiffOp::Equal { .. })).then(|| Change {
            from: old.start,
            to: old.end,
            lines: other[new].to_vec(),
        })
    };
    ops.iter().filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(base: &str, theirs: &str, ours: &str) -> String {
        match merge(base, theirs, ours) {
            Merged::Clean(text) => text,
            Merged::Conflict => "conflict".to_owned(),
        }
    }

    #[test]
    fn changes_in_different_places_come_together() {
        assert_eq!(clean("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n"), "A\nb\nc\nD\n");
        assert_eq!(clean("a\nb\nc\n", "a\nb\nc\nnew\n", "c\n"), "c\nnew\n");
        assert_eq!(clean("a\n", "a\n", "b\n"), "b\n");
        assert_eq!(clean("a\n", "b\n", "a\n"), "b\n");
        assert_eq!(clean("a\nb\n", "x\nb\n", "x\nb\n"), "x\nb\n");
    }

    #[test]
    fn changes_of_the_same_lines_do_not() {
        assert_eq!(clean("a\nb\n", "x\nb\n", "y\nb\n"), "conflict");
        assert_eq!(clean("a\nb\nc\n", "a\nx\nc\n", "a\nb\ny\nc\n"), "conflict");
    }
}
