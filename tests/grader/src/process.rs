//! Processes as /proc shows them, from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The kinds of namespace, by the names of their links.
pub const KINDS: [&str; 8] = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

/// How long those that shall be killed together may take to stand still. Who is frozen does not move, and does not stop.
const STANDSTILL: Duration = Duration::from_millis(500);

/// A process, by its number on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process(pub u32);

impl Process {
    /// A file of /proc/PID as text; empty when the process is gone, or not ours to look at.
    pub fn read(self, file: &str) -> String {
        let bytes = fs::read(format!("/proc/{}/{file}", self.0)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A link of /proc/PID.
    pub fn link(self, name: &str) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/{name}", self.0)).ok()
    }

    /// A field of /proc/PID/status, such as `NSpid`, with one space between its words.
    pub fn status(self, field: &str) -> Option<String> {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The link of a namespace, in the kernel's words: `uts:[4026531838]`. Equal words, same namespace.
    pub fn namespace(self, kind: &str) -> Option<String> {
        Some(self.link(&format!("ns/{kind}"))?.to_string_lossy().into_owned())
    }

    /// True when both are there and share the namespace of this kind.
    pub fn shares(self, kind: &str, other: Self) -> bool {
        self.namespace(kind).is_some_and(|own| other.namespace(kind) == Some(own))
    }

    /// Its numbers, the outermost first: the last is what it calls itself.
    pub fn numbers(self) -> Vec<u32> {
        let numbers = self.status("NSpid").unwrap_or_default();
        numbers.split(' ').filter_map(|number| number.parse().ok()).collect()
    }

    /// Its children.
    pub fn children(self) -> Vec<Self> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0)).into_iter().flatten().flatten();
        let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        lists
            .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).map(Self).collect::<Vec<_>>())
            .collect()
    }

    /// Its children, theirs, and so on.
    pub fn descendants(self) -> Vec<Self> {
        let mut found = self.children();
        let mut at = 0;
        while let Some(process) = found.get(at) {
            found.extend(process.children());
            at += 1;
        }
        found
    }

    /// Its first child's first child, and so on: what a program that waits has started, or the program itself.
    pub fn innermost(self) -> Self {
        self.children().first().map_or(self, |child| child.innermost())
    }

    /// Its command line, as one would type it.
    pub fn command(self) -> String {
        self.read("cmdline").trim_end_matches('\0').replace('\0', " ")
    }

    /// True while it runs; a zombie does not.
    pub fn is_alive(self) -> bool {
        self.status("State").is_some_and(|state| !state.starts_with(['Z', 'X']))
    }

    /// False once it is stopped, or has ended, or waits for what no signal interrupts: in vfork(2) for its child.
    fn may_fork(self) -> bool {
        self.status("State").is_some_and(|state| state.starts_with(['R', 'S']))
    }

    /// The lines of its mountinfo: see proc(5).
    pub fn mounts(self) -> Vec<String> {
        self.read("mountinfo").lines().map(str::to_owned).collect()
    }

    /// The lines of its mountinfo whose mount point, as it sees it, is this.
    pub fn mounts_at(self, place: &str) -> Vec<String> {
        let is_there = |line: &String| line.split(' ').nth(4) == Some(place);
        self.mounts().into_iter().filter(is_there).collect()
    }

    /// Something that lies in its root, whomever it belongs to. A path out of that leads nowhere.
    pub fn in_root(self, path: &str) -> Option<fs::File> {
        crate::reach::open(self, Path::new(path))
    }

    /// The text of a file in its root, at most 1 MiB; nothing when there is none.
    pub fn file(self, path: &str) -> Option<String> {
        use std::io::Read;
        let mut text = Vec::new();
        self.in_root(path)?.take(1 << 20).read_to_end(&mut text).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    }

    /// Its number as calls want it.
    pub(crate) fn pid(self) -> Pid {
        Pid::from_raw(self.0 as i32)
    }

    /// Kills it.
    pub(crate) fn kill(self) {
        self.signal(Signal::SIGKILL);
    }

    fn signal(self, signal: Signal) {
        // It may be gone already.
        let _ = kill(self.pid(), signal);
    }

    /// Kills it and all that it has started. Who is stopped starts nobody, so the list is complete when nobody is new.
    pub(crate) fn kill_tree(self) {
        let (mut all, deadline) = (Vec::new(), Instant::now() + STANDSTILL);
        loop {
            let tree = [vec![self], self.descendants()].concat();
            let new: Vec<_> = tree.into_iter().filter(|process| !all.contains(process)).collect();
            if new.is_empty() {
                break;
            }
            for process in new {
                process.signal(Signal::SIGSTOP);
                all.push(process);
            }
            // Until it stops, it may be in the middle of a fork(2).
            while all.iter().any(|process| process.may_fork()) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        all.into_iter().for_each(Self::kill);
    }

    /// Resident memory that is its own, in bytes.
    pub(crate) fn memory(self) -> u64 {
        let kilobytes = self.status("RssAnon").and_then(|value| value.split(' ').next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1024
    }
}
