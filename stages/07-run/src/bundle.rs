//! The files of one container on the host: what was asked, how it stands, and what it has written.

use std::cell::Cell;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cgroup::Cgroup;
use groundwork::Kernel;
use overlay::{Stack, Upper};
use unshare::user::Maps;

use crate::record::{self, Line, Record};
use crate::remove;
use crate::spec::Spec;
use crate::state::{Ended, Running, Standing};

/// Four places below boxwright's home: `records/NAME` is a file that says all that is known of the container, and the
/// container is there as long as that is; `containers/NAME` has what it keeps on the disk: `upper/`, `work/`, `init/`, `log`.
/// `merged` and `init` are empty and common to all: each container mounts its own there, and none sees another's.
#[derive(Debug)]
pub struct Bundle {
    home: PathBuf,
    name: String,
    /// Held open and locked by the container's parent for as long as it lives: the kernel lets go of the lock, however
    /// that ends.
    record: Option<File>,
    /// True once there may be something in it that somebody wants back.
    is_worth_keeping: Cell<bool>,
}

// ANCHOR: create
impl Bundle {
    /// Begins a new container, whose parent this process is.
    ///
    /// # Errors
    /// There is one of that name already; the place cannot be written to.
    pub fn create(kernel: &Kernel, home: &Path, spec: &Spec) -> Result<Self> {
        kernel
            .because("permissions are meant as written, here and by the program: the caller's mask is not")
            .umask(0o022)?;
        let mut bundle = Self::at(home, &spec.name);
        bundle.record = bundle.begin_record(kernel)?;
        let filled = bundle.fill(kernel, spec);
        filled.inspect_err(|_| drop(remove::files(kernel, &bundle)))?;
        Ok(bundle)
    }

    /// Whoever makes the record owns the name: the kernel lets only one succeed.
    fn begin_record(&self, kernel: &Kernel) -> Result<Option<File>> {
        if kernel.is_rehearsing() {
            return Ok(None);
        }
        let path = self.record_path();
        loop {
            let record = match File::options().append(true).create_new(true).mode(0o600).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(
                    "there is a container named {0:?}; remove it with `boxwright rm {0}`, or choose another name",
                    self.name
                ),
                record => record.with_context(|| format!("cannot make {}", path.display()))?,
            };
            record.lock().with_context(|| format!("cannot lock {}", path.display()))?;
            // `boxwright rm` may have been faster, and have taken it for one that was lost: then it is gone.
            if record.metadata()?.nlink() > 0 {
                return Ok(Some(record));
            }
        }
    }

    fn fill(&self, kernel: &Kernel, spec: &Spec) -> Result<()> {
        self.note(|| Ok(Line::Asked(Box::new(spec.clone()))))?;
        // One that keeps nothing has nothing on the disk: of what makes a container, directories cost most there.
        if !spec.has_upper() && (spec.ephemeral || spec.in_place) {
            return Ok(());
        }
        kernel.because("what the container keeps is nobody else's to look at").mkdir(self.directory(), 0o700)?;
        if spec.has_upper() {
            kernel.because("what the container writes goes here, and nowhere else").mkdir(self.upper(), 0o755)?;
            kernel.because("the kernel prepares those writes here").mkdir(self.directory().join("work"), 0o755)?;
        }
        Ok(())
    }
}
// ANCHOR_END: create

impl Bundle {
    /// The container of that name, whether there is one or not.
    pub fn at(home: &Path, name: &str) -> Self {
        Self { home: home.to_owned(), name: name.to_owned(), record: None, is_worth_keeping: Cell::new(false) }
    }

    /// True when there is one.
    pub fn exists(&self) -> bool {
        self.record_path().is_file()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it keeps on the disk.
    pub fn directory(&self) -> PathBuf {
        self.home.join("containers").join(&self.name)
    }

    /// Where the root of the one that `spec` asks for is mounted, seen by nobody but the container.
    pub fn root(&self, spec: &Spec) -> PathBuf {
        match spec.layers.as_slice() {
            [root] if spec.in_place => root.clone(),
            _ => self.home.join("merged"),
        }
    }

    /// What it has written.
    pub fn upper(&self) -> PathBuf {
        self.directory().join("upper")
    }

    /// What is its own, and no image's.
    pub fn init(&self) -> PathBuf {
        self.directory().join("init")
    }

    /// The same, for the one that `spec` asks for: those that vanish have it in memory.
    pub fn init_of(&self, spec: &Spec) -> PathBuf {
        if spec.ephemeral { self.home.join("init") } else { self.init() }
    }

    /// What it has said, when it ran in the background.
    pub fn log(&self) -> PathBuf {
        self.directory().join("log")
    }

    /// The layers its root is made of.
    pub fn stack(&self, spec: &Spec, maps: Option<&Maps>) -> Stack {
        let mut lower = spec.layers.clone();
        lower.push(self.init_of(spec));
        let work = self.directory().join("work");
        let upper = spec.has_upper().then(|| Upper { directory: self.upper(), work, ephemeral: spec.ephemeral });
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

    /// How it stands now that its parent is gone: as noted since anybody looked, unseen, or lost.
    ///
    /// # Errors
    /// The record is broken.
    pub fn without_parent(&self) -> Result<Standing> {
        let Record { asked, cgroup, running, ended } = record::read(&self.record_path())?;
        Ok(match ended {
            Some(Ended { status }) => Standing::Ended(status),
            None if running.is_some() && asked.is_some_and(|spec| spec.unattended) => Standing::Unseen(cgroup),
            None => Standing::Lost(cgroup),
        })
    }

    /// Notes where its limits are, before anybody is there.
    ///
    /// # Errors
    /// ENOSPC and the like.
    pub fn note_cgroup(&self, cgroup: &Cgroup) -> Result<()> {
        self.note(|| Ok(Line::Cgroup(cgroup.saved())))
    }

    /// Notes that it runs, in its first process.
    ///
    /// # Errors
    /// ENOSPC and the like.
    pub fn note_running(&self) -> Result<()> {
        self.note(|| Running::here().map(Line::Running))
    }

    /// Notes how it ended.
    ///
    /// # Errors
    /// ENOSPC and the like.
    pub fn note_ended(&self, status: u8) -> Result<()> {
        self.note(|| Ok(Line::Ended(Ended { status })))
    }

    /// Says that its program has begun: what that writes is not ours to throw away.
    pub fn keep(&self) {
        self.is_worth_keeping.set(true);
    }

    /// True once its program has begun, as far as this process knows.
    pub fn is_worth_keeping(&self) -> bool {
        self.is_worth_keeping.get()
    }

    /// Only its parent has the record in hand, and nobody in a rehearsal.
    fn note(&self, line: impl FnOnce() -> Result<Line>) -> Result<()> {
        self.record.as_ref().map_or(Ok(()), |record| record::append(record, &line()?))
    }

    /// What is known of it.
    pub fn record_path(&self) -> PathBuf {
        self.home.join("records").join(&self.name)
    }
}
