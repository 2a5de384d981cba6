//! What differs from run to run and from host to host. Few, and each with its reason.

use std::sync::LazyLock;

use regex::Regex;

use super::stand::{Stand, ordinary};

/// What stands for any lines.
pub const ELISION: &str = "…";

/// A pattern, and what takes its place, in what is expected and in what is seen, before they are compared.
const FILTERS: [(&str, &str); 11] = [
    // The kernel counts namespaces.
    (r"\b((?:cgroup|ipc|mnt|net|pid|time|user|uts)(?:_for_children)?):\[\d+\]", "$1:[INODE]"),
    // The kernel counts processes; in a namespace of their own they have small numbers, which are the lesson.
    (r"(?i)(/proc/|\bpid[ =]|\bprocess )\d{3,7}\b", "${1}[PID]"),
    (r"^((?:NSpid|NStgid|Pid|PPid|Tgid):.*?)\b\d{3,7}\b", "${1}[PID]"),
    // A line that is nothing but such a number: `echo $$`.
    (r"^\d{3,7}$", "[PID]"),
    // boxwright names what nobody has named.
    (r"\bbox-[0-9a-f]{6}\b", "box-[NAME]"),
    // mktemp(1) makes a new name each time.
    (r"\btmp\.[A-Za-z0-9]{10}\b", "tmp.[NAME]"),
    // Clocks go on.
    (r"\b\d+(?:\.\d+)? ?(ns|µs|us|ms|s|seconds|minutes|hours)\b", "[TIME] $1"),
    (r"\b\d\d:\d\d(?::\d\d)?\b", "[CLOCK]"),
    // The host's own programs are as large as they are.
    (r"\b\d+(?:\.\d+)? ?([kKMG]i?B?)\b", "[SIZE] $1"),
    // Shells count their lines, and bash(1) says so in other words than dash(1).
    (r"^(?:ba|da)?sh: (?:line )?\d+: ", "sh: "),
    // Hosts differ in what they have.
    (r"\b[0-9]+ programs \([^)]*\), [0-9]+ libraries", "[PROGRAMS]"),
];

/// Lines that are there only for the first who makes a root file system.
const TOLD_ONCE: [&str; 1] = ["host.sh: "];

/// A line as it is compared.
pub fn masked(line: &str) -> String {
    static COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let compiled = |(pattern, word): &(&str, &'static str)| Some((Regex::new(pattern).ok()?, *word));
        FILTERS.iter().filter_map(compiled).collect()
    });
    let mask = |line: String, (pattern, word): &(Regex, &str)| pattern.replace_all(&line, *word).into_owned();
    COMPILED.iter().fold(line.trim_end().to_owned(), mask)
}

/// True for a line that some see and others do not.
pub fn is_told_once(line: &str) -> bool {
    TOLD_ONCE.iter().any(|beginning| line.starts_with(beginning))
}

/// What was printed, with the folders of the session and the names of this machine as a reader knows them.
pub fn at_home(stand: &Stand, printed: &str) -> String {
    let host = nix::unistd::gethostname().unwrap_or_default().into_string().unwrap_or_default();
    let path = |path: std::path::PathBuf| path.display().to_string();
    let words = [
        (path(stand.tmp_of_root()), "/tmp"),
        (path(stand.tmp()), "/tmp"),
        (path(stand.home()), "/home/you"),
        (path(stand.of_root()), "/root"),
        (path(stand.store_of_root()), "/var/lib/boxwright"),
    ];
    let text = words.iter().fold(printed.to_owned(), |text, (word, other)| text.replace(word.as_str(), other));
    let names = [(ordinary().name, "you"), (host, "host")];
    names.iter().filter(|(word, _)| word.len() > 1).fold(text, |text, (word, other)| {
        let pattern = format!(r"\b{}\b", regex::escape(word));
        Regex::new(&pattern).map_or(text.clone(), |pattern| pattern.replace_all(&text, *other).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_is_a_pattern() {
        for (pattern, _) in FILTERS {
            Regex::new(pattern).unwrap();
        }
    }

    #[test]
    fn what_differs_is_masked_and_the_lesson_is_not() {
        for (line, same) in [
            ("uts:[4026532211]", "uts:[4026531838]"),
            ("/proc/12345/ns", "/proc/777/ns"),
            ("box-1d3185", "box-aaaaaa"),
            ("/tmp/tmp.AbCdEf0123/x", "/tmp/tmp.0000000000/x"),
            ("12345", "777"),
            ("35 MB", "36 MB"),
            ("sh: 12: x: not found", "sh: line 3: x: not found"),
        ] {
            assert_eq!(masked(line), masked(same));
        }
        for (line, other) in [("1", "2"), ("PID 1", "PID 2"), ("uts:[1]", "mnt:[1]"), ("a", "b")] {
            assert_ne!(masked(line), masked(other));
        }
    }
}
