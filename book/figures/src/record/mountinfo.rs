//! What a call did to the mounts, told without what every host has differently: its own mounts, their numbers and options.
//!
//! Of the host's mounts four are kept, which every host has; whatever else it has mounted, and what comes along when a tree is
//! bound, is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::raw::Lines;
use crate::trace::{Mount, Mounting};

/// The host's mounts that are kept, in the order of their labels.
const HOST: [&str; 4] = ["/", "/proc", "/sys", "/dev"];

/// A line of /proc/PID/mountinfo, see proc_pid_mountinfo(5).
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: u64,
    parent: u64,
    pub(crate) device: String,
    root: String,
    pub(crate) at: String,
    read_only: bool,
    pub(crate) kind: String,
    source: String,
}

/// The mount namespaces that were heard of, and the labels of their mounts.
#[derive(Debug, Default)]
pub(crate) struct Mounts {
    /// The devices of the host: what is on one of them is a part of the host's files.
    host_devices: BTreeSet<String>,
    /// The label of each mount that is kept, by namespace and number.
    labels: BTreeMap<String, BTreeMap<u64, String>>,
    read_only: BTreeMap<String, bool>,
    made: usize,
}

/// What one call did, and where.
pub(crate) struct Happened<'a> {
    /// The mount namespace, by its label, after the call.
    pub(crate) namespace: &'a str,
    /// The one before it, where that was another.
    pub(crate) copied_from: Option<String>,
    pub(crate) lines: &'a Lines,
    /// What a caller who says a source has said: the path of a bind, the descriptor of open_tree(2).
    pub(crate) source: Option<String>,
    /// On the host, others mount too: only what is there counts.
    pub(crate) only_below: Option<&'a str>,
}

impl Line {
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (front, back) = line.split_once(" - ")?;
        let front: Vec<_> = front.split(' ').collect();
        let mut back = back.split(' ');
        let text = |at: usize| front.get(at).map(|text| (*text).to_owned());
        Some(Self {
            id: front.first()?.parse().ok()?,
            parent: front.get(1)?.parse().ok()?,
            device: text(2)?,
            root: text(3)?,
            at: text(4)?,
            read_only: front.get(5)?.split(',').any(|option| option == "ro"),
            kind: back.next()?.to_owned(),
            source: back.next()?.to_owned(),
        })
    }
}

impl Mounts {
    /// Begins with the mounts of the host.
    pub(crate) fn of_host(mountinfo: &str) -> Self {
        let host_devices = mountinfo.lines().filter_map(Line::parse).map(|line| line.device).collect();
        Self { host_devices, ..Self::default() }
    }

    /// What happened, in fixed words but for paths.
    pub(crate) fn happened(&mut self, what: &Happened<'_>) -> Vec<Mounting> {
        let parsed = |lines: &[String]| -> Vec<Line> { lines.iter().filter_map(|line| Line::parse(line)).collect() };
        let (gone, new) = (parsed(&what.lines.gone), parsed(&what.lines.new));
        if let Some(from) = &what.copied_from {
            if !self.labels.contains_key(what.namespace) {
                self.copy(what.namespace, from, &new);
                return vec![Mounting::Copied { from: from.clone() }];
            }
            return Vec::new();
        }
        self.adopt(what.namespace, &gone);
        self.adopt(what.namespace, &new);
        let mut happened = self.changed(what.namespace, &gone, &new);
        happened.extend(self.came(what, &gone, &new));
        happened.extend(self.went(what.namespace, &gone, &new));
        happened
    }

    /// A copy has the same mounts at the same places, under other numbers.
    fn copy(&mut self, namespace: &str, from: &str, new: &[Line]) {
        let kept = self.labels.get(from).cloned().unwrap_or_default();
        self.adopt(namespace, new);
        // What was mounted over and over again at one place cannot be told apart here: no run of the book copies such a list.
        let own: Vec<_> = kept.into_values().filter(|label| !label.starts_with("host-")).collect();
        let labels = self.labels.entry(namespace.to_owned()).or_default();
        let unnamed: Vec<_> = new.iter().map(|line| line.id).filter(|id| !labels.contains_key(id)).collect();
        labels.extend(unnamed.into_iter().rev().zip(own.into_iter().rev()));
    }

    /// The four of the host get their labels when they are first seen.
    fn adopt(&mut self, namespace: &str, lines: &[Line]) {
        let labels = self.labels.entry(namespace.to_owned()).or_default();
        for line in lines.iter().filter(|line| self.host_devices.contains(&line.device) || line.at == "/") {
            let Some(at) = HOST.iter().position(|place| *place == line.at) else { continue };
            let label = format!("host-{}", at + 1);
            if line.root == "/" && !labels.contains_key(&line.id) && labels.values().all(|known| *known != label) {
                labels.insert(line.id, label);
            }
        }
    }

    fn label(&self, namespace: &str, id: u64) -> Option<String> {
        self.labels.get(namespace)?.get(&id).cloned()
    }

    /// Those that were there and are still, at another place or with other rights.
    fn changed(&mut self, namespace: &str, gone: &[Line], new: &[Line]) -> Vec<Mounting> {
        let mut changed = Vec::new();
        for now in new {
            let Some(before) = gone.iter().find(|before| before.id == now.id) else { continue };
            let Some(id) = self.label(namespace, now.id) else { continue };
            if before.at != now.at || before.parent != now.parent {
                let on = self.label(namespace, now.parent);
                changed.push(Mounting::Moved { id: id.clone(), on, at: now.at.clone() });
            }
            if before.read_only != now.read_only {
                changed.push(Mounting::Remounted { id, read_only: now.read_only });
            }
        }
        changed
    }

    /// New ones; of a tree that came at once, only its top.
    fn came(&mut self, what: &Happened<'_>, gone: &[Line], new: &[Line]) -> Vec<Mounting> {
        let is_new = |id: u64| new.iter().any(|line| line.id == id) && gone.iter().all(|line| line.id != id);
        let mut came = Vec::new();
        for line in new.iter().filter(|line| is_new(line.id) && !is_new(line.parent)) {
            if what.only_below.is_some_and(|place| !line.at.starts_with(place))
                || self.label(what.namespace, line.id).is_some()
            {
                continue;
            }
            self.made += 1;
            let id = self.made.to_string();
            let is_bind = self.host_devices.contains(&line.device);
            let kind = if is_bind { "bind".to_owned() } else { line.kind.clone() };
            let of = match (&what.source, line.kind.as_str()) {
                (_, "nsfs") => line.root.clone(),
                (Some(source), _) if is_bind => source.clone(),
                _ => line.source.clone(),
            };
            let on = self.label(what.namespace, line.parent);
            self.labels.entry(what.namespace.to_owned()).or_default().insert(line.id, id.clone());
            self.read_only.insert(id.clone(), line.read_only);
            came.push(Mounting::Mounted(Mount { id, on, at: line.at.clone(), kind, of, read_only: line.read_only }));
        }
        came
    }

    fn went(&mut self, namespace: &str, gone: &[Line], new: &[Line]) -> Vec<Mounting> {
        let ended = gone.iter().filter(|line| new.iter().all(|now| now.id != line.id));
        let labels = self.labels.entry(namespace.to_owned()).or_default();
        ended.filter_map(|line| Some(Mounting::Gone { id: labels.remove(&line.id)? })).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST_INFO: &str = "27 1 254:0 / / rw - ext4 /dev/vda rw\n22 27 0:21 / /proc rw - proc proc rw\n23 27 0:22 / /sys rw - sysfs sysfs rw\n30 23 0:30 / /sys/fs/cgroup rw - cgroup2 none rw";

    fn lines(gone: &[&str], new: &[&str]) -> Lines {
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Lines { gone: owned(gone), new: owned(new) }
    }

    fn happened(mounts: &mut Mounts, copied_from: Option<&str>, lines: &Lines, source: Option<&str>) -> Vec<Mounting> {
        let source = source.map(str::to_owned);
        let copied_from = copied_from.map(str::to_owned);
        mounts.happened(&Happened { namespace: "B", copied_from, lines, source, only_below: None })
    }

    #[test]
    fn of_a_bound_tree_only_the_top_is_kept() {
        let mut mounts = Mounts::of_host(HOST_INFO);
        let copy: Vec<_> = ["45 44 254:0 / / rw - ext4 /dev/vda rw", "47 45 0:22 / /sys rw - sysfs sysfs rw"].into();
        assert_eq!(
            happened(&mut mounts, Some("A"), &lines(&[], &copy), None),
            [Mounting::Copied { from: "A".to_owned() }]
        );
        let bound = lines(
            &[],
            &["68 45 0:22 / /r/sys rw - sysfs sysfs rw", "69 68 0:30 / /r/sys/fs/cgroup rw - cgroup2 none rw"],
        );
        let expected = Mount {
            id: "1".to_owned(),
            on: Some("host-1".to_owned()),
            at: "/r/sys".to_owned(),
            kind: "bind".to_owned(),
            of: "/sys".to_owned(),
            read_only: false,
        };
        assert_eq!(happened(&mut mounts, None, &bound, Some("/sys")), [Mounting::Mounted(expected)]);
    }
}
