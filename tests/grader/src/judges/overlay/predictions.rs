//! What answers the predictions of stage 05.

use crate::bench::Bench;
use crate::checks::Judged;
use crate::sandbox::Who;

type Answer = Judged<(&'static str, String)>;

const MEGABYTE: u64 = 1 << 20;

/// Eight megabytes in a layer, something done to them, and how much the upper directory then holds, in bytes.
fn held_after(bench: &Bench, script: &str) -> Judged<(u64, String)> {
    bench.shell(Who::Root, "mkdir layer && head -c 8388608 /dev/urandom >layer/large")?;
    let layers = ["--layer", bench.shared_root(), "--layer", "layer", "--state", "box", "--", "sh", "-c", script];
    let ran = bench.call("enter-overlay", layers).as_root().run()?;
    let held = bench.shell(Who::Root, "du -s --block-size=1 box/upper; ls -l box/upper")?;
    let bytes = held.output.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0);
    Ok((bytes, format!("{}\n{}\nbox/upper:\n{}", ran.command, ran.in_words(), held.output)))
}

pub(super) fn copy_up(bench: &Bench) -> Answer {
    let (bytes, saw) = held_after(bench, "printf x >>/large")?;
    let option = match bytes {
        0..=8191 => "byte",
        bytes if bytes < 8 * MEGABYTE => "block",
        _ => "whole",
    };
    Ok((option, saw))
}

pub(super) fn deleted(bench: &Bench) -> Answer {
    let (bytes, saw) = held_after(bench, "rm /large")?;
    let has_mark = saw.lines().any(|line| line.starts_with('c') && line.ends_with("large"));
    let layer = bench.host().in_root("/work/layer/large").is_some();
    let option = match (has_mark, layer) {
        (_, false) => "freed",
        (true, true) if bytes < MEGABYTE => "marked",
        _ => "kept",
    };
    Ok((option, saw))
}
