//! What is mounted where.

use super::State;
use crate::trace::{Mount, Mounting, Step};

/// What every host has mounted.
pub(super) fn of_host() -> Vec<Mount> {
    let places = [("/", "the host's files"), ("/proc", "proc"), ("/sys", "sysfs"), ("/dev", "the host's devices")];
    let mounts = places.iter().enumerate().map(|(at, (place, of))| Mount {
        id: format!("host-{}", at + 1),
        on: (at > 0).then(|| "host-1".to_owned()),
        at: (*place).to_owned(),
        kind: "host".to_owned(),
        of: (*of).to_owned(),
        read_only: false,
    });
    mounts.collect()
}

impl State {
    /// True while nothing was mounted on the host, and nothing was taken away.
    pub(crate) fn is_host_untouched(&self) -> bool {
        self.mounts.get(super::HOST).is_some_and(|list| *list == of_host())
    }

    pub(super) fn mounts_change(&mut self, step: &Step) {
        let Some(namespace) = self.namespace(step.pid, "mnt") else { return };
        for happened in &step.mounts {
            if let Mounting::Copied { from } = happened {
                let copy = self.mounts.get(from).cloned().unwrap_or_default();
                self.mounts.insert(namespace.clone(), copy);
                continue;
            }
            let list = self.mounts.entry(namespace.clone()).or_default();
            change(list, happened);
        }
    }
}

fn change(list: &mut Vec<Mount>, happened: &Mounting) {
    match happened {
        Mounting::Copied { .. } => {}
        Mounting::Mounted(mount) => {
            let on = mount.on.clone().or_else(|| below(list, &mount.at));
            list.push(Mount { on, ..mount.clone() });
        }
        Mounting::Moved { id, on, at } => {
            if let Some(mount) = list.iter_mut().find(|mount| mount.id == *id) {
                mount.on.clone_from(on);
                mount.at.clone_from(at);
            }
        }
        Mounting::Remounted { id, read_only } => {
            if let Some(mount) = list.iter_mut().find(|mount| mount.id == *id) {
                mount.read_only = *read_only;
            }
        }
        Mounting::Gone { id } => list.retain(|mount| mount.id != *id),
    }
}

/// The mount that a path lies on.
fn below(list: &[Mount], path: &str) -> Option<String> {
    let holds = |mount: &&Mount| {
        path.strip_prefix(mount.at.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            || mount.at == "/"
    };
    list.iter().filter(holds).max_by_key(|mount| mount.at.len()).map(|mount| mount.id.clone())
}
