//! Processes: turning one into another program, waiting for its end, and sending it signals.

use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::process::ExitCode;

use anyhow::Result;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus};
use nix::unistd::Pid;

use crate::arguments::{Argument, Bare, Environment, Spelling, Strings};
use crate::kernel::mounts::errno;
use crate::kernel::{Answer, Because};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It returned this status.
    Exited(u8),
    /// This signal ended it.
    Signaled(Signal),
}

impl Waited {
    // ANCHOR: status
    /// The status a shell reports: the process's own, or 128 and the number of the signal.
    pub fn status(self) -> u8 {
        // EXERCISE status-1
        match self {
            Self::Exited(status) => status,
            Self::Signaled(signal) => 128 + signal as u8,
        }
        // END status-1
    }
    // ANCHOR_END: status
}

impl From<Waited> for ExitCode {
    fn from(waited: Waited) -> Self {
        Self::from(waited.status())
    }
}

impl Because<'_> {
    // ANCHOR: execve
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
    // ANCHOR_END: execve

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

/// What Rust's own main makes of a panic.
pub const PANICKED: u8 = 101;

/// _exit(2): ends this process, and runs nothing of what its parent has set up for its own end.
#[expect(unsafe_code, reason = "_exit(2) has no safe form; watched by a_helper_never_runs_our_own_code")]
pub fn leave(status: u8) -> ! {
    // SAFETY: it takes a number and does not return.
    unsafe { nix::libc::_exit(status.into()) }
}

pub(super) fn pidfd_open(pid: Pid) -> nix::Result<OwnedFd> {
    let pid = rustix::process::Pid::from_raw(pid.as_raw()).ok_or(Errno::EINVAL)?;
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).map_err(errno)
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

impl Answer for (Pid, Waited) {
    fn rehearsed() -> Self {
        unreachable!("wait4(2) is made in a rehearsal too")
    }

    fn spell(&self, spelling: Spelling) -> String {
        Argument::spell(&self.0, spelling)
    }
}
