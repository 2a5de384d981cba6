//! What is the case after each step of a run: folded from what its calls did, and what the trace saw of it.

mod cgroups;
mod ids;
mod layers;
mod mounts;
mod places;

use std::collections::BTreeMap;

use crate::trace::{Child, Namespaces, Step};

pub(crate) use cgroups::Cgroup;
pub(crate) use ids::Maps;
pub(crate) use layers::Stack;

/// The kinds of namespace, by the names of /proc/PID/ns, and what they are called.
pub(crate) const KINDS: [(&str, &str); 8] = [
    ("user", "user"),
    ("mnt", "mount"),
    ("uts", "UTS"),
    ("ipc", "IPC"),
    ("pid", "PID"),
    ("net", "network"),
    ("cgroup", "cgroup"),
    ("time", "time"),
];

/// The label of what is the host's.
pub(crate) const HOST: &str = "A";

/// What is the case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// In the order of their birth; those that have ended are not among them.
    pub(crate) processes: Vec<Process>,
    /// The mounts of each mount namespace, in the order in which they came.
    pub(crate) mounts: BTreeMap<String, Vec<crate::trace::Mount>>,
    /// The layers of each overlay, by the mount.
    pub(crate) stacks: BTreeMap<String, Stack>,
    /// Ours only, by their paths.
    pub(crate) cgroups: BTreeMap<String, Cgroup>,
    /// The name of the machine in each UTS namespace that has got one.
    pub(crate) hostnames: BTreeMap<String, String>,
    /// What ids stand for, in each user namespace.
    pub(crate) maps: BTreeMap<String, Maps>,
    /// Who has made the last call.
    pub(crate) actor: u32,
    /// How many were born in each PID namespace but the host's.
    born: BTreeMap<String, u32>,
    /// What was said to fsconfig(2), by process, and not yet mounted.
    asked: BTreeMap<u32, Vec<(String, String)>>,
    /// The cgroup that was last opened, by process.
    opened: BTreeMap<u32, String>,
}

/// A process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: Option<u32>,
    /// Its number in its own PID namespace, where that is not the host's.
    pub(crate) inside: Option<u32>,
    pub(crate) program: String,
    pub(crate) namespaces: Namespaces,
    /// Its root directory and its working directory, as paths of its mount namespace.
    pub(crate) root: String,
    directory: String,
}

impl State {
    /// Before the first step, and after each.
    pub(crate) fn all(program: &str, steps: &[Step]) -> Vec<Self> {
        let mut states = vec![Self::before(program, steps)];
        for step in steps {
            let mut state = states.last().cloned().unwrap_or_default();
            state.goes_on(step);
            states.push(state);
        }
        states
    }

    fn before(program: &str, steps: &[Step]) -> Self {
        let mut state = Self::default();
        state.mounts.insert(HOST.to_owned(), mounts::of_host());
        if let Some(first) = steps.first() {
            state.processes.push(Process::first(first.pid, program));
            state.actor = first.pid;
            if let Some(beside) = &first.beside {
                state.begin_beside(beside);
            }
        }
        state
    }

    fn begin_beside(&mut self, beside: &Child) {
        let mut process = Process::first(beside.pid, beside.program.as_deref().unwrap_or_default());
        process.namespaces.extend(beside.namespaces.clone());
        self.processes.insert(0, process);
    }

    fn goes_on(&mut self, step: &Step) {
        self.actor = step.pid;
        if let Some(child) = &step.child {
            self.is_born(step.pid, child);
        }
        if let Some(process) = self.process_mut(step.pid) {
            process.namespaces.extend(step.namespaces.clone());
        }
        self.mounts_change(step);
        if let (Some(name), Some(uts)) = (&step.hostname, self.namespace(step.pid, "uts")) {
            self.hostnames.insert(uts, name.clone());
        }
        if step.has_succeeded() {
            self.layers_change(step);
            self.cgroups_change(step);
            self.ids_change(step);
            self.places_change(step);
            self.programs_change(step);
        }
    }

    fn is_born(&mut self, parent: u32, child: &Child) {
        let Some(mut process) = self.process(parent).cloned() else { return };
        process.pid = child.pid;
        process.parent = Some(parent);
        process.namespaces.extend(child.namespaces.clone());
        let pid = process.namespace("pid").to_owned();
        process.inside = (pid != HOST).then(|| {
            let born = self.born.entry(pid).or_insert(0);
            *born += 1;
            *born
        });
        if let (Some(mnt), Some(was)) = (child.namespaces.get("mnt"), self.namespace(parent, "mnt")) {
            let copy = self.mounts.get(&was).cloned().unwrap_or_default();
            self.mounts.entry(mnt.clone()).or_insert(copy);
        }
        self.cgroup_is_inherited(parent, child.pid);
        self.processes.push(process);
    }

    fn programs_change(&mut self, step: &Step) {
        match step.call.as_str() {
            "execve" => {
                let name = step.argument(0).rsplit('/').next().unwrap_or_default().to_owned();
                if let Some(process) = self.process_mut(step.pid) {
                    process.program = name;
                }
            }
            // Who was waited for is gone.
            "wait4" | "waitid" => {
                let ended = step.result.as_deref().and_then(|pid| pid.parse().ok());
                // A rehearsal has no numbers: its parent waits for its only child.
                let only =
                    || self.processes.iter().rev().find(|process| process.parent == Some(step.pid)).map(|one| one.pid);
                if let Some(pid) = ended.or_else(only).filter(|pid| *pid != 0) {
                    self.processes.retain(|process| process.pid != pid);
                    self.cgroups.values_mut().for_each(|cgroup| cgroup.processes.retain(|one| *one != pid));
                }
            }
            _ => {}
        }
    }

    pub(crate) fn process(&self, pid: u32) -> Option<&Process> {
        self.processes.iter().find(|process| process.pid == pid)
    }

    fn process_mut(&mut self, pid: u32) -> Option<&mut Process> {
        self.processes.iter_mut().find(|process| process.pid == pid)
    }

    /// The namespace of this kind that a process is in.
    pub(crate) fn namespace(&self, pid: u32, kind: &str) -> Option<String> {
        self.process(pid).map(|process| process.namespace(kind).to_owned())
    }
}

impl Process {
    fn first(pid: u32, program: &str) -> Self {
        let program = program.to_owned();
        Self { pid, program, root: "/".to_owned(), directory: "/".to_owned(), ..Self::default() }
    }

    /// The namespace of this kind that it is in.
    pub(crate) fn namespace(&self, kind: &str) -> &str {
        self.namespaces.get(kind).map_or(HOST, String::as_str)
    }
}
