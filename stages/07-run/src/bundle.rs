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

use crate::record::{self, Line, Record};
use crate::spec::Spec;
use crate::state::{Ended, Running, Standing};

/// Its file of notes.
const RECORD: &str = "record";

/// A directory with these in it: `record`, `init/`, `upper/`, `work/`, `log`.
#[derive(Debug)]
pub struct Bundle {
    directory: PathBuf,
    /// Held open and locked by the container's parent for as long as it lives: the kernel lets go of the lock, however
    /// that ends.
    record: Option<File>,
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
        let made = begin_record(kernel, &directory).map(|record| Self { directory: directory.clone(), record });
        made.and_then(|bundle| bundle.fill(kernel, spec).map(|()| bundle))
            .inspect_err(|_| drop(fs::remove_dir_all(&directory)))
    }

    fn fill(&self, kernel: &Kernel, spec: &Spec) -> Result<()> {
        self.note(|| Ok(Line::Asked(Box::new(spec.clone()))))?;
        if !spec.read_only {
            kernel.because("what the container writes goes here, and nowhere else").mkdir(self.upper(), 0o755)?;
            kernel.because("the kernel prepares those writes here").mkdir(self.directory.join("work"), 0o755)?;
        }
        Ok(())
    }
}
// ANCHOR_END: create

fn begin_record(kernel: &Kernel, directory: &Path) -> Result<Option<File>> {
    if kernel.is_rehearsing() {
        return Ok(None);
    }
    let record = File::options().append(true).create(true).open(directory.join(RECORD))?;
    record.lock().with_context(|| format!("cannot lock the record of {}", directory.display()))?;
    Ok(Some(record))
}

impl Bundle {
    /// The container kept in this directory.
    pub fn at(directory: PathBuf) -> Self {
        Self { directory, record: None }
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

    /// The same, for the one that `spec` asks for: those that vanish have it in memory. Each mounts its own on the common
    /// place, and none sees another's.
    pub fn init_of(&self, spec: &Spec) -> PathBuf {
        let containers = self.directory.parent().filter(|_| spec.ephemeral);
        containers.map_or_else(|| self.init(), |containers| containers.with_file_name("init"))
    }

    /// What it has said, when it ran in the background.
    pub fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// The layers its root is made of.
    pub fn stack(&self, spec: &Spec, maps: Option<&Maps>) -> Stack {
        let mut lower = spec.layers.clone();
        lower.push(self.init_of(spec));
        let work = self.directory.join("work");
        let upper = (!spec.read_only).then(|| Upper { directory: self.upper(), work, ephemeral: spec.ephemeral });
        Stack { lower, upper, rootless: maps.is_some() }
    }

    /// What was asked for.
    ///
    /// # Errors
    /// The record is broken, or holds nothing: a container that was never whole.
    pub fn spec(&self) -> Result<Spec> {
        let asked = record::read(&self.record_path())?.asked;
        asked.with_context(|| format!("{} was never whole; `boxwright rm` takes it away", self.name()))
    }

    /// How it stands.
    ///
    /// # Errors
    /// The record is broken.
    pub fn standing(&self) -> Result<Standing> {
        let Record { running, ended, .. } = record::read(&self.record_path())?;
        if let Some(Ended { status }) = ended {
            return Ok(Standing::Ended(status));
        }
        match running {
            Some(running) if running.process.is_alive() => Ok(Standing::Running(running)),
            // Its parent is about to note the end.
            Some(running) if self.has_parent() => Ok(Standing::Running(running)),
            None if self.has_parent() => Ok(Standing::BeingMade),
            _ => self.without_parent(),
        }
    }

    /// How it stands now that its parent is gone: as noted since anybody looked, or lost.
    ///
    /// # Errors
    /// The record is broken.
    pub fn without_parent(&self) -> Result<Standing> {
        let Record { running, ended, .. } = record::read(&self.record_path())?;
        Ok(ended.map_or(Standing::Lost(running), |Ended { status }| Standing::Ended(status)))
    }

    /// True while the boxwright that made it lives.
    pub fn has_parent(&self) -> bool {
        File::open(self.record_path()).is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Waits until the boxwright that made it has cleaned up.
    ///
    /// # Errors
    /// Its record cannot be opened.
    pub fn await_parent(&self) -> Result<()> {
        match File::open(self.record_path()) {
            // One that was to vanish at its end has done so.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            lock => Ok(lock?.lock_shared()?),
        }
    }

    /// Notes that it runs.
    ///
    /// # Errors
    /// ENOSPC and the like.
    pub fn note_running(&self, cgroup: Option<&Cgroup>, pid: Pid) -> Result<()> {
        self.note(|| Running::now(pid, cgroup).map(Line::Running))
    }

    /// Notes how it ended.
    ///
    /// # Errors
    /// ENOSPC and the like.
    pub fn note_ended(&self, status: u8) -> Result<()> {
        self.note(|| Ok(Line::Ended(Ended { status })))
    }

    /// Only its parent has the record in hand, and nobody in a rehearsal.
    fn note(&self, line: impl FnOnce() -> Result<Line>) -> Result<()> {
        self.record.as_ref().map_or(Ok(()), |record| record::append(record, &line()?))
    }

    fn record_path(&self) -> PathBuf {
        self.directory.join(RECORD)
    }
}
