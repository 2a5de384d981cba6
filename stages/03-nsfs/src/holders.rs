//! What else than a process in it keeps a namespace alive: mounts, descriptors, and children not yet born.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};

use groundwork::mountinfo::mounts_of;
use nix::unistd::Pid;
use serde::{Serialize, Serializer};
use unshare::Namespace;

use crate::inspect::Process;
use crate::link::{Identity, link_for_children};

/// Something that refers to a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A mount of the namespace's file.
    Mount {
        /// Where, as the mount namespace that has it sees it.
        #[serde(serialize_with = "as_text")]
        file: PathBuf,
        /// A process there, when it is another mount namespace than ours.
        seen_by: Option<i32>,
    },
    /// A process has the namespace open.
    Descriptor {
        /// Which process.
        pid: i32,
        /// Under which number.
        number: u32,
    },
    /// A process is outside, and its next child will be inside.
    Parent {
        /// Which process.
        pid: i32,
    },
}

impl Holder {
    /// A file through which we can reach a namespace of this kind that is held so.
    pub fn path(&self, kind: Namespace) -> PathBuf {
        match self {
            Self::Mount { file, seen_by: None } => file.clone(),
            Self::Mount { file, seen_by: Some(pid) } => {
                let inside = file.strip_prefix("/").unwrap_or(file);
                Path::new(&format!("/proc/{pid}/root")).join(inside)
            }
            Self::Descriptor { pid, number } => PathBuf::from(format!("/proc/{pid}/fd/{number}")),
            Self::Parent { pid } => link_for_children(Pid::from_raw(*pid), kind),
        }
    }
}

impl Display for Holder {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mount { file, seen_by: None } => write!(formatter, "mount {}", file.display()),
            Self::Mount { file, seen_by: Some(pid) } => {
                write!(formatter, "mount {} as process {pid} sees it", file.display())
            }
            Self::Descriptor { pid, number } => write!(formatter, "descriptor /proc/{pid}/fd/{number}"),
            Self::Parent { pid } => write!(formatter, "process {pid} for its children"),
        }
    }
}

// ANCHOR: holders
/// Everything that holds a namespace, as far as these processes can tell.
pub fn holders(processes: &[Process]) -> Vec<(Identity, Holder)> {
    let mut found = in_mounts(processes);
    for process in processes.iter().filter(|process| process.pid != Pid::this()) {
        found.extend(in_descriptors(process.pid));
        let pid = process.pid.as_raw();
        found.extend(process.for_children.iter().map(|identity| (*identity, Holder::Parent { pid })));
    }
    found
}

/// In every mount namespace that has a process: a mount there holds as well as one here.
fn in_mounts(processes: &[Process]) -> Vec<(Identity, Holder)> {
    let mut found = Vec::new();
    for (mount_namespace, pid) in one_process_each(processes) {
        let is_ours = Identity::of_caller(Namespace::Mount) == Some(mount_namespace);
        let who = if is_ours { "self".to_owned() } else { pid.to_string() };
        let seen_by = (!is_ours).then_some(pid);
        let mounts = mounts_of(&who).unwrap_or_default();
        let kept = mounts.into_iter().filter(|mount| mount.fstype == "nsfs").filter_map(|mount| {
            Some((Identity::parse(mount.root.as_os_str())?, Holder::Mount { file: mount.target, seen_by }))
        });
        found.extend(kept);
    }
    found
}
// ANCHOR_END: holders

/// JSON has no other bytes than those of text.
fn as_text<S: Serializer>(file: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&file.to_string_lossy())
}

fn one_process_each(processes: &[Process]) -> BTreeMap<Identity, i32> {
    let pairs =
        processes.iter().rev().filter_map(|process| Some((process.namespace(Namespace::Mount)?, process.pid.as_raw())));
    pairs.collect()
}

fn in_descriptors(pid: Pid) -> Vec<(Identity, Holder)> {
    // Nothing when it is gone by now.
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    let open = entries.flatten().filter_map(|entry| {
        let identity = Identity::of_link(&entry.path()).ok()?;
        let number = entry.file_name().to_str()?.parse().ok()?;
        Some((identity, Holder::Descriptor { pid: pid.as_raw(), number }))
    });
    open.collect()
}
