//! The real host before and after: what a sandbox must not change, and what others do not change beside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::Leak;
use crate::process::Process;

/// The real host, as far as a sandbox could have changed it.
#[derive(Clone, Debug)]
pub(super) struct Real {
    names: [String; 2],
    /// Mounts that speak of the sandbox's own folder, of which there is none.
    mounts: BTreeSet<String>,
    interfaces: BTreeSet<String>,
    base: PathBuf,
}

impl Real {
    /// As it is now.
    pub(super) fn now(base: PathBuf) -> Self {
        let own = Process(std::process::id());
        let name =
            |name: &str| fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap_or_default().trim().to_owned();
        let folder = base.display().to_string();
        let mounts = own.mounts().into_iter().filter(|line| line.contains(&folder)).collect();
        let devices = own.read("net/dev");
        let interfaces = devices.lines().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect();
        Self { names: ["hostname", "domainname"].map(name), mounts, interfaces, base }
    }

    /// What is different now, and could be the sandbox's doing; and cgroups of it that are still there.
    pub(super) fn leaks(&self, cgroups: &[PathBuf]) -> Vec<Leak> {
        let now = Self::now(self.base.clone());
        let names = self.names.iter().zip(&now.names).filter(|(before, now)| before != now);
        let names = names.map(|(before, now)| format!("was called {before}, and is called {now}"));
        let mounts = now.mounts.difference(&self.mounts).map(|line| format!("new mount {line}"));
        let gone = self.interfaces.difference(&now.interfaces).map(|name| format!("interface {name} is gone"));
        let cgroups =
            cgroups.iter().filter(|folder| folder.exists()).map(|folder| format!("cgroup {}", folder.display()));
        names.chain(mounts).chain(gone).chain(cgroups).map(|words| Leak(format!("on the real host: {words}"))).collect()
    }
}
