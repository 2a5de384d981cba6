//! The cgroups that a run makes, what is written into their files, and who is inside.

use super::State;
use crate::trace::Step;

/// Where the trees are.
const TREES: &str = "/sys/fs/cgroup";

/// A cgroup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cgroup {
    /// What was written into which file.
    pub(crate) settings: Vec<(String, String)>,
    /// Who is inside.
    pub(crate) processes: Vec<u32>,
}

impl State {
    pub(super) fn cgroups_change(&mut self, step: &Step) {
        let path = step.argument(0);
        match step.call.as_str() {
            "mkdir" if path.starts_with(TREES) => {
                self.cgroups.entry(path.to_owned()).or_default();
            }
            "rmdir" if path.starts_with(TREES) => {
                self.cgroups.remove(path);
            }
            "openat" if step.argument(1).starts_with(TREES) => {
                self.opened.insert(step.pid, step.argument(1).to_owned());
            }
            "write" => self.cgroup_is_written(step),
            "clone3" if step.argument(0).contains("CLONE_INTO_CGROUP") => {
                let named = step.argument(0).split_once("cgroup=FD<").and_then(|(_, path)| path.split('>').next());
                let cgroup = named.map(str::to_owned).or_else(|| self.opened.get(&step.pid).cloned());
                if let (Some(cgroup), Some(child)) = (cgroup, &step.child) {
                    self.enters(child.pid, &cgroup);
                }
            }
            _ => {}
        }
    }

    fn cgroup_is_written(&mut self, step: &Step) {
        let file = step.argument(0).strip_prefix("FD<").and_then(|path| path.strip_suffix('>'));
        let Some((cgroup, file)) = file.filter(|path| path.starts_with(TREES)).and_then(|path| path.rsplit_once('/'))
        else {
            return;
        };
        let value = step.argument(1).trim_end_matches("\\n");
        if matches!(file, "cgroup.procs" | "tasks") {
            let pid = value.parse().ok().filter(|pid| *pid != 0).unwrap_or(step.pid);
            self.enters(pid, cgroup);
            return;
        }
        let settings = &mut self.cgroups.entry(cgroup.to_owned()).or_default().settings;
        settings.retain(|(known, _)| known != file);
        settings.push((file.to_owned(), value.to_owned()));
    }

    /// A process is in one cgroup of each tree.
    fn enters(&mut self, pid: u32, cgroup: &str) {
        for (path, other) in &mut self.cgroups {
            if tree(path) == tree(cgroup) {
                other.processes.retain(|one| *one != pid);
            }
        }
        self.cgroups.entry(cgroup.to_owned()).or_default().processes.push(pid);
    }

    pub(super) fn cgroup_is_inherited(&mut self, parent: u32, child: u32) {
        for cgroup in self.cgroups.values_mut().filter(|cgroup| cgroup.processes.contains(&parent)) {
            cgroup.processes.push(child);
        }
    }
}

/// The part of a path that says which tree it is of: with version 1, each controller has one.
fn tree(path: &str) -> &str {
    let rest = path.strip_prefix(TREES).unwrap_or(path);
    rest.trim_start_matches('/').split('/').next().filter(|first| *first != "boxwright").unwrap_or_default()
}
