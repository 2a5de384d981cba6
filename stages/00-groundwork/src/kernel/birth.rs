//! Births: fork(2), and clone3(2), which says what the new process shall not share.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use anyhow::Result;
use nix::errno::Errno;
use nix::libc;
use nix::sched::CloneFlags;
use nix::unistd::{ForkResult, Pid};

use crate::arguments::{Argument, Spelling};
use crate::kernel::processes::pidfd_open;
use crate::kernel::{Answer, Because};

/// The two sides of a birth.
#[derive(Debug)]
pub enum Born {
    /// This process is the new one.
    Child,
    /// This process is the old one.
    Parent {
        /// The new one, as its parent numbers it.
        child: Pid,
        /// A descriptor of it, which no later process can take over: see pidfd_open(2).
        pidfd: OwnedFd,
    },
}

impl Because<'_> {
    /// fork(2): a second process that goes on from here. Done in a rehearsal too, so that both tell their part.
    ///
    /// # Errors
    /// EAGAIN past a limit on processes; ENOMEM, also in a PID namespace whose init has ended.
    #[expect(unsafe_code, reason = "fork(2) cannot be safe in general; watched by every_program_has_one_thread")]
    pub fn fork(self) -> Result<ForkResult> {
        // SAFETY: a fork copies one thread. Our programs have one, so the child misses no lock holder.
        let answer = unsafe { nix::unistd::fork() };
        if let Ok(ForkResult::Child) = answer {
            self.kernel.is_now_the_child();
            return Ok(ForkResult::Child);
        }
        self.answered("fork", &[], answer)
    }

    /// clone3(2): a second process that goes on from here, born inside new namespaces and, when `cgroup` is a directory
    /// of cgroup2, inside that cgroup. Since Linux 5.3; into a cgroup since 5.7. A rehearsal forks.
    ///
    /// # Errors
    /// EPERM, ENOSPC and EINVAL as for [`Because::unshare`]; ENOSYS where a seccomp filter hides the call; EOPNOTSUPP or
    /// EBUSY for a cgroup that takes no processes; EAGAIN past its `pids.max`.
    #[expect(unsafe_code, reason = "no crate has clone3(2); watched by every_program_has_one_thread")]
    pub fn clone3(self, flags: CloneFlags, cgroup: Option<BorrowedFd<'_>>) -> Result<Born> {
        let request = Request { flags, cgroup, memory: Memory::Copied };
        let arguments: &[&dyn Argument] = &[&request, &size_of::<libc::clone_args>()];
        if self.kernel.is_rehearsing() {
            return self.born("clone3", arguments, rehearsed_birth());
        }
        let mut pidfd: libc::c_int = -1;
        let mut given = request.clone_args(&mut pidfd);
        // SAFETY: `given` is a whole clone_args of the size named, its pointer to `pidfd` lives, and without CLONE_VM and
        // a stack the call is a fork: what holds there holds here.
        let answer = unsafe { libc::syscall(libc::SYS_clone3, &raw mut given, size_of::<libc::clone_args>()) };
        let born = Errno::result(answer).map(|pid| match libc::pid_t::try_from(pid).unwrap_or(0) {
            0 => Born::Child,
            // SAFETY: in the parent the kernel has just put a new descriptor there, which nobody else owns.
            pid => Born::Parent { child: Pid::from_raw(pid), pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) } },
        });
        self.born("clone3", arguments, born)
    }

    pub(super) fn born(self, name: &'static str, arguments: &[&dyn Argument], born: nix::Result<Born>) -> Result<Born> {
        if let Ok(Born::Child) = born {
            self.kernel.is_now_the_child();
            return Ok(Born::Child);
        }
        self.answered(name, arguments, born)
    }
}

/// What a rehearsal does instead of clone(2) and clone3(2), so that both sides tell their part.
#[expect(unsafe_code, reason = "fork(2), as in `Because::fork`; watched by every_program_has_one_thread")]
pub(super) fn rehearsed_birth() -> nix::Result<Born> {
    // SAFETY: as in `Because::fork`.
    Ok(match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => Born::Child,
        ForkResult::Parent { child } => Born::Parent { child, pidfd: pidfd_open(child)? },
    })
}

/// Of clone3(2); the constant in libc does not fit its own type.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// What a child begins in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// A copy of its parent's, as after fork(2).
    Copied,
    /// Its parent's own, as after vfork(2).
    Borrowed,
}

/// What clone3(2) is given.
pub(super) struct Request<'a> {
    pub(super) flags: CloneFlags,
    pub(super) cgroup: Option<BorrowedFd<'a>>,
    pub(super) memory: Memory,
}

impl Request<'_> {
    pub(super) fn clone_args(&self, pidfd: &mut libc::c_int) -> libc::clone_args {
        let into_cgroup = if self.cgroup.is_some() { CLONE_INTO_CGROUP } else { 0 };
        let memory = match self.memory {
            Memory::Copied => 0,
            Memory::Borrowed => libc::CLONE_VM | libc::CLONE_VFORK,
        };
        libc::clone_args {
            flags: u64::from(self.flags.bits() as u32) | (memory | libc::CLONE_PIDFD) as u64 | into_cgroup,
            pidfd: std::ptr::from_mut(pidfd) as u64,
            child_tid: 0,
            parent_tid: 0,
            exit_signal: libc::SIGCHLD as u64,
            stack: 0,
            stack_size: 0,
            tls: 0,
            set_tid: 0,
            set_tid_size: 0,
            cgroup: self.cgroup.map_or(0, |directory| directory.as_raw_fd() as u64),
        }
    }
}

impl Argument for Request<'_> {
    fn spell(&self, spelling: Spelling) -> String {
        let namespaces = if self.flags.is_empty() { String::new() } else { format!("|{}", self.flags.spell(spelling)) };
        let (into, cgroup) = match self.cgroup {
            Some(directory) => ("|CLONE_INTO_CGROUP", format!(", cgroup={}", directory.spell(spelling))),
            None => ("", String::new()),
        };
        let memory = match self.memory {
            Memory::Copied => "",
            Memory::Borrowed => "|CLONE_VM|CLONE_VFORK",
        };
        format!("{{flags=CLONE_PIDFD{memory}{namespaces}{into}, exit_signal=SIGCHLD{cgroup}}}")
    }
}

impl Answer for ForkResult {
    fn rehearsed() -> Self {
        unreachable!("fork(2) is made in a rehearsal too")
    }

    fn spell(&self, spelling: Spelling) -> String {
        match self {
            Self::Child => "0".to_owned(),
            Self::Parent { child } => Argument::spell(child, spelling),
        }
    }
}

impl Answer for Born {
    fn rehearsed() -> Self {
        unreachable!("clone3(2) is a fork in a rehearsal")
    }

    fn spell(&self, spelling: Spelling) -> String {
        match self {
            Self::Child => "0".to_owned(),
            Self::Parent { child, .. } => Argument::spell(child, spelling),
        }
    }
}
