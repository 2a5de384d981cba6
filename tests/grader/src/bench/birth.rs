//! A command at its first instruction, while whoever has started it stands still: what it has then, nobody has given it later.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::libc::{PTRACE_EVENT_CLONE, PTRACE_EVENT_EXEC, PTRACE_EVENT_FORK, PTRACE_EVENT_VFORK};
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::Call;
use crate::checks::Judged;
use crate::process::Process;
use crate::sandbox::Running;

/// How long a parent stands still. A child may wait for it, and rightly so: then it is the parent's turn.
const HOLD: Duration = Duration::from_millis(300);
/// How long the command may take to begin, and a process to let itself be let go.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at who has moved.
const PAUSE: Duration = Duration::from_millis(1);
/// The program begins when it is told to: by then it is traced.
const GATE: [&str; 4] = ["/bin/sh", "-c", "read go; exec \"$@\"", "sh"];

impl<'a> Call<'a> {
    /// Makes it, and holds the program wherever it has a child, until that child runs its first instruction or has waited long
    /// enough for its parent. Gives what `look` sees in the first child that it knows, before that instruction. Nothing when
    /// there was none, or nobody may be traced here: see "Ptrace access mode checking" in ptrace(2).
    ///
    /// # Errors
    /// The sandbox is gone.
    pub fn at_first_instruction<T>(self, look: impl Fn(Process) -> Option<T>) -> Judged<(Running<'a>, Option<T>)> {
        let mut running = self.behind(&GATE).start()?;
        let mut traced = running.process().and_then(|program| Traced::seize(program.pid()));
        running.say("go");
        let seen = traced.as_mut().and_then(|traced| traced.first(&look));
        Ok((running, seen))
    }
}

/// Processes that tell each birth and each execve(2), and wait then. They are let go at the end.
struct Traced {
    all: Vec<Pid>,
    /// Who has just had a child, and until when it stands still for it.
    held: Vec<(Pid, Instant)>,
}

impl Traced {
    fn seize(program: Pid) -> Option<Self> {
        let births = Options::PTRACE_O_TRACEFORK | Options::PTRACE_O_TRACEVFORK | Options::PTRACE_O_TRACECLONE;
        ptrace::seize(program, births | Options::PTRACE_O_TRACEEXEC).ok()?;
        Some(Self { all: vec![program], held: Vec::new() })
    }

    fn first<T>(&mut self, look: &impl Fn(Process) -> Option<T>) -> Option<T> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && !self.all.is_empty() {
            for process in self.all.clone() {
                match news(process) {
                    WaitStatus::StillAlive => {}
                    WaitStatus::PtraceEvent(_, _, PTRACE_EVENT_EXEC) => {
                        // It has not run yet; its parent neither, unless its turn had come.
                        if let Some(seen) = look(Process(process.as_raw() as u32)) {
                            return Some(seen);
                        }
                        resume(process, None);
                    }
                    WaitStatus::PtraceEvent(_, _, PTRACE_EVENT_FORK | PTRACE_EVENT_VFORK | PTRACE_EVENT_CLONE) => {
                        let child = ptrace::getevent(process).ok();
                        self.all.extend(child.map(|child| Pid::from_raw(child as i32)));
                        self.held.push((process, Instant::now() + HOLD));
                    }
                    WaitStatus::PtraceEvent(..) => resume(process, None),
                    WaitStatus::Stopped(_, signal) => resume(process, Some(signal)),
                    _ => self.all.retain(|other| *other != process),
                }
            }
            let now = Instant::now();
            let (waited, held): (Vec<_>, _) = self.held.drain(..).partition(|(_, until)| *until < now);
            self.held = held;
            waited.iter().for_each(|(process, _)| resume(*process, None));
            sleep(PAUSE);
        }
        None
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        self.all.iter().for_each(|process| let_go(*process));
    }
}

/// What a traced process has to tell; who is gone has ended.
fn news(process: Pid) -> WaitStatus {
    waitpid(process, Some(WaitPidFlag::WNOHANG | WaitPidFlag::__WALL)).unwrap_or(WaitStatus::Exited(process, 0))
}

fn resume(process: Pid, signal: Option<nix::sys::signal::Signal>) {
    // It may have been killed meanwhile.
    let _ = ptrace::cont(process, signal);
}

/// It goes on, and nobody looks any more. Who has not stopped is stopped for that.
fn let_go(process: Pid) {
    let until = Instant::now() + PATIENCE;
    let _ = ptrace::interrupt(process);
    while ptrace::detach(process, None).is_err() && Instant::now() < until {
        if matches!(news(process), WaitStatus::Exited(..) | WaitStatus::Signaled(..)) {
            return;
        }
        sleep(PAUSE);
    }
}
