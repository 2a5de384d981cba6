//! Stage 04: moving the root, and throwing the old one away.

mod furniture;
mod old_root;
mod propagation;
mod read_only;
mod volumes;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::harness::{Process, Ran, Room, Running, rootfs};

/// A shell that says that it is there, runs each line that it reads, and then prints an empty one.
const LISTENING: &str = "echo ready; while read -r line; do eval \"$line\"; echo; done";

/// `enter-pivot OPTIONS ROOT -- sh -c WORDS`, with the root file system of all judges.
fn enter(room: &Room, options: &[&str], words: &str) -> Ran {
    enter_root(room, rootfs(), options, words)
}

fn enter_root(room: &Room, root: &Path, options: &[&str], words: &str) -> Ran {
    room.run("enter-pivot", command(root, options, words))
}

fn command<'a>(root: &'a Path, options: &[&'a str], words: &'a str) -> Vec<&'a str> {
    let root = root.to_str().expect("paths are UTF-8");
    options.iter().copied().chain([root, "--", "sh", "-c", words]).collect()
}

/// A shell inside, which waits for lines.
fn listening(room: &Room, options: &[&str]) -> Running {
    let mut running = room.start("enter-pivot", command(rootfs(), options, LISTENING));
    assert_eq!(running.line(), "ready");
    running
}

/// PID 1 of the only container of this room.
fn first_process(room: &Room) -> Process {
    let is_first = |process: &Process| process.status("NSpid").is_some_and(|numbers| numbers.ends_with(" 1"));
    let mut found = room.attribution().processes().into_iter().filter(is_first);
    found.next().expect("there is a PID 1")
}

/// A line of mountinfo: see proc_pid_mountinfo(5).
struct Mount {
    /// Which directory of its file system is mounted.
    source: PathBuf,
    target: PathBuf,
    options: String,
    fstype: String,
}

fn mounts(mountinfo: &str) -> Vec<Mount> {
    let mount = |line: &str| {
        let (fields, rest) = line.split_once(" - ").expect("a mount has a file system");
        let fields: Vec<_> = fields.split(' ').collect();
        let fstype = rest.split(' ').next().unwrap_or_default().to_owned();
        Mount { source: fields[3].into(), target: fields[4].into(), options: fields[5].to_owned(), fstype }
    };
    mountinfo.lines().map(mount).collect()
}

fn targets(mounts: &[Mount]) -> BTreeSet<PathBuf> {
    mounts.iter().map(|mount| mount.target.clone()).collect()
}

/// The mount at this place.
fn at<'a>(mounts: &'a [Mount], target: &str) -> &'a Mount {
    let found = mounts.iter().rev().find(|mount| mount.target == Path::new(target));
    found.unwrap_or_else(|| panic!("nothing is mounted at {target}"))
}

fn is_read_only(mount: &Mount) -> bool {
    mount.options.split(',').any(|option| option == "ro")
}
