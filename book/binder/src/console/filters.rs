//! What differs from run to run and from host to host. Few, and each with its reason.

use std::sync::LazyLock;

use regex::Regex;

use super::stand::{ORDINARY, Stand, ordinary};

/// What stands for any lines.
pub const ELISION: &str = "…";

/// A pattern, and what takes its place, in what is expected and in what is seen, before they are compared.
const FILTERS: [(&str, &str); 10] = [
    // The kernel counts namespaces.
    (r"\b((?:cgroup|ipc|mnt|net|pid|time|user|uts)(?:_for_children)?):\[\d+\]", "$1:[INODE]"),
    // boxwright names what nobody has named.
    (r"\bbox-[0-9a-f]{6}\b", "box-[NAME]"),
    // mktemp(1) makes a new name each time.
    (r"\btmp\.[A-Za-z0-9]{10}\b", "tmp.[NAME]"),
    // Clocks go on.
    (r"\b\d+(?:\.\d+)? ?(?:ns|µs|us|ms|s|seconds?|minutes?|hours?)\b", "[TIME]"),
    (r"\b\d\d:\d\d(?::\d\d)?\b", "[CLOCK]"),
    // Where others need the processors, a limit has nothing left to take away.
    (r"; throttled in \d+ of \d+ periods, waiting \[TIME\] in all", ""),
    // The host's own programs and libraries are as large as they are.
    (r"\b\d+(?:\.\d+)? ?[kKMG]i?B?\b", "[SIZE]"),
    // Shells count their lines, and bash(1) says so in other words than dash(1).
    (r"^(?:ba|da)?sh: (?:line )?\d+: ", "sh: "),
    // A host has its cgroups in version 2 alone, or beside version 1.
    (r"/sys/fs/cgroup/unified/boxwright", "/sys/fs/cgroup/boxwright"),
    // A column is as wide as what stands in it.
    (r"  +", "  "),
];

/// Lines that are there only for the first who makes a root file system.
const TOLD_ONCE: [&str; 2] = ["host.sh: ", "boxwright: first run: "];

/// The numbers that the kernel has given to processes since the session began: in what was seen, they stand for any.
#[derive(Clone, Copy, Debug)]
pub struct Pids {
    first: u32,
    last: u32,
}

impl Pids {
    /// None so far.
    pub fn from_now_on() -> Self {
        let last = last_pid();
        Self { first: last, last }
    }

    /// All up to now.
    pub fn so_far(self) -> Self {
        Self { last: last_pid(), ..self }
    }

    /// True when a process may have had it. The kernel begins anew when it has counted to the end.
    fn contain(self, number: u32) -> bool {
        match self.first <= self.last {
            true => (self.first..=self.last).contains(&number),
            false => number >= self.first || (300..=self.last).contains(&number),
        }
    }
}

/// The last field of /proc/loadavg: see proc(5).
fn last_pid() -> u32 {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().last().and_then(|last| last.parse().ok()).unwrap_or(0)
}

/// True when a line that was seen is the line that is expected, but for what differs.
pub fn alike(expected: &str, seen: &str, pids: Pids) -> bool {
    let (expected, seen) = (masked(expected), masked(seen));
    let (expected, seen) = (numbers(&expected), numbers(&seen));
    let is_pid = |text: &str| text.parse().is_ok_and(|number| pids.contain(number));
    let is_like = |(expected, seen): (&&str, &&str)| {
        let is_number = !expected.is_empty() && expected.bytes().all(|byte| byte.is_ascii_digit());
        expected == seen || (is_number && is_pid(seen))
    };
    expected.len() == seen.len() && expected.iter().zip(&seen).all(is_like)
}

/// A text as numbers, and what stands between them.
fn numbers(text: &str) -> Vec<&str> {
    let digit = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit());
    let mut parts = vec![];
    let mut rest = text;
    while !rest.is_empty() {
        let is_number = digit(rest.chars().next());
        let end = rest.find(|letter: char| letter.is_ascii_digit() != is_number).unwrap_or(rest.len());
        parts.push(&rest[..end]);
        rest = &rest[end..];
    }
    parts
}

/// A line as it is compared.
fn masked(line: &str) -> String {
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
    let you = ordinary();
    // On most machines the first user is 1000. Ids below that and 65534 mean something.
    let id = |id: u32| if ORDINARY.contains(&id) { id.to_string() } else { String::new() };
    let (user, group) = (id(you.uid.as_raw()), id(you.gid.as_raw()));
    // Who has no name is called by the number.
    let name = if you.name == you.uid.to_string() { String::new() } else { you.name };
    let names = [(name, "you"), (host, "host"), (user, "1000"), (group, "1000")];
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
        let pids = Pids { first: 700, last: 800 };
        for (line, same) in [
            ("uts:[4026532211]", "uts:[4026531838]"),
            ("/proc/12345/ns", "/proc/777/ns"),
            ("killed: 12345, 12346", "killed: 777, 778"),
            ("web   running   12345   x", "web   running   777     x"),
            ("box-1d3185", "box-aaaaaa"),
            ("/tmp/tmp.AbCdEf0123/x", "/tmp/tmp.0000000000/x"),
            ("12345", "777"),
            ("35 MB", "36 MB"),
            ("sh: 12: x: not found", "sh: line 3: x: not found"),
            ("2 CPUs allowed; throttled in 1 of 2 periods, waiting 1.2 s in all", "2 CPUs allowed"),
        ] {
            assert!(alike(line, same, pids), "{line} {same}");
        }
        for (line, other) in
            [("1", "2"), ("125", "127"), ("777", "1"), ("uts:[1]", "mnt:[1]"), ("a", "b"), ("a", "777")]
        {
            assert!(!alike(line, other, pids), "{line} {other}");
        }
    }

    #[test]
    fn the_kernel_counts_processes_in_a_circle() {
        let pids = Pids { first: 32_000, last: 400 };
        assert!(pids.contain(32_100) && pids.contain(301) && !pids.contain(127) && !pids.contain(500));
    }
}
