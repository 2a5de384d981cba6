//! `--trace FILE`: each call as one line of JSON, with what it changed for the process that made it.
//!
//! Everything about the caller is read through a descriptor of the /proc that was there at the start: it still answers,
//! with PIDs as seen outside, after the caller has a root and a PID namespace of its own.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use nix::fcntl::{FcntlArg, Flock, FlockArg, OFlag, fcntl, openat, readlinkat};
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::Mode;
use nix::time::{ClockId, clock_gettime};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::kernel::Told;

/// The links of /proc/PID/ns, in the order of namespaces(7).
const NAMESPACES: [&str; 10] =
    ["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"];

/// Whoever looks.
const SELF: &str = "self";

pub(crate) struct Trace {
    file: File,
    /// The number of the last line, shared by all processes of the run.
    count: File,
    proc: OwnedFd,
    /// Whose state is looked at, below that /proc: who is called, unless it has lent its memory to a child that tells for it.
    caller: RefCell<String>,
    before: RefCell<State>,
}

/// What a call can change for its caller, as text that can be compared.
#[derive(Clone, Default)]
struct State {
    mounts: Vec<String>,
    cgroup: Vec<String>,
    ids: Vec<String>,
    hostname: String,
}

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    pid: u64,
    depth: usize,
    call: &'a str,
    arguments: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno: Option<String>,
    reason: &'a str,
    /// CLOCK_MONOTONIC, in nanoseconds.
    time: u64,
    namespaces: Map<String, Value>,
    changed: Map<String, Value>,
}

impl Trace {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = File::options()
            .create(true)
            .write(true)
            .truncate(true)
            .custom_flags(libc::O_CLOEXEC | libc::O_NOCTTY)
            .open(path)
            .context("cannot write the trace here; name a file in a folder of yours")?;
        // Appending makes each line one write that no other process can fall into.
        fcntl(&file, FcntlArg::F_SETFL(OFlag::O_APPEND))?;
        let count = File::from(memfd_create(c"boxwright-trace", MFdFlags::MFD_CLOEXEC)?);
        let proc = openat(nix::fcntl::AT_FDCWD, "/proc", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())
            .context("/proc is not there: a trace reads the state of each process from it")?;
        let trace = Self { file, count, proc, caller: SELF.to_owned().into(), before: RefCell::default() };
        trace.before.replace(trace.state());
        Ok(trace)
    }

    pub(crate) fn descriptors(&self) -> Vec<RawFd> {
        vec![self.file.as_raw_fd(), self.count.as_raw_fd(), self.proc.as_raw_fd()]
    }

    /// From here on whoever tells, tells of itself. Nothing to carry over: a child inherits what it is.
    pub(crate) fn names_whoever_looks(&self) {
        self.caller.replace(SELF.to_owned());
        self.before.replace(self.state());
    }

    /// From here on whoever tells, tells of this process.
    pub(crate) fn names_its_caller(&self) {
        self.caller.replace(self.outside_pid().to_string());
    }

    pub(crate) fn record(&self, told: &Told<'_>) {
        let mut line = Line {
            seq: 0,
            pid: self.outside_pid(),
            depth: told.depth,
            call: told.name,
            arguments: told.arguments.iter().map(|one| one.spell(told.spelling)).collect(),
            result: told.answer.as_ref().and_then(|answer| answer.as_deref().ok()),
            errno: told.answer.as_ref().and_then(|answer| answer.as_ref().err()).map(|errno| format!("{errno:?}")),
            reason: told.reason,
            time: clock_gettime(ClockId::CLOCK_MONOTONIC)
                .map_or(0, |now| now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64),
            namespaces: self.namespaces(),
            changed: self.changes(),
        };
        // Nobody is left to whom a failure here could be told.
        let _ = self.in_turn(|next| {
            line.seq = next;
            let mut text = serde_json::to_vec(&line)?;
            text.push(b'\n');
            Ok((&self.file).write_all(&text)?)
        });
    }

    /// Counts on, and writes the line of that number before the next one can be had.
    ///
    /// A lock of flock(2) belongs to what open(2) made, so each line opens the count anew: what fork(2) copies or clone(2)
    /// shares would keep nobody out.
    fn in_turn(&self, write: impl FnOnce(u64) -> Result<()>) -> Result<()> {
        let name = format!("self/fd/{}", self.count.as_raw_fd());
        let count = openat(&self.proc, name.as_str(), OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty())?;
        let mut count = Flock::lock(File::from(count), FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
        let mut text = String::new();
        count.read_to_string(&mut text)?;
        let next = text.trim().parse::<u64>().unwrap_or(0) + 1;
        count.write_all_at(next.to_string().as_bytes(), 0)?;
        write(next)
    }

    fn outside_pid(&self) -> u64 {
        let caller = self.caller.borrow();
        if let Ok(pid) = caller.parse() {
            return pid;
        }
        let pid = readlinkat(&self.proc, caller.as_str()).ok();
        pid.and_then(|pid| pid.to_str()?.parse().ok()).unwrap_or_else(|| u64::from(std::process::id()))
    }

    fn namespaces(&self) -> Map<String, Value> {
        let links = NAMESPACES.iter().filter_map(|kind| {
            let link = readlinkat(&self.proc, format!("{}/ns/{kind}", self.caller.borrow()).as_str()).ok()?;
            let inode: u64 = link.to_str()?.split(['[', ']']).nth(1)?.parse().ok()?;
            Some(((*kind).to_owned(), json!(inode)))
        });
        links.collect()
    }

    fn changes(&self) -> Map<String, Value> {
        let now = self.state();
        let before = self.before.replace(now.clone());
        let mut changed = Map::new();
        for (what, before, now) in [
            ("mounts", &before.mounts, &now.mounts),
            ("cgroup", &before.cgroup, &now.cgroup),
            ("ids", &before.ids, &now.ids),
        ] {
            let gone: Vec<_> = before.iter().filter(|line| !now.contains(line)).collect();
            let new: Vec<_> = now.iter().filter(|line| !before.contains(line)).collect();
            if !gone.is_empty() || !new.is_empty() {
                changed.insert(what.to_owned(), json!({ "gone": gone, "new": new }));
            }
        }
        if before.hostname != now.hostname {
            changed.insert("hostname".to_owned(), json!({ "gone": before.hostname, "new": now.hostname }));
        }
        changed
    }

    fn state(&self) -> State {
        let status = self.read("status");
        let ids = status.into_iter().filter(|line| line.starts_with("Uid:") || line.starts_with("Gid:"));
        let maps = ["uid_map", "gid_map"]
            .into_iter()
            .flat_map(|map| self.read(map).into_iter().map(move |line| format!("{map}: {}", squeeze(&line))));
        State {
            mounts: self.read("mountinfo"),
            cgroup: self.read("cgroup"),
            ids: ids.map(|line| squeeze(&line)).chain(maps).collect(),
            hostname: nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        }
    }

    fn read(&self, file: &str) -> Vec<String> {
        let name = format!("{}/{file}", self.caller.borrow());
        let opened = openat(self.proc.as_fd(), name.as_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty());
        let mut bytes = Vec::new();
        if let Ok(file) = opened {
            let _ = File::from(file).read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

fn squeeze(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Threads share descriptors as the two sides of clone(CLONE_FILES) do.
    #[test]
    fn who_shares_the_descriptors_waits_for_its_turn_too() -> Result<()> {
        let mut written = File::from(memfd_create(c"trace", MFdFlags::MFD_CLOEXEC)?);
        let one = Trace::create(Path::new(&format!("/proc/self/fd/{}", written.as_raw_fd())))?;
        let other = Trace {
            file: one.file.try_clone()?,
            count: one.count.try_clone()?,
            proc: one.proc.try_clone()?,
            caller: SELF.to_owned().into(),
            before: RefCell::default(),
        };
        let count_on = |trace: Trace| -> Result<()> {
            (0..500).try_for_each(|_| trace.in_turn(|next| Ok(writeln!(&trace.file, "{next}")?)))
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(move || count_on(other));
            count_on(one)?;
            other.join().expect("it counts")
        })?;
        let mut counted = String::new();
        written.read_to_string(&mut counted)?;
        let expected: String = (1..=1000).map(|number| format!("{number}\n")).collect();
        assert_eq!(counted, expected);
        Ok(())
    }
}
