//! Whose is it? Judges run side by side, and a container's processes have neither our environment nor our root.
//!
//! Each room has a word of its own, which stands in the name of its folder, in an environment variable and in the names
//! of its containers. Whatever shows that word belongs to the room.

use std::sync::atomic::{AtomicU32, Ordering};

use super::process::{Process, namespace_of};

/// What each judge's word begins with.
const BEGINNING: &str = "judge-";

/// The word of one room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution(String);

impl Attribution {
    /// A word that no other room has, of this run or another.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(format!("{BEGINNING}{:x}-{count:x}-", std::process::id()))
    }

    /// The word.
    pub fn word(&self) -> &str {
        &self.0
    }

    /// True when a line of text speaks of this room.
    pub fn is_in(&self, text: &str) -> bool {
        text.contains(&self.0)
    }

    /// True when it speaks of another one.
    pub fn is_of_others(&self, text: &str) -> bool {
        text.contains(BEGINNING) && !self.is_in(text)
    }

    /// True when a process belongs to this room: by its environment, its command line, its folders, its cgroup, or by what
    /// is mounted for it.
    pub fn has(&self, process: Process) -> bool {
        let links = ["root", "cwd", "exe"].into_iter().filter_map(|name| process.link(name));
        links.map(|link| link.to_string_lossy().into_owned()).any(|link| self.is_in(&link))
            || ["environ", "cmdline", "cgroup"].iter().any(|file| self.is_in(&process.read(file)))
            || self.has_mounted(process)
    }

    /// True when it sees something of this room mounted that we do not see, and that nobody let through to it. A mount that a
    /// judge has left on the host is seen by everybody, and they are not ours to end.
    fn has_mounted(&self, process: Process) -> bool {
        let is_let_through = |line: &str| [" shared:", " master:"].iter().any(|word| line.contains(word));
        namespace_of(process, "mnt") != namespace_of(Process::with(std::process::id()), "mnt")
            && process.read("mountinfo").lines().any(|line| self.is_in(line) && !is_let_through(line))
    }

    /// All processes of this room.
    pub fn processes(&self) -> Vec<Process> {
        let me = Process::with(std::process::id());
        Process::all().into_iter().filter(|process| *process != me && self.has(*process)).collect()
    }
}
