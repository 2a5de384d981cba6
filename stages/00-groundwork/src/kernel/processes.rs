//! Processes: making them, waiting for them, and turning one into another program.

use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::process::ExitCode;

use anyhow::Result;
use nix::errno::Errno;
use nix::libc;
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus};
use nix::unistd::{ForkResult, Pid};

use crate::arguments::{Argument, Bare, Environment, Spelling, Strings};
use crate::kernel::mounts::errno;
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

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It returned this status.
    Exited(u8),
    /// This signal ended it.
    Signaled(Signal),
}

impl Waited {
    /// The status a shell reports: the process's own, or 128 and the number of the signal.
    pub fn status(self) -> u8 {
        match self {
            Self::Exited(status) => status,
            Self::Signaled(signal) => 128 + signal as u8,
        }
    }
}

impl From<Waited> for ExitCode {
    fn from(waited: Waited) -> Self {
        Self::from(waited.status())
    }
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
        let request = Request { flags, cgroup };
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

    /// execve(2): become another program. Comes back only with an error, or with success from a rehearsal.
    ///
    /// # Errors
    /// ENOENT when the file, its loader or its interpreter is missing; EACCES when it may not be executed or lies on a
    /// noexec mount; ENOEXEC for no program; E2BIG for too many arguments.
    pub fn execve(self, path: &CStr, arguments: &[CString], environment: &[CString]) -> Result<ExitCode> {
        let words: &[&dyn Argument] = &[&path, &Strings(arguments), &Environment(environment.len())];
        // Told before it is made: if it succeeds, there is nobody left to tell it.
        if self.kernel.is_told() {
            self.tell("execve", words, None);
        }
        if self.kernel.is_rehearsing() {
            return Ok(ExitCode::SUCCESS);
        }
        let Err(errno) = nix::unistd::execve(path, arguments, environment);
        self.answered::<()>("execve", words, Err(errno)).map(|()| ExitCode::SUCCESS)
    }

    /// wait4(2): until `child` ends. Done in a rehearsal too, as fork(2) is.
    ///
    /// # Errors
    /// ECHILD when it is no child of this process.
    pub fn wait4(self, child: Pid) -> Result<Waited> {
        let status = Status(Cell::new(None));
        let answer = loop {
            match nix::sys::wait::waitpid(child, Some(WaitPidFlag::empty())) {
                Err(Errno::EINTR) => {}
                Err(errno) => break Err(errno),
                Ok(WaitStatus::Exited(_, code)) => break Ok(Waited::Exited(code as u8)),
                Ok(WaitStatus::Signaled(_, signal, _)) => break Ok(Waited::Signaled(signal)),
                Ok(_) => {}
            }
        };
        status.0.set(answer.ok());
        let words: &[&dyn Argument] = &[&child, &status, &Bare("0"), &Bare("NULL")];
        self.answered("wait4", words, answer.map(|waited| (child, waited))).map(|(_, waited)| waited)
    }

    /// kill(2): send a signal to a process.
    ///
    /// # Errors
    /// ESRCH when it is gone; EPERM when it is someone else's.
    pub fn kill(self, pid: Pid, signal: Signal) -> Result<()> {
        self.ask("kill", &[&pid, &signal], || nix::sys::signal::kill(pid, signal))
    }

    /// pidfd_open(2): a descriptor of a process, which no later process can take over. Since Linux 5.3.
    ///
    /// # Errors
    /// ESRCH when it is gone.
    pub fn pidfd_open(self, pid: Pid) -> Result<OwnedFd> {
        self.ask("pidfd_open", &[&pid, &Bare("0")], || pidfd_open(pid))
    }

    /// pidfd_send_signal(2): send a signal to exactly that process. Since Linux 5.1.
    ///
    /// # Errors
    /// ESRCH when it has ended; EPERM when it is someone else's.
    pub fn pidfd_send_signal(self, pidfd: BorrowedFd<'_>, signal: Signal) -> Result<()> {
        self.ask("pidfd_send_signal", &[&pidfd, &signal, &Bare("NULL"), &Bare("0")], || {
            let signal = rustix::process::Signal::from_named_raw(signal as i32).ok_or(Errno::EINVAL)?;
            rustix::process::pidfd_send_signal(pidfd, signal).map_err(errno)
        })
    }
}

/// What a rehearsal does instead of clone(2) and clone3(2), so that both sides tell their part.
#[expect(unsafe_code, reason = "fork(2), as in `Because::fork`")]
pub(super) fn rehearsed_birth() -> nix::Result<Born> {
    // SAFETY: as in `Because::fork`.
    Ok(match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => Born::Child,
        ForkResult::Parent { child } => Born::Parent { child, pidfd: pidfd_open(child)? },
    })
}

fn pidfd_open(pid: Pid) -> nix::Result<OwnedFd> {
    let pid = rustix::process::Pid::from_raw(pid.as_raw()).ok_or(Errno::EINVAL)?;
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).map_err(errno)
}

/// Of clone3(2); the constant in libc does not fit its own type.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// What clone3(2) is given.
struct Request<'a> {
    flags: CloneFlags,
    cgroup: Option<BorrowedFd<'a>>,
}

impl Request<'_> {
    fn clone_args(&self, pidfd: &mut libc::c_int) -> libc::clone_args {
        use std::os::fd::AsRawFd;
        let into_cgroup = if self.cgroup.is_some() { CLONE_INTO_CGROUP } else { 0 };
        libc::clone_args {
            flags: u64::from(self.flags.bits() as u32) | libc::CLONE_PIDFD as u64 | into_cgroup,
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
        format!("{{flags=CLONE_PIDFD{namespaces}{into}, exit_signal=SIGCHLD{cgroup}}}")
    }
}

/// The status word that wait4(2) fills in.
struct Status(Cell<Option<Waited>>);

impl Argument for Status {
    fn spell(&self, _: Spelling) -> String {
        match self.0.get() {
            Some(Waited::Exited(code)) => format!("[{{WIFEXITED(s) && WEXITSTATUS(s) == {code}}}]"),
            Some(Waited::Signaled(signal)) => format!("[{{WIFSIGNALED(s) && WTERMSIG(s) == {signal}}}]"),
            None => "NULL".to_owned(),
        }
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

impl Answer for (Pid, Waited) {
    fn rehearsed() -> Self {
        unreachable!("wait4(2) is made in a rehearsal too")
    }

    fn spell(&self, spelling: Spelling) -> String {
        Argument::spell(&self.0, spelling)
    }
}

impl Answer for OwnedFd {
    /// Something that is open, and that nothing can be done with.
    fn rehearsed() -> Self {
        std::fs::File::open("/dev/null").map(Self::from).expect("/dev/null can be opened")
    }

    fn spell(&self, spelling: Spelling) -> String {
        Argument::spell(&self.as_fd(), spelling)
    }
}
