//! The files of one container on the host: what was asked, how it stands, and what it has written.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cgroup::Cgroup;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::unistd::Pid;
use overlay::Stack;
use unshare::user::Maps;

use crate::spec::Spec;
use crate::state::State;

/// A directory with these in it: `spec.json`, `state.json`, `init/`, `upper/`, `work/`, `root/`, `log`.
#[derive(Clone, Debug)]
pub struct Bundle {
    directory: PathBuf,
}

// ANCHOR: create
impl Bundle {
    /// Makes the directory of a new container.
    ///
    /// # Errors
    /// There is one of that name already; the place cannot be written to.
    pub fn create(kernel: &Kernel, containers: &Path, spec: &Spec) -> Result<Self> {
        if !kernel.is_rehearsing() {
            fs::create_dir_all(containers).with_context(|| format!("cannot make {}", containers.display()))?;
        }
        let bundle = Self::at(containers.join(&spec.name));
        kernel
            .because("permissions are meant as written, here and in the program: the caller's mask is not")
            .umask(0o022)?;
        let claimed = kernel
            .because("whoever makes this directory owns the name: the kernel lets only one succeed")
            .mkdir(&bundle.directory, 0o700);
        if let Err(error) = claimed {
            if Refused::errno_of(&error) == Some(Errno::EEXIST) {
                bail!(
                    "a container named {:?} exists; remove it with `boxwright rm {}`, or choose another name",
                    spec.name,
                    spec.name
                );
            }
            return Err(error);
        }
        bundle.fill(kernel, spec).inspect_err(|_| drop(fs::remove_dir_all(&bundle.directory)))?;
        Ok(bundle)
    }

    fn fill(&self, kernel: &Kernel, spec: &Spec) -> Result<()> {
        self.write_note(kernel, "spec.json", spec)?;
        self.write_note(kernel, "state.json", &State::created()?)?;
        for (name, reason) in [
            ("upper", "what the container writes goes here, and nowhere else"),
            ("work", "the kernel prepares those writes here"),
            ("root", "the whole is mounted here, and seen here only from inside"),
        ] {
            kernel.because(reason).mkdir(self.directory.join(name), 0o755)?;
        }
        crate::init_layer::make(kernel, &self.directory.join("init"), spec)
    }
}
// ANCHOR_END: create

impl Bundle {
    /// The container kept in this directory.
    pub fn at(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// True when there is one.
    pub fn exists(&self) -> bool {
        self.directory.is_dir()
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.directory.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where its root is mounted, as seen from inside before pivot_root(2).
    pub fn root(&self) -> PathBuf {
        self.directory.join("root")
    }

    /// What it has written.
    pub fn upper(&self) -> PathBuf {
        self.directory.join("upper")
    }

    /// What it has said, when it ran in the background.
    pub fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// The layers its root is made of.
    pub fn stack(&self, spec: &Spec, maps: Option<&Maps>) -> Stack {
        let mut lower = spec.layers.clone();
        lower.push(self.directory.join("init"));
        Stack { lower, upper: self.upper(), work: self.directory.join("work"), rootless: maps.is_some() }
    }

    /// What was asked for.
    ///
    /// # Errors
    /// The note is missing or broken: a container that was never whole.
    pub fn spec(&self) -> Result<Spec> {
        self.read_note("spec.json")
    }

    /// How it stands.
    ///
    /// # Errors
    /// The note is broken.
    pub fn state(&self) -> Result<State> {
        if self.directory.join("state.json").exists() { self.read_note("state.json") } else { Ok(State::default()) }
    }

    /// Notes that it runs, before it does: should we be killed now, `rm` still knows what to look for.
    ///
    /// # Errors
    /// ENOSPC and the like.
    pub fn note_running(&self, kernel: &Kernel, cgroup: Option<&Cgroup>, pid: Pid) -> Result<()> {
        if kernel.is_rehearsing() {
            return Ok(());
        }
        self.write_note(kernel, "state.json", &State::running(cgroup, pid)?)
    }

    /// Notes how it ended.
    ///
    /// # Errors
    /// ENOSPC and the like.
    pub fn note_ended(&self, kernel: &Kernel, status: u8) -> Result<()> {
        if kernel.is_rehearsing() {
            return Ok(());
        }
        self.write_note(kernel, "state.json", &self.state()?.ended(status))
    }

    /// Written beside, then renamed: a reader finds the old note or the new one, and never half of one.
    fn write_note<T: serde::Serialize>(&self, kernel: &Kernel, name: &str, note: &T) -> Result<()> {
        if kernel.is_rehearsing() {
            return Ok(());
        }
        let path = self.directory.join(name);
        let beside = self.directory.join(format!("{name}.new"));
        let text =
            serde_json::to_vec_pretty(note).context("a path is not UTF-8, which the notes of a container need")?;
        fs::write(&beside, text)
            .and_then(|()| fs::rename(&beside, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    fn read_note<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T> {
        let path = self.directory.join(name);
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is not as boxwright writes it", path.display()))
    }
}
