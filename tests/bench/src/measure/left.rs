//! What is there before and after: mounts, cgroups, processes, interfaces, files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Bench;
use crate::cgroups;
use crate::user::User;

/// How many of each there are.
pub(super) struct Inventory(BTreeMap<&'static str, usize>);

/// How long what has ended may take to be gone: the kernel takes network namespaces apart when nobody waits for it.
const GRACE: Duration = Duration::from_secs(20);

impl Inventory {
    pub(super) fn take(bench: &Bench) -> Self {
        let home = bench.home(User::Self_).unwrap_or_default();
        Self(BTreeMap::from([
            ("mounts", lines("/proc/self/mountinfo")),
            ("cgroups", if bench.has_cgroups { directories(Path::new(cgroups::TOP)) } else { 0 }),
            ("processes", processes(bench)),
            ("interfaces", lines("/proc/net/dev")),
            ("files", entries(&home)),
        ]))
    }

    /// What there is more of than before, once it had time to go.
    pub(super) fn compare(&self, bench: &Bench) -> Vec<(usize, &'static str)> {
        let end = Instant::now() + GRACE;
        loop {
            let now = Self::take(bench);
            let more = now.0.iter().filter(|(what, count)| self.0[*what] < **count);
            let more: Vec<_> = more.map(|(what, count)| (count - self.0[what], *what)).collect();
            if more.is_empty() || Instant::now() > end {
                return more;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn lines(file: &str) -> usize {
    fs::read_to_string(file).unwrap_or_default().lines().count()
}

fn directories(directory: &Path) -> usize {
    let below = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    below.filter(|path| path.is_dir()).map(|path| 1 + directories(&path)).sum()
}

fn entries(directory: &Path) -> usize {
    let below = fs::read_dir(directory).into_iter().flatten().flatten();
    below
        .map(|entry| 1 + if entry.file_type().is_ok_and(|kind| kind.is_dir()) { entries(&entry.path()) } else { 0 })
        .sum()
}

/// Those whose program or whose root is in this run's directory. The dead whom nobody has asked about do not count.
fn processes(bench: &Bench) -> usize {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let is_ours = |process: &Path| {
        ["exe", "root"]
            .iter()
            .filter_map(|link| fs::read_link(process.join(link)).ok())
            .any(|link| link.starts_with(&bench.scratch))
            || is_asleep(process)
    };
    all.filter(|process| is_ours(process)).count()
}

/// The command of every container here.
fn is_asleep(process: &Path) -> bool {
    fs::read(process.join("cmdline")).is_ok_and(|line| line.ends_with(b"sleep\x001000000\0"))
}
