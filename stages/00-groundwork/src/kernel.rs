//! The one door: every request to the kernel that matters to the story, each with its reason.
//!
//! A line of code is one system call and why it is made.
//! Said quietly, it is made; with `--explain` it is also told, with its true arguments and result;
//! with `--rehearse` it is told and not made.

mod attributes;
mod birth;
mod clone;
mod descriptors;
mod files;
mod identity;
mod ipc;
mod mounts;
mod namespaces;
mod nsfs;
mod processes;
mod signals;
mod sockets;
mod terminals;
mod tree;
mod vfork;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::errno::Errno;

use crate::arguments::{Argument, Bare, Spelling};
use crate::narrator::Narrator;
use crate::refusal::Refused;
use crate::trace::Trace;

pub use birth::{Born, Memory};
pub use files::in_root;
pub use ipc::{IpcId, Key, Wanted};
pub use processes::{PANICKED, Waited, leave};
pub use rustix::mount::MountAttrFlags;

/// How a request is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Made, and not told.
    #[default]
    Quiet,
    /// Made, then told on stderr.
    Explain,
    /// Told as if made, and not made.
    Rehearse,
}

/// The door itself. One for each program; fork(2) copies it with the process.
pub struct Kernel {
    manner: Manner,
    /// How many forks lie between this process and the first one.
    depth: Cell<usize>,
    narrator: Narrator,
    /// Never closed by us: a child that shares our descriptors (CLONE_FILES) would close them for us too when it ends.
    trace: Option<&'static Trace>,
    /// While rehearsing: the directories that stand for "/", uppermost first.
    rehearsed_root: RefCell<Vec<PathBuf>>,
    /// While rehearsing: the umask, which on most hosts begins like this.
    rehearsed_mask: Cell<u32>,
}

/// A request with its reason, waiting for the name of the call.
#[must_use = "a reason alone asks nothing: name the call"]
pub struct Because<'kernel> {
    kernel: &'kernel Kernel,
    reason: Cow<'static, str>,
}

/// One finished request, as the narrator and the trace see it.
pub(crate) struct Told<'a> {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'a [&'a dyn Argument],
    pub(crate) reason: &'a str,
    /// What came back; nothing for a call that does not return when it succeeds.
    pub(crate) answer: Option<Result<String, Errno>>,
    pub(crate) spelling: Spelling,
    pub(crate) depth: usize,
}

/// What a call gives back: how it is written, and what stands for it in a rehearsal.
pub(crate) trait Answer: Sized {
    fn rehearsed() -> Self;
    fn spell(&self, spelling: Spelling) -> String;
}

impl Kernel {
    /// A door in this manner, which also writes each call to `trace` when a file is given.
    ///
    /// # Errors
    /// The trace file cannot be created.
    pub fn new(manner: Manner, trace: Option<&Path>) -> Result<Self> {
        let trace =
            trace.map(|file| Trace::create(file).with_context(|| format!("--trace {}", file.display()))).transpose()?;
        let trace = trace.map(|trace| &*Box::leak(Box::new(trace)));
        Ok(Self { trace, ..Self::with_manner(manner) })
    }

    /// A door that makes each call and tells nobody.
    pub fn quiet() -> Self {
        Self::with_manner(Manner::Quiet)
    }

    fn with_manner(manner: Manner) -> Self {
        Self {
            manner,
            depth: Cell::new(0),
            narrator: Narrator::on_stderr(),
            trace: None,
            rehearsed_root: RefCell::new(vec![PathBuf::from("/")]),
            rehearsed_mask: Cell::new(0o022),
        }
    }

    // ANCHOR: because
    /// Says why; the method called on the answer says what.
    pub fn because(&self, reason: impl Into<Cow<'static, str>>) -> Because<'_> {
        Because { kernel: self, reason: reason.into() }
    }
    // ANCHOR_END: because

    /// True when nothing is really done: the plan is told and the host stays as it is.
    pub fn is_rehearsing(&self) -> bool {
        self.manner == Manner::Rehearse
    }

    /// Where a file of the current root can be looked at, if it exists.
    ///
    /// While rehearsing, no root has been entered; the file is then sought below the directories that stand for it.
    pub fn look_up(&self, path: &Path) -> Option<PathBuf> {
        self.rehearsed_root.borrow().iter().find_map(|root| files::in_root(root, path))
    }

    /// While rehearsing, makes these directories stand for "/", uppermost first. Otherwise does nothing.
    pub fn rehearse_root(&self, directories: Vec<PathBuf>) {
        if self.is_rehearsing() {
            *self.rehearsed_root.borrow_mut() = directories;
        }
    }

    /// What stays open for a trace until the program begins.
    pub fn descriptors(&self) -> Vec<RawFd> {
        self.trace.map(Trace::descriptors).unwrap_or_default()
    }

    fn spelling(&self) -> Spelling {
        Spelling { rehearsing: self.is_rehearsing() }
    }

    fn is_told(&self) -> bool {
        self.manner != Manner::Quiet || self.trace.is_some()
    }

    fn tell(&self, told: &Told<'_>) {
        if self.manner != Manner::Quiet {
            self.narrator.tell(told);
        }
        if let Some(trace) = &self.trace {
            trace.record(told);
        }
    }

    /// After a fork, in the child: one step further in.
    fn is_now_the_child(&self) {
        self.depth.set(self.depth.get() + 1);
        if let Some(trace) = &self.trace {
            trace.names_whoever_looks();
        }
    }

    /// Before a child goes on in this very memory: what to give to [`Kernel::has_its_memory_back`].
    fn is_about_to_lend_its_memory(&self) -> usize {
        if let Some(trace) = &self.trace {
            trace.names_its_caller();
        }
        self.depth.get()
    }

    /// After that child has left it.
    fn has_its_memory_back(&self, depth: usize) {
        self.depth.set(depth);
        if let Some(trace) = &self.trace {
            trace.names_whoever_looks();
        }
    }
}

impl Because<'_> {
    // ANCHOR: ask
    /// Makes the call, tells it, and gives an error its name and arguments.
    pub(crate) fn ask<T: Answer>(
        self,
        name: &'static str,
        arguments: &[&dyn Argument],
        make: impl FnOnce() -> nix::Result<T>,
    ) -> Result<T> {
        // Spelled before it is made: afterwards the caller may have another root, where /proc does not know it.
        let spelled = self.kernel.is_told().then(|| self.spelled(arguments));
        let answer = if self.kernel.is_rehearsing() { Ok(T::rehearsed()) } else { make() };
        if let Some(spelled) = spelled {
            let words: Vec<_> = spelled.iter().map(|word| word as &dyn Argument).collect();
            self.tell_answer(name, &words, &answer);
        }
        answer.map_err(|errno| Refused::new(name, arguments, errno).into())
    }
    // ANCHOR_END: ask

    fn spelled(&self, arguments: &[&dyn Argument]) -> Vec<Bare<String>> {
        arguments.iter().map(|one| Bare(one.spell(self.kernel.spelling()))).collect()
    }

    /// Tells a call that was made, and gives an error its name and arguments.
    fn answered<T: Answer>(self, name: &'static str, arguments: &[&dyn Argument], answer: nix::Result<T>) -> Result<T> {
        if self.kernel.is_told() {
            self.tell_answer(name, arguments, &answer);
        }
        answer.map_err(|errno| Refused::new(name, arguments, errno).into())
    }

    fn tell_answer<T: Answer>(&self, name: &'static str, arguments: &[&dyn Argument], answer: &nix::Result<T>) {
        let spelling = self.kernel.spelling();
        let spelled = answer.as_ref().map(|value| value.spell(spelling)).map_err(|errno| *errno);
        self.tell(name, arguments, Some(spelled));
    }

    fn tell(&self, name: &'static str, arguments: &[&dyn Argument], answer: Option<Result<String, Errno>>) {
        self.kernel.tell(&Told {
            name,
            arguments,
            reason: &self.reason,
            answer,
            spelling: self.kernel.spelling(),
            depth: self.kernel.depth.get(),
        });
    }
}

impl Answer for () {
    fn rehearsed() -> Self {}

    fn spell(&self, _: Spelling) -> String {
        "0".to_owned()
    }
}
