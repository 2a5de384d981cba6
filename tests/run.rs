//! Stage 07: a whole container, from both sides of each of its walls.

mod daily;
mod in_place;
mod lifecycle;
mod limits;
mod many;
mod relay;
mod terminal;
mod walls;
mod ways_out;

use crate::harness::{Process, Ran, Room, Running, rootfs};

/// `boxwright run NAME OPTIONS ROOTFS -- sh -c WORDS`, and nothing stays.
fn run(room: &Room, options: &[&str], words: &str) -> Ran {
    room.run("boxwright", command(options, words))
}

fn command<'a>(options: &[&'a str], words: &'a str) -> Vec<&'a str> {
    let root = rootfs().to_str().expect("paths are UTF-8");
    ["run", "--rm"].into_iter().chain(options.iter().copied()).chain([root, "--", "sh", "-c", words]).collect()
}

/// A container whose shell runs each line that it reads, and then prints an empty one.
fn listening(room: &Room, options: &[&str]) -> Running {
    let words = "echo ready; while read -r line; do eval \"$line\"; echo; done";
    let mut running = room.start("boxwright", command(options, words));
    assert_eq!(running.line(), "ready");
    running
}

/// A container in the background that runs until it is asked to end, and is ready to be asked; gives its name.
fn background(room: &Room, name: &str, options: &[&str]) -> String {
    let name = room.name(name);
    let root = rootfs().to_str().expect("paths are UTF-8");
    let words = ["run", "-d", "--name", &name].into_iter().chain(options.iter().copied());
    let words = words.chain([root, "--", "sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done"]);
    assert_eq!(room.run("boxwright", words).ok().trim(), name);
    is_ready(room, &name);
    name
}

/// Waits until the first line of a container in the background is written: its traps are set by then.
fn is_ready(room: &Room, name: &str) {
    let mut log = room.start("boxwright", ["logs", "--follow", name]);
    assert_eq!(log.line(), "ready");
}

/// PID 1 of the container that this process waits for, or of the only one of the room.
fn first_process(room: &Room) -> Process {
    let is_first = |process: &Process| process.status("NSpid").is_some_and(|numbers| numbers.ends_with(" 1"));
    let mut found = room.attribution().processes().into_iter().filter(is_first);
    found.next().expect("there is a PID 1")
}
