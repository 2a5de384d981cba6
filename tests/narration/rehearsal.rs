//! What is rehearsed is what is explained, with fixed words for what only a real run can know.

use std::collections::BTreeMap;

use crate::harness::{Room, Running};

use super::Run;
use super::examples::Example;

/// The lines of a narration by the depth of the process that tells them: within one, the order is fixed.
type Tellings = BTreeMap<usize, Vec<String>>;

/// What a rehearsal says.
pub fn rehearse(room: &Room, example: &Example) -> String {
    let mut command = room.command(example.program, example.words(&["--rehearse"]));
    command.env("NO_COLOR", "1");
    Running::start(command).end().stderr()
}

/// The first line at which the two differ.
pub fn difference(rehearsed: &str, run: &Run) -> Option<String> {
    if run.example.is_told_only {
        return None;
    }
    let (mut rehearsed, mut explained) = (by_depth(rehearsed), by_depth(&run.ran.stderr()));
    if run.example.removes_in_the_end {
        [&mut rehearsed, &mut explained].into_iter().for_each(but_for_the_end);
    }
    let depths = rehearsed.keys().chain(explained.keys());
    depths.into_iter().find_map(|depth| {
        let nothing = Vec::new();
        let (one, other) = (rehearsed.get(depth).unwrap_or(&nothing), explained.get(depth).unwrap_or(&nothing));
        let at = (0..one.len().max(other.len())).find(|at| one.get(*at) != other.get(*at))?;
        let line = |lines: &[String]| lines.get(at).map_or("nothing", String::as_str).to_owned();
        Some(format!("\n  rehearsed: {}\n  explained: {}", line(one), line(other)))
    })
}

/// The reasons with which a removal begins: of what is there, or of a directory that a rehearsal has not made.
const REMOVAL: [&str; 2] = [
    "# a mount below would lead to files that are not ours to remove: the kernel refuses to cross it",
    "# only an empty directory can be removed",
];

/// Leaves out the removal, which comes last in whatever process it is told.
fn but_for_the_end(tellings: &mut Tellings) {
    for lines in tellings.values_mut() {
        let end = lines.iter().position(|line| REMOVAL.contains(&line.as_str()));
        lines.truncate(end.unwrap_or(lines.len()));
    }
}

/// Where newuidmap and newgidmap stand: processes beside the child, each of which tells one call, whenever it gets to it.
const HELPERS: usize = usize::MAX;

fn by_depth(words: &str) -> Tellings {
    let mut tellings = Tellings::new();
    let mut lines = words.lines();
    while let Some(reason) = lines.next() {
        let depth = reason.len() - reason.trim_start().len();
        if !reason.trim_start().starts_with("# ") {
            continue;
        }
        let call = fixed(lines.next().unwrap_or_default().trim_start());
        let is_helper = ["newuidmap", "newgidmap"].iter().any(|name| call.contains(&format!("/{name}\", [")));
        let telling = tellings.entry(if is_helper { HELPERS } else { depth }).or_default();
        // Whether a program can be executed only a real run can know; it then tells that it could not.
        if call.starts_with("execve(") && telling.last().is_some_and(|last| call.starts_with(last.as_str())) {
            continue;
        }
        telling.extend([reason.trim_start().to_owned(), call]);
    }
    tellings
}

/// PIDs and descriptors as fixed words, wherever they stand.
fn fixed(line: &str) -> String {
    let Some(mut call) = super::call::Call::parse(line) else { return line.to_owned() };
    let word = |text: &str| fixed_descriptors(&fixed_pids(text));
    let is_cgroup_procs = call.arguments.first().is_some_and(|file| file.contains("/cgroup.procs>"));
    call.arguments = call.arguments.iter().map(|argument| word(argument)).collect();
    let is_pid = |name: &str| matches!(name, "fork" | "clone" | "clone3" | "wait4" | "setsid");
    let is_about_pid = |name: &str| matches!(name, "wait4" | "kill" | "pidfd_open");
    if is_about_pid(&call.name) && !call.arguments[0].starts_with('-') {
        call.arguments[0] = "PID".to_owned();
    }
    // In namespaces that were just entered /proc may not know its caller, who then sees the number alone.
    if matches!(call.name.as_str(), "fchdir" | "recvmsg") {
        call.arguments[0] = "FD".to_owned();
    }
    // Which are open, and which of them is kept, is a matter of what was opened before.
    if call.name == "close_range" && call.arguments.last().is_some_and(|flags| flags == "0") {
        let ends = call.arguments.iter_mut().filter(|end| end.parse() != Ok(u32::MAX) && *end != "0");
        ends.for_each(|end| "FD".clone_into(end));
    }
    // How the command ends, too.
    if call.name == "wait4" {
        call.arguments[1] = "[STATUS]".to_owned();
    }
    // The kernel counts System V objects; the number that one has been given is the first thing asked about it.
    if matches!(call.name.as_str(), "semget" | "msgget" | "shmget") {
        call.answer = Some("ID".to_owned());
    }
    if matches!(call.name.as_str(), "semop" | "semctl" | "msgctl" | "shmctl") {
        call.arguments[0] = "ID".to_owned();
    }
    // Who enters a cgroup is written there in digits, and how many those are is a matter of chance.
    if call.name == "write" && is_cgroup_procs && call.arguments[1] != "\"0\"" {
        call.arguments[1..].fill("PID".to_owned());
        call.answer = Some("PID".to_owned());
    }
    call.answer = call.answer.map(|answer| match answer.parse::<i64>() {
        Ok(_) if is_pid(&call.name) => "PID".to_owned(),
        Ok(_) if call.name == "pidfd_open" => "FD".to_owned(),
        _ => word(&answer),
    });
    call.line()
}

/// `7</dev/pts/0>` → `FD`; and what is written to a file in a rehearsal goes to `FD<its path>`.
fn fixed_descriptors(text: &str) -> String {
    let mut fixed = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let before = &rest[..at];
        let digits = before.len() - before.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
        let is_descriptor = digits > 0 || before.ends_with("FD");
        let Some(end) = rest[at..].find('>').filter(|_| is_descriptor) else {
            fixed.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        };
        fixed.push_str(before[..before.len() - digits].trim_end_matches("FD"));
        fixed.push_str("FD");
        rest = &rest[at + end + 1..];
    }
    fixed.push_str(rest);
    fixed
}

/// What stands before a PID: the folder of processes; the one that enter-overlay makes for itself; the helpers that map
/// the ids of a process.
const BEFORE_A_PID: [&str; 4] = ["/proc/", "/enter-overlay-", "[\"newuidmap\", \"", "[\"newgidmap\", \""];

/// `/proc/123/ns` → `/proc/PID/ns`.
fn fixed_pids(text: &str) -> String {
    BEFORE_A_PID.iter().fold(text.to_owned(), |text, before| {
        let mut parts = text.split(before);
        let mut fixed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
            fixed.push_str(before);
            fixed.push_str(if rest.len() < part.len() { "PID" } else { "" });
            fixed.push_str(rest);
        }
        fixed
    })
}
