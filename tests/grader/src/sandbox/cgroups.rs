//! The cgroups of a sandbox: an outer one with its walls, which nothing inside can reach, and in it the one that is "/" in
//! there. Made where the host lets us; root is let everywhere, others where something was delegated to them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::limits::Walls;
use crate::process::Process;

/// Inside the outer cgroup.
const BOX: &str = "box";
/// Beside it, for the helper that waits for its first process.
const BESIDE: &str = "helper";
/// How long a process that was killed may take to be gone.
const GRACE: Duration = Duration::from_secs(5);
/// v1 hierarchies of these hold the walls of the sandbox itself.
const OF_THE_WALLS: [&str; 2] = ["memory", "pids"];

/// A hierarchy of the host.
#[derive(Clone, Debug)]
struct Hierarchy {
    /// Where it is mounted.
    at: PathBuf,
    /// Which cgroup is seen there.
    root: PathBuf,
    /// Its v1 options: `cpu,cpuacct`, `none,name=systemd`; none for cgroup2.
    options: String,
}

/// The outer cgroups of one sandbox, one a hierarchy.
pub(super) struct Cgroups {
    made: Vec<(Hierarchy, PathBuf)>,
    all: Vec<Hierarchy>,
}

impl Cgroups {
    /// Makes them; none where that is refused.
    pub(super) fn make(word: &str, all_controllers: bool, walls: &Walls) -> Self {
        let all = hierarchies(&Process(std::process::id()).read("mountinfo"));
        let wanted = all.iter().filter(|one| all_controllers || one.options.is_empty() || is_of_the_walls(one));
        let made = wanted.filter_map(|one| Some((one.clone(), one.make(word, walls)?))).collect();
        Self { made, all }
    }

    /// Puts a process into the inner ones.
    pub(super) fn add(&mut self, pid: u32) {
        self.made.retain(|(_, outer)| {
            let is_in = fs::write(outer.join(BOX).join("cgroup.procs"), pid.to_string()).is_ok();
            if !is_in {
                remove_below(outer);
            }
            is_in
        });
    }

    /// Takes the helper out of the inner one of version 2 again, once it has its child there. A cgroup that hands controllers
    /// down may hold no process; whoever does so inside moves them all out of the way, and cannot move one that is in no PID
    /// namespace of theirs.
    pub(super) fn set_aside(&self, helper: u32) -> std::io::Result<()> {
        for (_, outer) in self.made.iter().filter(|(hierarchy, _)| hierarchy.options.is_empty()) {
            let beside = outer.join(BESIDE);
            fs::create_dir(&beside)?;
            fs::write(beside.join("cgroup.procs"), helper.to_string())?;
        }
        Ok(())
    }

    /// What to mount inside: where, and its options.
    pub(super) fn mounts(&self, own_ids: bool) -> Vec<(PathBuf, String)> {
        let is_made = |one: &Hierarchy| self.made.iter().any(|(made, _)| made.at == one.at);
        // A user namespace may mount cgroup2 only, and sees no more of it than its own part.
        let shown = self.all.iter().filter(|one| if own_ids { one.options.is_empty() } else { is_made(one) });
        shown.map(|one| (one.at.clone(), one.options.clone())).collect()
    }

    /// The cgroups that are "/" inside.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        self.made.iter().map(|(_, outer)| outer.join(BOX)).collect()
    }

    /// What there is to take away at the end.
    pub(super) fn outer(&self) -> Vec<PathBuf> {
        self.made.iter().map(|(_, outer)| outer.clone()).collect()
    }

    /// Takes them away, with all that was made in them.
    pub(super) fn remove(&mut self) {
        let deadline = Instant::now() + GRACE;
        for (_, outer) in self.made.drain(..) {
            loop {
                remove_below(&outer);
                if !outer.exists() || Instant::now() > deadline {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

fn is_of_the_walls(hierarchy: &Hierarchy) -> bool {
    hierarchy.options.split(',').any(|word| OF_THE_WALLS.contains(&word))
}

/// What mountinfo says about cgroups; each hierarchy once.
fn hierarchies(mountinfo: &str) -> Vec<Hierarchy> {
    let mut found: Vec<Hierarchy> = Vec::new();
    for line in mountinfo.lines() {
        let Some((mount, file_system)) = line.split_once(" - ") else { continue };
        let mount: Vec<_> = mount.split(' ').collect();
        let file_system: Vec<_> = file_system.split(' ').collect();
        let ([_, _, _, root, at, ..], [kind, _, options]) = (mount.as_slice(), file_system.as_slice()) else {
            continue;
        };
        let is_new = !found.iter().any(|one| one.at == Path::new(at));
        if kind.starts_with("cgroup") && is_new {
            let options = if *kind == "cgroup2" { String::new() } else { v1_options(options) };
            found.push(Hierarchy { at: PathBuf::from(at), root: PathBuf::from(root), options });
        }
    }
    found
}

/// `rw,xattr,name=systemd` → `none,name=systemd`; `rw,cpu,cpuacct` → `cpu,cpuacct`.
fn v1_options(options: &str) -> String {
    let is_other = |word: &&str| {
        ["rw", "ro", "xattr", "noprefix", "clone_children"].contains(word) || word.starts_with("release_agent")
    };
    let words: Vec<_> = options.split(',').filter(|word| !is_other(word)).collect();
    let words = words.join(",");
    if words.starts_with("name=") { format!("none,{words}") } else { words }
}

impl Hierarchy {
    fn make(&self, word: &str, walls: &Walls) -> Option<PathBuf> {
        let outer = self.base()?.join(format!("boxwright-workshop-{}-{word}", std::process::id()));
        fs::create_dir(&outer).ok()?;
        let made = self.furnish(&outer, walls);
        if made.is_none() {
            remove_below(&outer);
        }
        made.map(|()| outer)
    }

    fn furnish(&self, outer: &Path, walls: &Walls) -> Option<()> {
        let inner = outer.join(BOX);
        // What this host or this controller lacks, it lacks: the walls have other guards too.
        let set = |file: &str, value: String| drop(fs::write(outer.join(file), value));
        if self.options.is_empty() {
            let controllers = fs::read_to_string(outer.join("cgroup.controllers")).unwrap_or_default();
            for controller in controllers.split_whitespace() {
                set("cgroup.subtree_control", format!("+{controller}"));
            }
            set("memory.max", walls.memory.to_string());
        } else {
            set("memory.limit_in_bytes", walls.memory.to_string());
        }
        set("pids.max", walls.processes.to_string());
        self.fill_cpuset(outer)?;
        fs::create_dir(&inner).ok()?;
        self.fill_cpuset(&inner)
    }

    /// A v1 cpuset begins empty, and takes no process before it is filled.
    fn fill_cpuset(&self, folder: &Path) -> Option<()> {
        if !self.options.split(',').any(|word| word == "cpuset") {
            return Some(());
        }
        for name in ["cpuset.cpus", "cpuset.mems"] {
            let above = fs::read_to_string(folder.parent()?.join(name)).ok()?;
            fs::write(folder.join(name), above.trim()).ok()?;
        }
        Some(())
    }

    /// The uppermost cgroup above our own in which we may make others and move processes.
    fn base(&self) -> Option<PathBuf> {
        let may_write =
            |folder: &&Path| nix::unistd::access(&folder.join("cgroup.procs"), nix::unistd::AccessFlags::W_OK).is_ok();
        let own = self.own()?;
        let way: Vec<&Path> = own.ancestors().take_while(|folder| folder.starts_with(&self.at)).collect();
        way.into_iter().rev().find(may_write).map(Path::to_owned)
    }

    /// The folder of the cgroup that we are in.
    fn own(&self) -> Option<PathBuf> {
        let cgroups = Process(std::process::id()).read("cgroup");
        let name = self.options.strip_prefix("none,").unwrap_or(&self.options);
        let path = cgroups.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            (fields.next()? == name).then(|| fields.next()).flatten()
        })?;
        let below = Path::new(path).strip_prefix(&self.root).unwrap_or(Path::new(""));
        Some(self.at.join(below))
    }
}

/// Removes a cgroup and those in it, the innermost first.
pub(super) fn remove_below(folder: &Path) {
    for below in folders_below(folder).iter().rev() {
        let _ = fs::remove_dir(below);
    }
    let _ = fs::remove_dir(folder);
}

/// The cgroups in one, each before those in it.
pub(super) fn folders_below(folder: &Path) -> Vec<PathBuf> {
    let folders = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .map(|entry| entry.path())
            .collect::<Vec<_>>()
    };
    let mut found = folders(folder);
    let mut at = 0;
    while let Some(next) = found.get(at) {
        found.extend(folders(next));
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_of_both_versions_are_found() {
        let text = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
                    32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n\
                    40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n\
                    41 31 0:38 /a /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n";
        let found = hierarchies(text);
        let options: Vec<_> = found.iter().map(|one| one.options.as_str()).collect();
        assert_eq!(options, ["cpu,cpuacct", "none,name=systemd", ""]);
        assert_eq!(found[2].root, Path::new("/a"));
    }
}
