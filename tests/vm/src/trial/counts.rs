//! What programs of tests say in the end, added up.

use std::collections::BTreeSet;

/// How many tests there were, and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
    /// Skipped, and should not have been.
    missed: BTreeSet<String>,
    /// One of the programs said nothing, or failed.
    broke: bool,
}

impl Counts {
    /// Adds what one program has said. `may_miss` are needs that are not met here, as they should be.
    pub(super) fn add(&mut self, status: u8, text: &str, may_miss: &[&str]) {
        let line = text.lines().find_map(|line| line.strip_prefix("test result: "));
        let number =
            |word: &str| -> Option<usize> { line?.split(word).next()?.split_whitespace().next_back()?.parse().ok() };
        // The book says it too, with a word before it, and a name for each block.
        let skipped: Vec<_> = text.lines().filter(|line| line.starts_with("skipped: ")).collect();
        let blocks: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("book: ")).collect();
        let blocks: Vec<_> = blocks.into_iter().filter(|line| line.starts_with("skipped: ")).collect();
        let is_missed = |line: &&&str| !may_miss.contains(&line.split(": ").nth(2).unwrap_or_default());
        self.missed.extend(skipped.iter().chain(&blocks).filter(is_missed).map(|line| (*line).to_owned()));
        self.skipped += skipped.len() + blocks.len();
        self.passed += number(" passed").unwrap_or_default().saturating_sub(skipped.len());
        self.failed += number(" failed").unwrap_or_default();
        self.broke |= status != 0 || line.is_none();
    }

    /// True when all is as it should be, and there was something at all.
    pub(super) fn are_well(&self) -> bool {
        !self.broke && self.failed == 0 && self.passed > 0 && self.missed.is_empty()
    }

    /// What was missed.
    pub(super) fn missed(&self) -> impl Iterator<Item = &str> {
        self.missed.iter().map(String::as_str)
    }

    /// For the table.
    pub(super) fn summary(&self) -> String {
        let broke = if self.broke && self.failed == 0 { ", broke off" } else { "" };
        format!("{} passed, {} failed, {} not for here{broke}", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDED: &str = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out\n";

    fn counts(status: u8, text: &str, may_miss: &[&str]) -> Counts {
        let mut counts = Counts::default();
        counts.add(status, text, may_miss);
        counts
    }

    #[test]
    fn a_skip_that_is_not_for_the_other_user_is_a_failure() {
        let text = format!(
            "skipped: cgroup::a: OrdinaryUser: this is root; run it\nskipped: cgroup::b: MemoryLimit: why; what\n\
             book: skipped: book/src/06-cgroup.md:7: Root: why\n{ENDED}"
        );
        let only = BTreeSet::from(["skipped: cgroup::b: MemoryLimit: why; what".to_owned()]);
        assert_eq!(counts(0, &text, &["OrdinaryUser", "Root"]).missed, only);
        assert!(!counts(0, &text, &["OrdinaryUser", "Root"]).are_well());
        assert!(counts(0, &text, &["OrdinaryUser", "Root", "MemoryLimit"]).are_well());
    }

    #[test]
    fn the_summary_counts_what_was_really_judged() {
        let text = format!("skipped: a: Root: why\nbook: skipped: b:1: Root: why\n{ENDED}");
        assert_eq!(counts(0, &text, &[]).summary(), "11 passed, 0 failed, 2 not for here");
        let broke = counts(0, "running 3 tests\n", &[]);
        assert!(!broke.are_well() && broke.summary().ends_with("broke off"), "{broke:?}");
        assert!(!counts(101, ENDED, &[]).are_well());
    }
}
