//! Reaching the contained command, in judges that know why it may not be reached.

use crate::bench::{Bench, Call};
use crate::checks::{Checks, Judged, Stop};
use crate::process::Process;
use crate::sandbox::{Running, Who};

/// What a contained command does when all it has to do is to be there: it prints `$0`, and stays until its input ends.
pub(super) const STAYS: &str = "echo $0; read end";

/// That the contained command runs: it must print a line with `word`. Gives its process. When it does not, `looks_like`
/// is told what the program said, and may name the mistake.
pub(super) fn reached(
    checks: &mut Checks,
    running: &mut Running<'_>,
    word: &str,
    looks_like: impl FnOnce(&str) -> Option<&'static str>,
) -> Judged<Process> {
    let said = running.line_with(word);
    let process = said.as_ref().and_then(|_| running.innermost());
    let words = if process.is_none() { running.so_far() } else { String::new() };
    let mistake = if process.is_none() { looks_like(&words) } else { None };
    let ending = if process.is_none() { running.ending_in_words() } else { String::new() };
    let last: Vec<_> = words.lines().rev().take(6).collect();
    let last = last.into_iter().rev().collect::<Vec<_>>().join("\n");
    checks
        .check("the command is reached")
        .did(running.command())
        .saw(format!("{last}\n{ending}").trim())
        .means(running.why_unheard())
        .mistake_if(mistake.is_some(), mistake.unwrap_or_default())
        .must(process.is_some())?;
    process.ok_or(Stop::Failed)
}

/// True when `--explain` tells a line with `first` before any with `second`. Only to give a name to a mistake that was
/// made: what a program says of itself proves nothing.
pub(super) fn tells_before(call: Call<'_>, first: &str, second: &str) -> bool {
    let told = call.run().map(|ran| ran.errors).unwrap_or_default();
    let at = |word: &str| told.lines().position(|line| line.trim_start().starts_with(word));
    at(first).is_some_and(|first| at(second).is_none_or(|second| first < second))
}

/// True when both lie in the roots of their processes and are one file or directory.
pub(super) fn is_same(one: (Process, &str), other: (Process, &str)) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |(process, path): (Process, &str)| {
        let path = if path == "/" { "." } else { path };
        let about = process.in_root(path)?.metadata().ok()?;
        Some((about.dev(), about.ino()))
    };
    id(one).is_some_and(|id_of_one| id(other) == Some(id_of_one))
}

/// The numbers of the files that a process has open; nothing when it has none, or is gone. Root of the sandbox looks, because
/// who runs the grader may not be let.
pub(super) fn open_files(bench: &Bench, process: Process) -> Judged<Vec<u32>> {
    let number = process.numbers().get(bench.host().numbers().len() - 1).copied().unwrap_or_default();
    let listed = bench.shell(Who::Root, &format!("ls /proc/{number}/fd"))?;
    Ok(listed.output.split_whitespace().filter_map(|name| name.parse().ok()).collect())
}

/// True when three files are open, and no others.
pub(super) fn are_three(open: &[u32]) -> bool {
    open == [0, 1, 2]
}

/// The options of a mount: those of the mount itself, and those of its file system, as mountinfo has them.
pub(super) fn options(line: &str) -> (Vec<&str>, Vec<&str>) {
    let (mount, system) = line.split_once(" - ").unwrap_or((line, ""));
    (
        mount.split(' ').nth(5).unwrap_or_default().split(',').collect(),
        system.split(' ').nth(2).unwrap_or_default().split(',').collect(),
    )
}

/// True when nobody can write through this mount.
pub(super) fn is_read_only(line: &str) -> bool {
    options(line).0.contains(&"ro")
}
