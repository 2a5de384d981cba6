//! The host before and after a judge. Whatever differs is named.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::attribution::Attribution;
use super::process::Process;

/// What must be the same afterwards, one line a thing.
#[derive(Clone, Debug)]
pub struct Host {
    lines: BTreeSet<String>,
}

impl Host {
    /// The host as it is now.
    pub fn now() -> Self {
        let names = ["hostname", "domainname"].map(|name| format!("{name} {}", kernel_name(name)));
        let lines = names.into_iter().chain(mounts()).chain(interfaces()).chain(objects()).chain(stores());
        Self { lines: lines.collect() }
    }

    /// What is there now and was not before, or the other way round. What other judges are just doing is their affair.
    pub fn changes(&self, attribution: &Attribution) -> Vec<String> {
        let now = Self::now();
        let new = now.lines.difference(&self.lines).map(|line| format!("new: {line}"));
        let gone = self.lines.difference(&now.lines).map(|line| format!("gone: {line}"));
        new.chain(gone).filter(|line| !attribution.is_of_others(line)).collect()
    }
}

/// What a room has left behind, besides changes to the host: processes, cgroups, files.
pub fn left_behind(attribution: &Attribution, folders: &[PathBuf], grace: Duration) -> Vec<String> {
    let end = Instant::now() + grace;
    let processes = attribution.processes().into_iter().filter(|process| !process.ends_before(end));
    let processes = processes.map(|Process(pid)| format!("process {pid}: {}", Process(pid).command()));
    let cgroups = cgroups().into_iter().filter(|path| attribution.is_in(&path.to_string_lossy()));
    let cgroups = cgroups.map(|path| format!("cgroup {}", path.display()));
    let files = folders.iter().flat_map(|folder| entries(folder)).map(|path| format!("file {}", path.display()));
    processes.chain(cgroups).chain(files).collect()
}

fn kernel_name(name: &str) -> String {
    fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap_or_default().trim().to_owned()
}

/// Without the numbers that the kernel counts up.
fn mounts() -> impl Iterator<Item = String> {
    let text = Process::with(std::process::id()).read("mountinfo");
    let line = |line: &str| format!("mount {}", line.splitn(4, ' ').nth(3).unwrap_or_default());
    text.lines().map(line).collect::<Vec<_>>().into_iter()
}

fn interfaces() -> impl Iterator<Item = String> {
    let text = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let name = |line: &str| Some(format!("interface {}", line.split_once(':')?.0.trim()));
    text.lines().filter_map(name).collect::<Vec<_>>().into_iter()
}

/// System V objects, and POSIX message queues where they are mounted.
fn objects() -> impl Iterator<Item = String> {
    let numbers = |kind: &'static str| {
        let text = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
        let line = |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>().join(" id ");
        text.lines().skip(1).map(|text| format!("{kind} object key {}", line(text))).collect::<Vec<_>>()
    };
    let queues = entries(Path::new("/dev/mqueue")).into_iter().map(|path| format!("queue {}", path.display()));
    ["msg", "shm", "sem"].into_iter().flat_map(numbers).chain(queues)
}

/// The places where boxwright keeps its things when nobody names another: the judges always do.
fn stores() -> impl Iterator<Item = String> {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share/boxwright"));
    let stores = home.into_iter().chain([PathBuf::from("/var/lib/boxwright")]);
    stores.flat_map(|store| entries(&store)).map(|path| format!("file {}", path.display()))
}

/// Every cgroup of every hierarchy, found where mountinfo says they are mounted.
pub fn cgroups() -> Vec<PathBuf> {
    let text = Process::with(std::process::id()).read("mountinfo");
    let is_cgroup = |line: &&str| line.split(" - ").nth(1).is_some_and(|kind| kind.starts_with("cgroup"));
    let tops = text.lines().filter(is_cgroup).filter_map(|line| line.split(' ').nth(4));
    let mut waiting: Vec<_> = tops.map(PathBuf::from).collect();
    let mut found = Vec::new();
    while let Some(directory) = waiting.pop() {
        waiting.extend(entries(&directory).into_iter().filter(|path| path.is_dir()));
        found.push(directory);
    }
    found
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    let mut entries: Vec<_> = entries.unwrap_or_default();
    entries.sort();
    entries
}
