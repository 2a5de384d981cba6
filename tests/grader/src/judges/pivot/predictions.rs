//! What answers the predictions of stage 04.

use crate::bench::Bench;
use crate::checks::Judged;

type Answer = Judged<(&'static str, String)>;

pub(super) fn host_mounts(bench: &Bench) -> Answer {
    let ran = bench.run("enter-pivot", [bench.shared_root(), "--", "cat", "/proc/self/mountinfo"])?;
    let of_host = bench.host().mounts();
    let place = |line: &str| line.split(' ').nth(4).unwrap_or_default().to_owned();
    let theirs: Vec<_> = ran.output.lines().map(place).collect();
    let left = of_host.iter().filter(|line| place(line).starts_with("/work") && theirs.contains(&place(line))).count();
    let option = match (left, theirs.len() < of_host.len()) {
        (0, _) => "none",
        (_, true) => "some",
        (_, false) => "all",
    };
    let saw =
        format!("the host has {} mounts; inside there are {}:\n{}", of_host.len(), theirs.len(), theirs.join("\n"));
    Ok((option, saw))
}

pub(super) fn disk(bench: &Bench) -> Answer {
    let script = "mknod /dev/disk b 7 0 && echo made";
    let ran = bench.run("enter-pivot", [bench.shared_root(), "--", "sh", "-c", script])?;
    let option = match (ran.output.contains("made"), ran.errors.contains("Operation not permitted")) {
        (true, _) => "yes",
        (false, true) => "refused",
        (false, false) => "no-place",
    };
    Ok((option, format!("{}\n{}", ran.command, ran.in_words())))
}
