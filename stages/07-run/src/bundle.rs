//! The files of one container on the host: what was asked, how it stands, and what it has written.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cgroup::Cgroup;
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::unistd::Pid;
use overlay::{Stack, Upper};
use unshare::user::Maps;

use crate::spec::Spec;
use crate::state::{Ended, Running, Standing};

/// A directory with these in it: `spec.json`, `running.json`, `ended.json`, `init/`, `upper/`, `work/`, `log`.
#[derive(Debug)]
pub struct Bundle {
    directory: PathBuf,
    /// Held by the container's parent for as long as it lives: the kernel lets go of it, however that ends.
    _lock: Option<File>,
}

// ANCHOR: create
impl Bundle {
    /// Makes the directory of a new container, whose parent this process is.
    ///
    /// # Errors
    /// There is one of that name already; the place cannot be written to.
    pub fn create(kernel: &Kernel, containers: &Path, spec: &Spec) -> Result<Self> {
        let directory = containers.join(&spec.name);
        kernel
            .because("permissions are meant as written, here and by the program: the caller's mask is not")
            .umask(0o022)?;
        let claimed = kernel
            .because("whoever makes this directory owns the name: the kernel lets only one succeed")
            .mkdir(&directory, 0o700);
        if claimed.as_ref().is_err_and(|error| Refused::errno_of(error) == Some(Errno::EEXIST)) {
            bail!(
                "there is a container named {0:?}; remove it with `boxwright rm {0}`, or choose another name",
                spec.name
            );
        }
        claimed?;
        let made = lock(kernel, &directory).map(|lock| Self { directory: directory.clone(), _lock: lock });
        made.and_then(|bundle| bundle.fill(kernel, spec).map(|()| bundle))
            .inspect_err(|_| drop(fs::remove_dir_all(&directory)))
    }

    fn fill(&self, kernel: &Kernel, spec: &Spec) -> Result<()> {
        self.write_note(kernel, "spec.json", spec)?;
        if !spec.read_only {
            kernel.because("what the container writes goes here, and nowhere else").mkdir(self.upper(), 0o755)?;
            kernel.because("the kernel prepares those writes here").mkdir(self.directory.join("work"), 0o755)?;
        }
        kernel
            .because("what is this container's own, and no image's, has a layer between the two")
            .mkdir(self.init(), 0o755)
    }
}
// ANCHOR_END: create

fn lock(kernel: &Kernel, directory: &Path) -> Result<Option<File>> {
    if kernel.is_rehearsing() {
        return Ok(None);
    }
    let lock = File::open(directory)?;
    lock.lock().with_context(|| format!("cannot lock {}", directory.display()))?;
    Ok(Some(lock))
}

impl Bundle {
    /// The container kept in this directory.
    pub fn at(directory: PathBuf) -> Self {
        Self { directory, _lock: None }
    }

    /// True when there is one.
    pub fn exists(&self) -> bool {
        self.directory.is_dir()
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.directory.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its directory. Its root is mounted on it too, where nobody but the container sees it.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What it has written.
    pub fn upper(&self) -> PathBuf {
        self.directory.join("upper")
    }

    /// What is its own, and no image's.
    pub fn init(&self) -> PathBuf {
        self.directory.join("init")
    }

    /// What it has said, when it ran in the background.
    pub fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// The layers its root is made of.
    pub fn stack(&self, spec: &Spec, maps: Option<&Maps>) -> Stack {
        let mut lower = spec.layers.clone();
        lower.push(self.init());
        let work = self.directory.join("work");
        let upper = (!spec.read_only).then(|| Upper { directory: self.upper(), work, ephemeral: spec.ephemeral });
        Stack { lower, upper, rootless: maps.is_some() }
    }

    /// What was asked for.
    ///
    /// # Errors
    /// The note is missing or broken: a container that was never whole.
    pub fn spec(&self) -> Result<Spec> {
        self.read_note("spec.json")?
            .with_context(|| format!("{} was never whole; `boxwright rm` takes it away", self.name()))
    }

    /// How it stands.
    ///
    /// # Errors
    /// A note is broken.
    pub fn standing(&self) -> Result<Standing> {
        if let Some(Ended { status }) = self.read_note("ended.json")? {
            return Ok(Standing::Ended(status));
        }
        match self.read_note::<Running>("running.json")? {
            Some(running) if running.process.is_alive() => Ok(Standing::Running(running)),
            // Its parent is about to note the end.
            Some(running) if self.has_parent() => Ok(Standing::Running(running)),
            None if self.has_parent() => Ok(Standing::BeingMade),
            noted => Ok(match self.read_note("ended.json")? {
                // Noted since we asked first.
                Some(Ended { status }) => Standing::Ended(status),
                None => Standing::Lost(noted),
            }),
        }
    }

    /// True while the boxwright that made it lives.
    pub fn has_parent(&self) -> bool {
        File::open(&self.directory).is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Waits until the boxwright that made it has cleaned up.
    ///
    /// # Errors
    /// Its directory cannot be opened.
    pub fn await_parent(&self) -> Result<()> {
        match File::open(&self.directory) {
            // One that was to vanish at its end has done so.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            lock => Ok(lock?.lock_shared()?),
        }
    }

    /// Notes that it runs.
    ///
    /// # Errors
    /// ENOSPC and the like.
    pub fn note_running(&self, kernel: &Kernel, cgroup: Option<&Cgroup>, pid: Pid) -> Result<()> {
        if kernel.is_rehearsing() {
            return Ok(());
        }
        self.write_note(kernel, "running.json", &Running::now(pid, cgroup)?)
    }

    /// Notes how it ended.
    ///
    /// # Errors
    /// ENOSPC and the like.
    pub fn note_ended(&self, kernel: &Kernel, status: u8) -> Result<()> {
        self.write_note(kernel, "ended.json", &Ended { status })
    }

    /// Each note is written once, in one piece, and never again.
    fn write_note<T: serde::Serialize>(&self, kernel: &Kernel, name: &str, note: &T) -> Result<()> {
        if kernel.is_rehearsing() {
            return Ok(());
        }
        let path = self.directory.join(name);
        let text = serde_json::to_vec(note).context("a path is not UTF-8, which the notes of a container must be")?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    fn read_note<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.directory.join(name);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| format!("cannot read {}", path.display()))?,
        };
        // Begun at this very moment, or never finished.
        if text.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&text)
            .with_context(|| format!("{} is not as boxwright writes it", path.display()))
            .map(Some)
    }
}
