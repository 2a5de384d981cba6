//! What was demanded, and what it is.

use crate::report::{Bar, Report, Table};

/// A ratio of a table: its word and variant, who, to whom, and what it may be at most.
const RATIOS: [(&str, &str, &str, &str, &str, f64); 10] = [
    ("start beside crun", "start", "root, no cgroup", "boxwright", "crun", 0.45),
    ("start beside the floor", "start", "root, no cgroup", "boxwright", "floor", 1.25),
    ("start beside bubblewrap", "start", "root, no cgroup", "boxwright", "bubblewrap", 1.0),
    ("start with a cgroup, beside crun", "start", "root, with a cgroup", "boxwright", "crun", 0.45),
    ("start with a cgroup, beside the floor", "start", "root, with a cgroup", "boxwright", "floor", 1.25),
    ("128 layers beside one", "layers", "writable, no cgroup", "boxwright 128", "boxwright 1", 1.5),
    ("exec beside crun", "exec", "root, with a cgroup", "boxwright", "crun", 0.5),
    ("1000 containers, each beside crun", "thousand", "each one", "boxwright", "crun", 0.4),
    ("plain layer beside tar", "unpack", "plain", "unpack-layer", "tar", 1.1),
    ("gzip layer beside tar with gzip", "unpack", "gzip", "unpack-layer", "tar with gzip", 0.45),
];

/// A median of a table: its word and variant, whose, and what it may be at most.
const MEDIANS: [(&str, &str, &str, &str, f64); 4] = [
    ("the thousandth beside the first", "thousand", "the last in terms of the first", "boxwright", 1.3),
    ("left behind by a thousand", "thousand", "left behind", "all", 0.0),
    ("a quiet start beside one without a door", "door", "a quiet start, beside one without a door", "boxwright", 1.01),
    ("the program, in MB", "size", "boxwright, for release, stripped", "with its C library in it", 2.5),
];
/// Whatever the layer's size.
const MOST_KIB: f64 = 32.0 * 1024.0;

/// All bars, with what was measured of them.
pub fn of(report: &Report) -> Vec<Bar> {
    let ratio = |(words, what, variant, who, base, at_most): &(&str, &str, &str, &str, &str, f64)| Bar {
        what: (*words).to_owned(),
        at_most: *at_most,
        measured: report.table(what, variant).and_then(|table| table.ratio(who, base)),
    };
    let median = |(words, what, variant, who, at_most): &(&str, &str, &str, &str, f64)| Bar {
        what: (*words).to_owned(),
        at_most: *at_most,
        measured: report.table(what, variant).and_then(|table| Some(table.line(who)?.summary.median)),
    };
    let memory = ["plain", "gzip"].map(|variant| Bar {
        what: format!("memory for a {variant} layer, in KiB"),
        at_most: MOST_KIB,
        measured: report.table("unpack", variant).and_then(|table| Some(table.line("unpack-layer")?.peak_kib? as f64)),
    });
    let others = Bar {
        what: "gzip layer beside the fastest peer".to_owned(),
        at_most: 1.0,
        measured: report.table("unpack", "gzip").and_then(beside_the_fastest),
    };
    RATIOS.iter().map(ratio).chain([others]).chain(MEDIANS.iter().map(median)).chain(memory).collect()
}

/// What unpack-layer took in terms of whoever took least.
fn beside_the_fastest(table: &Table) -> Option<f64> {
    let peers = table.lines.iter().filter(|line| line.name != "unpack-layer");
    let ratios = peers.filter_map(|line| Some(line.ratios.get("unpack-layer")?.median));
    ratios.min_by(f64::total_cmp).map(f64::recip)
}
