//! What was demanded, and what it is.

use crate::report::{Bar, Report};

/// A ratio of a table: its word and variant, who, to whom, and what it may be at most.
const RATIOS: [(&str, &str, &str, &str, &str, f64); 5] = [
    ("start beside crun", "start", "root, no cgroup", "boxwright", "crun", 0.45),
    ("start beside the floor", "start", "root, no cgroup", "boxwright", "floor", 1.25),
    ("start beside bubblewrap", "start", "root, no cgroup", "boxwright", "bubblewrap", 1.0),
    ("start with a cgroup, beside crun", "start", "root, with a cgroup", "boxwright", "crun", 0.45),
    ("start with a cgroup, beside the floor", "start", "root, with a cgroup", "boxwright", "floor", 1.25),
];

/// All bars, with what was measured of them.
pub fn of(report: &Report) -> Vec<Bar> {
    let ratio = |(words, what, variant, who, base, at_most): &(&str, &str, &str, &str, &str, f64)| Bar {
        what: (*words).to_owned(),
        at_most: *at_most,
        measured: report.table(what, variant).and_then(|table| table.ratio(who, base)),
    };
    RATIOS.iter().map(ratio).collect()
}
