//! clone(2), the older way to be born, and the helpers that a program runs on its way.

use std::ffi::CString;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::libc;
use nix::sched::CloneFlags;
use nix::unistd::{ForkResult, Pid};

use crate::arguments::{Argument, Bare, Spelling};
use crate::cli;
use crate::kernel::birth::{Born, rehearsed_birth};
use crate::kernel::{Because, Kernel, Waited, leave};

/// The flags under which the new process still has memory and a stack of its own, as after fork(2).
const STILL_A_FORK: CloneFlags = CloneFlags::CLONE_NEWUSER
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWCGROUP)
    .union(CloneFlags::CLONE_FILES)
    .union(CloneFlags::CLONE_FS)
    .union(CloneFlags::CLONE_SYSVSEM);

impl Because<'_> {
    /// clone(2) without a stack: a second process that goes on from here, born inside new namespaces, or sharing with
    /// its parent what fork(2) copies: CLONE_FILES, CLONE_FS, CLONE_SYSVSEM. A rehearsal forks.
    ///
    /// # Errors
    /// As for [`Because::clone3`]. EINVAL also for flags that would share memory, and for CLONE_NEWTIME: its bit lies
    /// where clone(2) keeps the exit signal.
    pub fn clone(self, flags: CloneFlags) -> Result<Born> {
        let born = match self.kernel.is_rehearsing() {
            true => rehearsed_birth(),
            false if STILL_A_FORK.contains(flags) => clone(flags),
            false => Err(Errno::EINVAL),
        };
        let parent_tid = match &born {
            Ok(Born::Parent { pidfd, .. }) => self.kernel.in_words(pidfd),
            _ => "-1".to_owned(),
        };
        let parent_tid = format!("parent_tid=[{parent_tid}]");
        self.born("clone", &[&Bare("child_stack=NULL"), &Given(flags), &Bare(parent_tid)], born)
    }
}

#[expect(unsafe_code, reason = "no crate has clone(2) without a stack; watched by every_program_has_one_thread")]
fn clone(flags: CloneFlags) -> nix::Result<Born> {
    let given = flags.bits() | libc::CLONE_PIDFD | libc::SIGCHLD;
    let mut pidfd: RawFd = -1;
    // SAFETY: without CLONE_VM the child has a copy of this memory and of this stack, and `pidfd` is written in the
    // parent only: what holds for a fork holds here.
    let answer = unsafe { libc::syscall(libc::SYS_clone, given, 0, &raw mut pidfd, 0, 0) };
    Errno::result(answer).map(|pid| match libc::pid_t::try_from(pid).unwrap_or(0) {
        0 => Born::Child,
        // SAFETY: in the parent the kernel has just put a new descriptor there, which nobody else owns.
        pid => Born::Parent { child: Pid::from_raw(pid), pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) } },
    })
}

impl Kernel {
    /// fork(2), execve(2), wait4(2): lets another program take one step for us, with an empty environment. Its words go
    /// where ours go; a program that cannot be run counts as one that answers 126 or 127.
    ///
    /// # Errors
    /// Those of fork(2).
    pub fn run(&self, reason: &'static str, program: &Path, arguments: &[String]) -> Result<Waited> {
        let words = arguments.iter().map(|word| CString::new(word.as_bytes())).collect::<Result<Vec<_>, _>>();
        let (path, words) = (CString::new(program.as_os_str().as_bytes())?, words.context("a NUL byte")?);
        match self.because("another program can take the next step only in a process of its own").fork()? {
            ForkResult::Parent { child } => self.because("what comes next needs what this helper does").wait4(child),
            ForkResult::Child => {
                let done = self.because(reason).execve(&path, &words, &[]);
                let status = done.map_or_else(
                    |error| {
                        cli::report(&error);
                        cli::exit_status(&error)
                    },
                    |_| 0,
                );
                leave(status)
            }
        }
    }

    /// An argument as text for another program: as it is, and in a rehearsal as the fixed word that stands for it.
    pub fn in_words(&self, argument: &dyn Argument) -> String {
        argument.spell(self.spelling())
    }
}

/// The flags that clone(2) is given.
struct Given(CloneFlags);

impl Argument for Given {
    fn spell(&self, spelling: Spelling) -> String {
        let flags = if self.0.is_empty() { String::new() } else { format!("|{}", self.0.spell(spelling)) };
        format!("flags=CLONE_PIDFD{flags}|SIGCHLD")
    }
}
