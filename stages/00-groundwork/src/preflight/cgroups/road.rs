//! Where cgroups may be made, and one made there for a trial.

use std::fs;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::Pid;

use crate::host::{Host, before_it_was_moved};
use crate::preflight::scratch;
use crate::preflight::trouble::{During, Trouble, write};

/// How often a trial is made that others have disturbed.
const ATTEMPTS: usize = 5;

/// Which kind of cgroups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    V2,
    V1,
}

/// A directory in which cgroups might be made, as the programs of stage 06 look for one.
pub(super) struct Road {
    generation: Generation,
    base: PathBuf,
    is_top: bool,
}

/// A cgroup made for a trial.
pub(super) struct Trial<'a> {
    pub(super) path: PathBuf,
    road: &'a Road,
}

impl Road {
    /// The top of the tree, and the cgroup that this process is in; none where the controller is elsewhere.
    pub(super) fn all(host: &dyn Host, generation: Generation, controller: Option<&str>) -> Vec<Self> {
        let (top, own) = match generation {
            Generation::V2 => (host.cgroup2_mount().map(|mount| mount.target), host.own_cgroup2()),
            Generation::V1 => {
                let controller = controller.unwrap_or_default();
                (host.cgroup1_mount(controller).map(|mount| mount.target), host.own_cgroup1(controller))
            }
        };
        let Some(top) = top else { return Vec::new() };
        let is_there = |word: &str| host.cgroup_words(&top, "cgroup.controllers").iter().any(|one| one == word);
        if generation == Generation::V2 && !controller.is_none_or(is_there) {
            return Vec::new();
        }
        let own = own.map(|own| before_it_was_moved(&own).to_owned());
        let own = own.filter(|own| *own != top).map(|base| Self { generation, base, is_top: false });
        [Some(Self { generation, base: top, is_top: true }), own].into_iter().flatten().collect()
    }

    pub(super) fn words(&self) -> &'static str {
        match (self.generation, self.is_top) {
            (Generation::V2, true) => "cgroup v2",
            (Generation::V2, false) => "cgroup v2, delegated",
            (Generation::V1, true) => "cgroup v1",
            (Generation::V1, false) => "cgroup v1, delegated",
        }
    }

    /// Makes a cgroup for the trial, and removes it whatever comes of it. Programs of the course that run at this moment hand
    /// controllers down in the same place and take them back: what fails for that is tried again.
    pub(super) fn walk(&self, trial: impl Fn(&Trial<'_>) -> Result<(), Trouble>) -> Result<(), Trouble> {
        let passing = [Errno::ENOENT, Errno::ENODEV, Errno::EBUSY];
        for _ in 1..ATTEMPTS {
            match self.walk_once(&trial) {
                Err(trouble) if trouble.is(&passing) => {}
                other => return other,
            }
        }
        self.walk_once(&trial)
    }

    fn walk_once(&self, trial: &impl Fn(&Trial<'_>) -> Result<(), Trouble>) -> Result<(), Trouble> {
        let path = self.base.join(scratch::name());
        fs::create_dir(&path).during(&format!("making {}", path.display()))?;
        let tried = trial(&Trial { path: path.clone(), road: self });
        // A process that was killed and waited for may take a moment to leave.
        let gone = super::until(|| fs::remove_dir(&path).is_ok() || !path.exists());
        if gone { tried } else { tried.and(Err(Trouble::odd("rmdir", &format!("{} stays", path.display())))) }
    }
}

impl Trial<'_> {
    pub(super) fn generation(&self) -> Generation {
        self.road.generation
    }

    pub(super) fn has(&self, file: &str) -> bool {
        self.path.join(file).exists()
    }

    // ANCHOR: receive
    /// Sees that the controller is handed down to the trial, or could be.
    ///
    /// It is not handed down for the trial's sake: taking it back would take it from whoever uses it meanwhile.
    pub(super) fn receive(&self, controller: &str) -> Result<(), Trouble> {
        let base = &self.road.base;
        let has = |file: &str| -> Result<bool, Trouble> {
            Ok(words(&base.join(file))?.iter().any(|word| word == controller))
        };
        match self.road.generation {
            Generation::V1 if controller == "cpuset" => self.fill_cpuset(),
            Generation::V1 => Ok(()),
            Generation::V2 if has("cgroup.subtree_control")? => Ok(()),
            // An empty request changes nothing, and is refused to whoever may not change anything.
            Generation::V2 if has("cgroup.controllers")? => write(base.join("cgroup.subtree_control"), "\n"),
            Generation::V2 => Err(Trouble::refused(&format!("handing down {controller}"), Errno::ENOENT)),
        }
    }
    // ANCHOR_END: receive

    /// A v1 cpuset begins without processors and memory, and takes no process before it has both.
    fn fill_cpuset(&self) -> Result<(), Trouble> {
        for file in ["cpuset.mems", "cpuset.cpus"] {
            let above = fs::read_to_string(self.road.base.join(file)).during(&format!("reading {file}"))?;
            write(self.path.join(file), above.trim())?;
        }
        Ok(())
    }

    /// Moves a child in, and sees it there.
    pub(super) fn take(&self, child: Pid) -> Result<(), Trouble> {
        write(self.path.join("cgroup.procs"), child.to_string())?;
        self.holds(child)
    }

    pub(super) fn holds(&self, child: Pid) -> Result<(), Trouble> {
        let name = self.path.file_name().unwrap_or_default().display().to_string();
        let places = fs::read_to_string(format!("/proc/{child}/cgroup")).during("reading /proc/PID/cgroup")?;
        let is_inside = places.lines().any(|line| line.ends_with(&format!("/{name}")));
        if is_inside { Ok(()) } else { Err(Trouble::odd("moving a process", "it is where it was")) }
    }
}

fn words(file: &Path) -> Result<Vec<String>, Trouble> {
    let text = fs::read_to_string(file).during(&format!("reading {}", file.display()))?;
    Ok(text.split_whitespace().map(str::to_owned).collect())
}
