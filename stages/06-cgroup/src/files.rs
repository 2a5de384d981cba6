//! How cgroup files are written: see "Core Interface Files" in the kernel's cgroup-v2 document.

use std::path::Path;

/// A file's words; none when it is not there or may not be read.
pub(crate) fn words(file: &Path) -> Vec<String> {
    text(file).split_whitespace().map(str::to_owned).collect()
}

/// The number in a file; nothing for the word `max`, and for a file that is not there.
pub(crate) fn number(file: &Path) -> Option<u64> {
    text(file).trim().parse().ok()
}

/// The number behind `key` in a flat keyed file, such as `populated 1` in cgroup.events.
pub(crate) fn keyed(file: &Path, key: &str) -> Option<u64> {
    value(&text(file), key)
}

/// The whole of a file; empty when it is not there or may not be read.
pub(crate) fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

pub(crate) fn value(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_matched_whole() {
        let events = "low 0\noom 3\noom_kill 2\nmax 17\n";
        assert_eq!(value(events, "oom"), Some(3));
        assert_eq!(value(events, "oom_kill"), Some(2));
        assert_eq!(value(events, "oo"), None);
        assert_eq!(value("", "max"), None);
        assert_eq!(value("max max\n", "max"), None);
    }

    #[test]
    fn max_is_no_number() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pids.max");
        std::fs::write(&file, "max\n").unwrap();
        assert_eq!(number(&file), None);
        std::fs::write(&file, "20\n").unwrap();
        assert_eq!(number(&file), Some(20));
        assert_eq!(number(&folder.path().join("missing")), None);
    }
}
