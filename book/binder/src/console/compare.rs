//! What is expected against what is seen. A line `…` stands for any lines, and stays where it still fits.

use super::filters::{ELISION, Pids, alike, is_told_once};

/// What was seen beside what is expected, line by line, where all of it is alike.
pub fn aligned<'a>(expected: &'a [String], seen: &'a [String], pids: Pids) -> Option<Vec<(&'a str, &'a str)>> {
    let mut pairs = fits(&compared(expected), &compared(seen), pids)?;
    pairs.reverse();
    Some(pairs)
}

/// What to write where `expected` stood: what was seen, without what was elided there. With `keep`, a line that is alike
/// stays as it is.
pub fn renewed(expected: &[String], seen: &[String], pids: Pids, keep: bool) -> Vec<String> {
    let pairs = common(&without_elisions(expected), seen, pids);
    let mut gaps = Vec::new();
    let mut at = 0;
    for line in expected {
        match line.trim() == ELISION {
            true => gaps.extend(gap(&pairs, at, without_elisions(expected).len(), seen.len())),
            false => at += 1,
        }
    }
    let mut made = Vec::new();
    for (number, line) in seen.iter().enumerate() {
        match gaps.iter().find(|(from, to)| (*from..*to).contains(&number)) {
            Some((from, _)) if *from == number => made.push(ELISION.to_owned()),
            Some(_) => {}
            None => made.push(kept(expected, &pairs, number).filter(|_| keep).unwrap_or(line).trim_end().to_owned()),
        }
    }
    made
}

/// The line that was expected where this one is seen, if but for what differs they are the same.
fn kept<'a>(expected: &'a [String], pairs: &[(usize, usize)], number: usize) -> Option<&'a String> {
    let (at, _) = pairs.iter().find(|(_, seen)| *seen == number)?;
    expected.iter().filter(|line| line.trim() != ELISION).nth(*at)
}

/// The seen lines that an elision before the expected line `at` stands for: between two neighbours that are both there.
fn gap(pairs: &[(usize, usize)], at: usize, expected: usize, seen: usize) -> Option<(usize, usize)> {
    let seen_of = |line: usize| pairs.iter().find(|(expected, _)| *expected == line).map(|(_, seen)| *seen);
    let from = if at == 0 { 0 } else { seen_of(at - 1)? + 1 };
    let to = if at == expected { seen } else { seen_of(at)? };
    (from < to).then_some((from, to))
}

fn compared(lines: &[String]) -> Vec<&str> {
    let mut lines: Vec<_> = lines.iter().map(|line| line.trim_end()).filter(|line| !is_told_once(line)).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

fn without_elisions(lines: &[String]) -> Vec<String> {
    lines.iter().filter(|line| line.trim() != ELISION).cloned().collect()
}

/// The pattern fits when each elision can be given some lines, or none. The pairs come last first.
fn fits<'a>(expected: &[&'a str], seen: &[&'a str], pids: Pids) -> Option<Vec<(&'a str, &'a str)>> {
    let Some((first, rest)) = expected.split_first() else { return seen.is_empty().then(Vec::new) };
    if first.trim() == ELISION {
        return (0..=seen.len()).find_map(|skipped| fits(rest, &seen[skipped..], pids));
    }
    let (line, others) = seen.split_first()?;
    let mut pairs = alike(first, line, pids).then(|| fits(rest, others, pids))??;
    pairs.push((first, line));
    Some(pairs)
}

/// The longest sequence of lines that both have, as pairs of their numbers.
fn common(expected: &[String], seen: &[String], pids: Pids) -> Vec<(usize, usize)> {
    let mut longest = vec![vec![0_usize; seen.len() + 1]; expected.len() + 1];
    for (at, line) in expected.iter().enumerate().rev() {
        for (number, other) in seen.iter().enumerate().rev() {
            longest[at][number] = match alike(line, other, pids) {
                true => longest[at + 1][number + 1] + 1,
                false => longest[at + 1][number].max(longest[at][number + 1]),
            };
        }
    }
    let (mut at, mut number, mut pairs) = (0, 0, Vec::new());
    while at < expected.len() && number < seen.len() {
        if alike(&expected[at], &seen[number], pids) {
            pairs.push((at, number));
            (at, number) = (at + 1, number + 1);
        } else if longest[at + 1][number] >= longest[at][number + 1] {
            at += 1;
        } else {
            number += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As at the beginning of a session.
    fn pids() -> Pids {
        Pids::from_now_on()
    }

    fn lines(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_elision_stands_for_any_lines_and_for_none() {
        for (expected, seen, fits) in [
            ("a b", "a b", true),
            ("a … c", "a b b c", true),
            ("a … c", "a c", true),
            ("…", "", true),
            ("… c", "a b c", true),
            ("a … a …", "a a", true),
            ("a", "a b", false),
            ("a … c", "a b", false),
            ("", "a", false),
            ("a", "", false),
        ] {
            assert_eq!(aligned(&lines(expected), &lines(seen), pids()).is_some(), fits, "{expected:?} {seen:?}");
        }
    }

    #[test]
    fn elisions_stay_where_they_still_fit() {
        for (expected, seen, made) in [
            ("a … c", "a x y c d", "a … c d"),
            ("… c", "a b c d", "… c d"),
            ("a …", "a b c", "a …"),
            ("a … c", "b x d", "b x d"),
            ("a", "b", "b"),
            ("uts:[1] … x", "uts:[2] y x z", "uts:[1] … x z"),
        ] {
            assert_eq!(renewed(&lines(expected), &lines(seen), pids(), true), lines(made), "{expected:?} {seen:?}");
        }
    }
}
