//! What several judges look for.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;

use crate::bench::{Bench, random_word};
use crate::checks::{Checks, Judged, Stop};
use crate::process::Process;
use crate::sandbox::{Running, Who};

/// A script that says its first argument, and stays until its input ends.
pub(super) const STAYS: &str = "echo $0; read end";

/// That the contained command runs: it must print a line with `word`. Gives its process.
///
/// Where it does not, `mistake` finds in what was said which mistake that is.
pub(super) fn arrives(
    checks: &mut Checks,
    running: &mut Running<'_>,
    word: &str,
    mistake: impl FnOnce(&str) -> Option<&'static str>,
) -> Judged<Process> {
    let said = running.line_with(word);
    if let Some(process) = said.and_then(|_| running.innermost()) {
        return Ok(process);
    }
    let words = running.so_far();
    let shown: Vec<_> = words.lines().rev().take(6).collect();
    let shown = shown.into_iter().rev().collect::<Vec<_>>().join("\n");
    let found = mistake(&words);
    checks
        .check("the command runs")
        .did(running.command().to_owned())
        .saw(format!("{shown}\n{}", running.ending_in_words()).trim_start())
        .means(running.why_unheard())
        .mistake_if(found.is_some(), found.unwrap_or_default())
        .must(false)?;
    Err(Stop::Failed)
}

/// What the program tells of itself with `--explain`: never what is judged, but it helps to name a mistake.
pub(super) fn explained(bench: &Bench, program: &str, arguments: &[&str]) -> Judged<String> {
    let arguments = ["--explain"].iter().chain(arguments).copied();
    Ok(bench.call(program, arguments).as_root().run()?.errors)
}

/// The number by which a process is known to everybody in the sandbox.
pub(super) fn number(bench: &Bench, process: Process) -> String {
    let depth = bench.host().numbers().len();
    let number = depth.checked_sub(1).and_then(|at| process.numbers().get(at).copied());
    number.unwrap_or_default().to_string()
}

/// Device and inode: what makes two directories one.
pub(super) type Place = (u64, u64);

/// The directory behind a link of /proc/PID, such as `root` or `cwd`.
pub(super) fn place_of(process: Process, link: &str) -> Option<Place> {
    std::fs::metadata(format!("/proc/{}/{link}", process.0)).ok().map(|about| place(&about))
}

/// A place, to show to somebody.
pub(super) fn place_in_words(place: Option<Place>) -> String {
    place.map_or_else(|| "nowhere".to_owned(), |(device, inode)| format!("device {device}, inode {inode}"))
}

/// A directory of the sandbox.
pub(super) fn place_at(bench: &Bench, path: &str) -> Option<Place> {
    if path == "/" {
        return place_of(bench.host(), "root");
    }
    let file: File = bench.host().in_root(path)?;
    file.metadata().ok().map(|about| place(&about))
}

fn place(about: &Metadata) -> Place {
    (about.dev(), about.ino())
}

/// A root file system that everybody may change: its path in the sandbox.
pub(super) fn everybodys_root(bench: &Bench) -> Judged<String> {
    let root = bench.root(Who::Root)?;
    bench.shell(Who::Root, &format!("chmod -R a+rwX {root}"))?;
    Ok(root)
}

/// Waits for the end of a process, at most this long. True when it has ended.
pub(super) fn ends_within(process: Process, time: Duration) -> bool {
    let Some(pid) = rustix::process::Pid::from_raw(process.0 as i32) else { return true };
    let Ok(file) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) else { return true };
    let mut asked = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
    poll(&mut asked, time).is_ok_and(|ready| ready > 0)
}

/// A number that nobody can know, from `low` on and below `high`.
pub(super) fn random_number(low: u32, high: u32) -> u32 {
    let word = random_word().unwrap_or_default();
    low + u32::from_str_radix(&word, 16).unwrap_or_default() % (high - low)
}
