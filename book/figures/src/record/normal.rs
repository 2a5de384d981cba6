//! From the lines of `--trace` to a trace that is the same on every machine where the story is the same.

use std::collections::BTreeMap;

use super::mountinfo::{Happened, Mounts};
use super::order::{Placed, in_order};
use super::raw::{Lines, Raw};
use super::words::Words;
use crate::trace::{Child, Mounting, Namespaces, Step, unquoted};

/// What has been heard so far.
pub(crate) struct Normal {
    pub(crate) words: Words,
    pub(crate) mounts: Mounts,
    /// The namespaces of each process, by its number outside, as they were last told.
    known: BTreeMap<u32, Namespaces>,
    /// Which path each process has opened by open_tree(2), by descriptor.
    trees: BTreeMap<(u32, String), String>,
    /// True when nothing was made: then nobody else's directories are in the way.
    is_rehearsed: bool,
    /// All lines of the trace, to look ahead to what a process will be seen in.
    seen: Vec<(u32, BTreeMap<String, u64>)>,
}

impl Normal {
    pub(crate) fn new(words: Words, mounts: Mounts, is_rehearsed: bool) -> Self {
        Self { words, mounts, known: BTreeMap::new(), trees: BTreeMap::new(), is_rehearsed, seen: Vec::new() }
    }

    /// Makes steps of lines.
    pub(crate) fn steps(mut self, lines: Vec<Raw>) -> Vec<Step> {
        let is_kept = |placed: &Placed| self.is_rehearsed || !is_of_the_host(&placed.raw);
        let placed: Vec<_> = in_order(lines).into_iter().filter(is_kept).collect();
        self.seen = placed.iter().map(|placed| (placed.raw.pid, placed.raw.namespaces.clone())).collect();
        placed.into_iter().enumerate().map(|(at, placed)| self.step(at, placed)).collect()
    }

    fn step(&mut self, at: usize, Placed { mut raw, child }: Placed) -> Step {
        let pid = self.words.pid(raw.pid);
        let source = self.source(&raw);
        let before = self.known.entry(pid).or_default().clone();
        let namespaces = self.namespaces(at, &raw, &before);
        let mounts = self.mounts(&raw, &before, &namespaces, source);
        let hostname = raw.changed.hostname.as_ref().map(|name| self.hostname(&name.new));
        if let Some(known) = self.known.get_mut(&pid) {
            known.extend(namespaces.clone());
        }
        let child = self.child(at, &raw, pid, child);
        self.words.apply(&mut raw);
        Step {
            seq: at + 1,
            pid,
            depth: raw.depth,
            call: raw.call,
            arguments: raw.arguments,
            result: raw.result,
            errno: raw.errno,
            reason: raw.reason,
            namespaces,
            child,
            hostname,
            mounts,
            beside: None,
        }
    }

    fn hostname(&mut self, name: &str) -> String {
        if name == self.words.hostname { "host".to_owned() } else { self.words.text(name) }
    }

    /// Where the caller is now, and was not before.
    fn namespaces(&mut self, at: usize, raw: &Raw, before: &Namespaces) -> Namespaces {
        let mut now = self.labels(&raw.namespaces);
        // The link of a PID namespace that nobody was born into yet leads nowhere: it is seen a little later.
        if raw.call == "unshare" && raw.arguments.iter().any(|flags| flags.contains("CLONE_NEWPID")) {
            let own = raw.namespaces.get("pid").copied().unwrap_or_default();
            let later = self.seen[at..].iter().filter(|(pid, _)| *pid == raw.pid);
            let born_into = later.filter_map(|(_, links)| links.get("pid_for_children")).find(|inode| **inode != own);
            if let Some(inode) = born_into {
                now.insert("pid_for_children".to_owned(), self.words.namespace("pid", *inode));
            }
        } else if !matches!(raw.call.as_str(), "unshare" | "setns" | "fork" | "clone" | "clone3") {
            // Nothing else puts its caller elsewhere; what is seen is only seen later than it was.
            now.retain(|kind, _| kind != "pid_for_children");
        }
        let was = |kind: &str| before.get(kind).cloned().unwrap_or_else(|| "A".to_owned());
        now.retain(|kind, label| was(kind) != *label);
        now
    }

    fn labels(&mut self, links: &BTreeMap<String, u64>) -> Namespaces {
        links.iter().map(|(kind, inode)| (kind.clone(), self.words.namespace(kind, *inode))).collect()
    }

    /// Who was born, and where in other namespaces than its parent.
    fn child(&mut self, at: usize, raw: &Raw, parent: u32, child: Option<u32>) -> Option<Child> {
        if !raw.is_birth() {
            return None;
        }
        let parents = self.known.get(&parent).cloned().unwrap_or_default();
        let Some(outside) = child else {
            // It never said a word: it is known by the number its parent was told.
            let number = raw.result.as_deref().and_then(|pid| pid.parse().ok())?;
            return Some(Child { pid: self.words.pid(number), ..Child::default() });
        };
        let pid = self.words.pid(outside);
        let first = self.seen[at..].iter().find(|(pid, _)| *pid == outside).map(|(_, links)| links.clone());
        let first = self.labels(&first.unwrap_or_default());
        let flags = raw.arguments.first().map_or("", String::as_str);
        let mut own = parents.clone();
        for kind in ["pid", "time"] {
            if let Some(label) = parents.get(&format!("{kind}_for_children")) {
                own.insert(kind.to_owned(), label.clone());
            }
        }
        own.extend(first.into_iter().filter(|(kind, _)| is_flagged(flags, kind)));
        let was = |kind: &str| parents.get(kind).cloned().unwrap_or_else(|| "A".to_owned());
        let namespaces =
            own.iter().filter(|(kind, label)| was(kind) != **label).map(|(kind, label)| (kind.clone(), label.clone()));
        let namespaces = namespaces.collect();
        self.known.insert(pid, own);
        Some(Child { pid, namespaces, program: None })
    }

    /// The path that a mount is made of, where the caller has said one.
    fn source(&mut self, raw: &Raw) -> Option<String> {
        let argument = |at: usize| raw.arguments.get(at).cloned().unwrap_or_default();
        match raw.call.as_str() {
            "open_tree" => {
                let descriptor = number(raw.result.as_deref().unwrap_or_default());
                self.trees.insert((raw.pid, descriptor), unquoted(&argument(1)).to_owned());
                None
            }
            "move_mount" => self.trees.get(&(raw.pid, number(&argument(0)))).cloned(),
            "mount" => Some(unquoted(&argument(0)).to_owned()),
            _ => None,
        }
    }

    fn mounts(&mut self, raw: &Raw, before: &Namespaces, now: &Namespaces, source: Option<String>) -> Vec<Mounting> {
        const MOUNT: [&str; 8] =
            ["mount", "umount", "umount2", "pivot_root", "move_mount", "mount_setattr", "unshare", "setns"];
        let none = Lines::default();
        let lines = raw.changed.mounts.as_ref().unwrap_or(&none);
        let was = before.get("mnt").cloned().unwrap_or_else(|| "A".to_owned());
        let copied_from = now.get("mnt").is_some().then(|| was.clone());
        // Whatever else is seen here, others have mounted.
        if !MOUNT.contains(&raw.call.as_str())
            || (copied_from.is_none() && matches!(raw.call.as_str(), "unshare" | "setns"))
        {
            return Vec::new();
        }
        let place = ["mount", "move_mount", "umount2"].contains(&raw.call.as_str()).then(|| {
            let at = if raw.call == "move_mount" { 3 } else { usize::from(raw.call == "mount") };
            unquoted(raw.arguments.get(at).map_or("", String::as_str)).to_owned()
        });
        let namespace = now.get("mnt").cloned().unwrap_or(was);
        let only_below = place.as_deref().filter(|_| namespace == "A");
        let happened =
            self.mounts.happened(&Happened { namespace: &namespace, copied_from, lines, source, only_below });
        happened.into_iter().map(|one| self.in_words(one)).collect()
    }

    fn in_words(&mut self, happened: Mounting) -> Mounting {
        match happened {
            Mounting::Mounted(mut mount) => {
                mount.at = self.words.text(&mount.at);
                mount.of = self.words.text(&mount.of);
                Mounting::Mounted(mount)
            }
            Mounting::Moved { id, on, at } => Mounting::Moved { id, on, at: self.words.text(&at) },
            other => other,
        }
    }
}

/// The directory that all our cgroups share is made by the first who needs it, and removed by the last: whether that is this
/// run depends on what else runs on the host.
fn is_of_the_host(raw: &Raw) -> bool {
    let path = raw.arguments.first().map_or("", |path| unquoted(path));
    let is_made_or_removed = matches!(raw.call.as_str(), "mkdir" | "rmdir");
    is_made_or_removed && path.starts_with("/sys/fs/cgroup/") && path.ends_with("/boxwright")
}

/// `9</dev>` is descriptor 9.
fn number(descriptor: &str) -> String {
    descriptor.split('<').next().unwrap_or_default().to_owned()
}

/// True when these flags of clone(2) make a namespace of this kind.
fn is_flagged(flags: &str, kind: &str) -> bool {
    let flag = match kind {
        "cgroup" => "CLONE_NEWCGROUP",
        "ipc" => "CLONE_NEWIPC",
        "mnt" => "CLONE_NEWNS",
        "net" => "CLONE_NEWNET",
        "pid" | "pid_for_children" => "CLONE_NEWPID",
        "time" | "time_for_children" => "CLONE_NEWTIME",
        "user" => "CLONE_NEWUSER",
        "uts" => "CLONE_NEWUTS",
        _ => return false,
    };
    flags.split(['|', '=', ',']).any(|one| one == flag)
}
