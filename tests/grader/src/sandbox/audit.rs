//! A sandbox before and after: whatever a program leaves behind is named, as it would be on a real host.

use std::collections::BTreeSet;
use std::fmt::{Display, Formatter};
use std::path::Path;
use std::time::{Duration, Instant};

use super::Sandbox;
use super::cgroups::folders_below;
use crate::peek;
use crate::process::Process;

/// Something that was left behind, or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak(pub String);

impl Display for Leak {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How long what was killed may take to be gone.
const GRACE: Duration = Duration::from_millis(500);

/// What a sandbox is like, one line a thing.
#[derive(Clone, Debug)]
pub struct Audit {
    lines: BTreeSet<String>,
}

impl Audit {
    /// As it is now. `helper` is the program that looks from inside.
    pub fn of(sandbox: &Sandbox, helper: &Path) -> Self {
        let names = peek::names(helper, sandbox.first()).unwrap_or_default();
        let told = [format!("host name {}", names.hostname), format!("domain name {}", names.domainname)];
        let first = sandbox.first();
        let cgroups = sandbox.cgroups().into_iter().flat_map(|top| cgroups(&top));
        Self {
            lines: told
                .into_iter()
                .chain(names.objects)
                .chain(mounts(first))
                .chain(interfaces(first))
                .chain(cgroups)
                .collect(),
        }
    }

    /// What is there now and was not before, or the other way round; and who still runs, which nobody should.
    pub fn leaks(&self, sandbox: &Sandbox, helper: &Path) -> Vec<Leak> {
        let end = Instant::now() + GRACE;
        let mut processes = running(sandbox);
        // Killed a moment ago, some take another to be gone.
        while !processes.is_empty() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
            processes = running(sandbox);
        }
        let now = Self::of(sandbox, helper);
        let new = now.lines.difference(&self.lines).map(|line| format!("new: {line}"));
        let gone = self.lines.difference(&now.lines).map(|line| format!("gone: {line}"));
        let processes = processes.iter().map(|process| format!("still running: {}", process.command()));
        new.chain(gone).chain(processes).map(Leak).collect()
    }
}

/// Without the numbers that the kernel counts up.
fn mounts(first: Process) -> Vec<String> {
    let line = |line: String| format!("mount {}", line.splitn(4, ' ').nth(3).unwrap_or_default());
    first.mounts().into_iter().map(line).collect()
}

fn interfaces(first: Process) -> Vec<String> {
    let text = first.read("net/dev");
    text.lines().filter_map(|line| Some(format!("interface {}", line.split_once(':')?.0.trim()))).collect()
}

fn cgroups(top: &Path) -> Vec<String> {
    let name = |path: &Path| format!("cgroup /{}", path.strip_prefix(top).unwrap_or(path).display());
    folders_below(top).iter().map(|path| name(path)).collect()
}

/// Who runs beside PID 1 and those that wait for programs.
fn running(sandbox: &Sandbox) -> Vec<Process> {
    let own = sandbox.first().read("comm");
    let all = sandbox.processes().into_iter().filter(|process| process.is_alive());
    all.filter(|process| process.read("comm") != own || process.read("cmdline") != sandbox.first().read("cmdline"))
        .collect()
}
