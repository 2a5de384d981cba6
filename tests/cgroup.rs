//! Stage 06: walls around what is used, not what is seen.

mod held;
mod limits;
mod refused;
mod removed;
mod usage;

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Process, Ran, Room, Running};

/// `limit --name NAME OPTIONS -- sh -c WORDS`; other programs find the cgroup as `boxwright/NAME`.
fn limited(room: &Room, name: &str, options: &[&str], words: &str) -> Ran {
    room.run("limit", command(&room.name(name), options, words))
}

/// The same with a shell that says that it is there, and then runs each line that it reads.
fn listening(room: &Room, name: &str, options: &[&str]) -> Running {
    let words = "echo ready; while read -r line; do eval \"$line\"; echo; done";
    let mut running = room.start("limit", command(&room.name(name), options, words));
    assert_eq!(running.line(), "ready");
    running
}

fn command(name: &str, options: &[&str], words: &str) -> Vec<String> {
    let options = ["--name", name].into_iter().chain(options.iter().copied());
    options.chain(["--", "sh", "-c", words]).map(str::to_owned).collect()
}

/// The directories of a cgroup of this room: one in version 2, in version 1 one for each controller.
fn directories(room: &Room, name: &str) -> Vec<PathBuf> {
    let path = Path::new("boxwright").join(room.name(name));
    crate::harness::cgroups().into_iter().filter(|directory| directory.ends_with(&path)).collect()
}

/// The content of the first of these files that one of the directories has. A name that both versions know comes last: of
/// processor time, version 2 counts its own.
fn file(room: &Room, name: &str, files: &[&str]) -> String {
    let directories = directories(room, name);
    let all = files.iter().flat_map(|file| directories.iter().map(move |directory| directory.join(file)));
    let found = all.filter_map(|path| fs::read_to_string(path).ok()).next();
    found.unwrap_or_else(|| panic!("none of {directories:?} has any of {files:?}")).trim().to_owned()
}

/// The same file of all directories, one after the other.
fn texts(room: &Room, name: &str, file: &str) -> String {
    let all = directories(room, name).into_iter().map(|directory| fs::read_to_string(directory.join(file)));
    all.filter_map(Result::ok).collect()
}

/// The number behind a key in such a file.
fn keyed(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or_else(|| panic!("no {key} in {text}"))
}

/// Everybody inside, from the kernel's own lists.
fn inside(room: &Room, name: &str) -> Vec<Process> {
    let mut processes = Vec::new();
    for directory in directories(room, name) {
        let list = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
        processes.extend(list.lines().filter_map(|pid| pid.parse().ok()).map(Process::with));
    }
    processes.sort();
    processes.dedup();
    processes
}
