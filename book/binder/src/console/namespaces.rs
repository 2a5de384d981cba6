//! Namespaces have other numbers on each machine. What is one namespace on the page must be one here all the same, and
//! what are two must be two: that is what those numbers are shown for.
//!
//! The kernel gives a number again when nobody holds the namespace any more. So two that are not alive together may have
//! the same: beyond one command, only those of the session itself are known, which live as long as the chapter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use grader::process::{KINDS, Process};
use regex::{Captures, Regex};

/// What is known of the numbers of a chapter.
#[derive(Clone, Debug, Default)]
pub struct Namespaces {
    /// Those of the session.
    own: BTreeSet<String>,
    /// On the page, and here.
    of_own: BTreeMap<String, String>,
    /// On the page, and none of the session's here.
    of_others: BTreeSet<String>,
}

impl Namespaces {
    /// Those of a session that is begun by this process.
    pub fn of_session() -> Self {
        let me = Process(std::process::id());
        let own = KINDS.iter().filter_map(|kind| me.namespace(kind));
        let own = own.flat_map(|link| numbers(&link).map(str::to_owned).collect::<Vec<_>>()).collect();
        Self { own, ..Self::default() }
    }

    /// Compares the numbers of lines that are alike otherwise: what is wrong, if something is.
    pub fn wrong(&mut self, lines: &[(&str, &str)]) -> Option<String> {
        let mut known = self.clone();
        let (mut there, mut here) = (BTreeMap::new(), BTreeMap::new());
        for (expected, seen) in lines.iter().flat_map(|(expected, seen)| numbers(expected).zip(numbers(seen))) {
            let same =
                *there.entry(expected).or_insert(seen) == seen && *here.entry(seen).or_insert(expected) == expected;
            if !same || !known.accepts(expected, seen) {
                return Some(format!(
                    "[{expected}] on the page and [{seen}] here: not the same namespace as elsewhere"
                ));
            }
        }
        *self = known;
        None
    }

    fn accepts(&mut self, expected: &str, seen: &str) -> bool {
        if !self.own.contains(seen) {
            self.of_others.insert(expected.to_owned());
            return !self.of_own.contains_key(expected);
        }
        let is_new = !self.of_own.values().any(|known| known == seen);
        match self.of_own.get(expected) {
            Some(known) => known == seen,
            None if is_new => {
                self.of_own.insert(expected.to_owned(), seen.to_owned());
                !self.of_others.contains(expected)
            }
            None => false,
        }
    }

    /// A line that was seen, with the numbers that the page has for the namespaces of the session.
    pub fn as_on_the_page(&self, seen: &str) -> String {
        let on_the_page = |found: &Captures<'_>| {
            let known = self.of_own.iter().find(|(_, here)| **here == found[1]);
            format!(":[{}]", known.map_or(&found[1], |(there, _)| there))
        };
        pattern().replace_all(seen, on_the_page).into_owned()
    }
}

/// The numbers of a line, in their order.
fn numbers(line: &str) -> impl Iterator<Item = &str> {
    pattern().captures_iter(line).filter_map(|found| Some(found.get(1)?.as_str()))
}

fn pattern() -> &'static Regex {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r":\[(\d+)\]").expect("a pattern"));
    &PATTERN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Namespaces {
        Namespaces { own: ["1", "2"].map(str::to_owned).into(), ..Namespaces::default() }
    }

    #[test]
    fn numbers_may_differ_and_what_they_say_may_not() {
        let mut names = session();
        assert_eq!(names.wrong(&[("uts:[10] x mnt:[11]", "uts:[1] x mnt:[2]"), ("uts:[10]", "uts:[1]")]), None);
        assert_eq!(names.wrong(&[("uts:[20]", "uts:[5]"), ("uts:[21]", "uts:[6]")]), None);
        // In another command, a number that nobody holds any more may come again.
        assert_eq!(names.wrong(&[("uts:[20]", "uts:[6]")]), None);
        assert_eq!(names.as_on_the_page("uts:[1] mnt:[7]"), "uts:[10] mnt:[7]");
        for wrong in [
            // One on the page, two here; two on the page, one here.
            vec![("uts:[30]", "uts:[5]"), ("uts:[30]", "uts:[6]")],
            vec![("uts:[30]", "uts:[5]"), ("uts:[31]", "uts:[5]")],
            // The session's on the page, and another's here; and the other way round.
            vec![("uts:[10]", "uts:[5]")],
            vec![("uts:[20]", "uts:[1]")],
            vec![("uts:[40]", "uts:[1]")],
            vec![("uts:[10]", "mnt:[2]")],
        ] {
            assert!(names.wrong(&wrong).is_some(), "{wrong:?}");
        }
    }

    #[test]
    fn a_session_has_namespaces_of_every_kind() {
        assert!(Namespaces::of_session().own.len() >= 7);
    }
}
