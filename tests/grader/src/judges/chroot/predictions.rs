//! What answers the predictions of stage 01.

use super::super::look::everybodys_root;
use crate::bench::Bench;
use crate::checks::Judged;

pub(super) fn proc(bench: &Bench) -> Judged<(&'static str, String)> {
    let ran = bench.run("enter-chroot", [bench.shared_root(), "--", "/bin/sh", "-c", "echo /proc/[0-9]*"])?;
    let is_a_process = |word: &str| word.strip_prefix("/proc/").is_some_and(|name| name.parse::<u32>().is_ok());
    let option = match ran.output.split_whitespace().filter(|word| is_a_process(word)).count() {
        0 => "none",
        1 => "itself",
        _ => "all",
    };
    Ok((option, format!("{}\n{}", ran.command, ran.in_words())))
}

pub(super) fn outside(bench: &Bench) -> Judged<(&'static str, String)> {
    let root = everybodys_root(bench)?;
    let ran = bench.run("escape-chroot", [root])?;
    let option = if ran.went_well() { "out" } else { "contained" };
    Ok((option, format!("{}\n{}", ran.command, ran.in_words())))
}
