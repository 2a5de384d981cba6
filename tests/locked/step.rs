//! A host is made worse step by step: a plan as data, then taken between fork(2) and execve(2), in namespaces of its own.
//!
//! Between the two nothing may be allocated: another thread of the judges may have held the allocator's lock. So every
//! string is made before, and a step that fails says so on standard error and ends the process.

use std::ffi::{CStr, CString, OsStr};
use std::fmt::Debug;
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nix::sys::statvfs::{FsFlags, statvfs};

use super::filter::Filter;

/// The status of whoever could not take a step.
pub const STUMBLED: i32 = 99;

/// One step.
#[derive(Clone, Debug)]
pub enum Step {
    /// unshare(2).
    Unshare(CloneFlags),
    /// What follows happens in a child: the first process of a new PID namespace.
    Fork,
    /// Writes to a file of the kernel, or makes one.
    Write(CString, Vec<u8>),
    /// mkdir(2).
    Mkdir(CString),
    /// mount(2).
    Mount { source: CString, target: CString, fstype: CString, flags: MsFlags, options: CString },
    /// pivot_root(2), and the old root gone.
    Pivot(CString),
    /// Gives up these capabilities for good, and lets no program get them back.
    GiveUp(Vec<libc::c_ulong>),
    /// Puts a seccomp(2) filter on itself and all that follows.
    Filter(Filter),
}

/// A step, and how to complain of it.
pub struct Prepared(Step, Vec<u8>);

fn c(text: impl AsRef<OsStr>) -> CString {
    CString::new(text.as_ref().as_bytes()).expect("no path of a test has a zero in it")
}

impl Step {
    pub fn write(file: impl AsRef<OsStr>, content: impl AsRef<[u8]>) -> Self {
        Self::Write(c(file), content.as_ref().to_vec())
    }

    pub fn mkdir(path: impl AsRef<OsStr>) -> Self {
        Self::Mkdir(c(path))
    }

    pub fn pivot(path: impl AsRef<OsStr>) -> Self {
        Self::Pivot(c(path))
    }

    /// A new file system on a directory.
    pub fn mount(fstype: &str, target: impl AsRef<OsStr>, options: &str) -> Self {
        let flags = MsFlags::empty();
        Self::Mount { source: c(fstype), target: c(target), fstype: c(fstype), flags, options: c(options) }
    }

    /// One place shown at another.
    pub fn bind(source: impl AsRef<OsStr>, target: impl AsRef<OsStr>) -> Self {
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        Self::Mount { source: c(source), target: c(target), fstype: c(""), flags, options: c("") }
    }

    /// A mount, elsewhere.
    pub fn moved(source: impl AsRef<OsStr>, target: impl AsRef<OsStr>) -> Self {
        let flags = MsFlags::MS_MOVE;
        Self::Mount { source: c(source), target: c(target), fstype: c(""), flags, options: c("") }
    }

    /// What lies at a mount point can only be read, or not be executed.
    pub fn remount(target: impl AsRef<OsStr>, flags: MsFlags) -> Self {
        let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | flags;
        Self::Mount { source: c(""), target: c(target), fstype: c(""), flags, options: c("") }
    }

    /// Nothing that is mounted from here on is seen outside.
    pub fn private() -> Self {
        let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        Self::Mount { source: c(""), target: c("/"), fstype: c(""), flags, options: c("") }
    }

    pub fn prepared(self) -> Prepared {
        let said = format!("locked: {self:?}").into_bytes();
        Prepared(self, said)
    }

    fn take(&self) -> nix::Result<()> {
        match self {
            Self::Unshare(flags) => unshare(*flags),
            Self::Fork => go_on_in_a_child(),
            Self::Write(file, content) => {
                let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_CLOEXEC;
                let file = open(file.as_c_str(), flags, Mode::from_bits_retain(0o644))?;
                nix::unistd::write(&file, content).map(drop)
            }
            Self::Mkdir(path) => nix::unistd::mkdir(path.as_c_str(), Mode::from_bits_retain(0o755)),
            Self::Mount { source, target, fstype, flags, options } => {
                let [source, fstype, options] =
                    [source, fstype, options].map(|text| (!text.is_empty()).then_some(text.as_c_str()));
                let kept = if flags.contains(MsFlags::MS_REMOUNT) { of_mount(target)? } else { MsFlags::empty() };
                mount(source, target.as_c_str(), fstype, *flags | kept, options)
            }
            Self::Pivot(path) => {
                nix::unistd::chdir(path.as_c_str())?;
                nix::unistd::pivot_root(c".", c".")?;
                umount2(c".", MntFlags::MNT_DETACH)?;
                nix::unistd::chdir(c"/")
            }
            Self::GiveUp(capabilities) => capabilities.iter().try_for_each(|one| give_up(*one)),
            Self::Filter(filter) => filter.put_on(),
        }
    }
}

impl Prepared {
    /// Takes the step, or ends this process.
    #[expect(unsafe_code, reason = "what cannot go on between fork and exec ends there, with no destructor run")]
    pub fn take_or_end(&self) {
        let Err(errno) = self.0.take() else { return };
        let stderr = std::io::stderr();
        let number = errno as u8;
        let digits = [b'0' + number / 100, b'0' + number / 10 % 10, b'0' + number % 10];
        for words in [self.1.as_slice(), b": errno ", &digits, b"\n"] {
            let _ = nix::unistd::write(&stderr, words);
        }
        // SAFETY: it takes a number and does not return.
        unsafe { libc::_exit(STUMBLED) }
    }
}

/// What the mount forbids already: in a user namespace that stays forbidden, and a mount that would allow it is refused.
fn of_mount(target: &CStr) -> nix::Result<MsFlags> {
    let now = statvfs(target)?.flags();
    let both = [
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
    ];
    Ok(both.into_iter().filter(|(seen, _)| now.contains(*seen)).map(|(_, asked)| asked).collect())
}

/// The parent waits, and ends as the child does.
#[expect(unsafe_code, reason = "nix's fork and waitpid would do the same, with an enum between")]
fn go_on_in_a_child() -> nix::Result<()> {
    // SAFETY: we are between fork and exec, where nothing is held that a child could miss.
    let child = Errno::result(unsafe { libc::fork() })?;
    if child == 0 {
        // SAFETY: numbers only. Nobody may stay when the judge ends us.
        return Errno::result(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) }).map(drop);
    }
    let mut status = 0;
    // SAFETY: descriptors of ours are closed: whoever waits for them to be closed waits for the child alone; `status` lives.
    unsafe {
        libc::close_range(3, libc::c_uint::MAX, 0);
        libc::waitpid(child, &raw mut status, 0);
        libc::_exit(if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) })
    }
}

/// What is not in the bounding set is not gained by execve(2) either.
#[expect(unsafe_code, reason = "nix has no capabilities")]
fn give_up(capability: libc::c_ulong) -> nix::Result<()> {
    // SAFETY: numbers only.
    Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) }).map(drop)
}
