//! Follows a program and all its children with ptrace(2), from one system call to the next, and kills one of them between
//! two.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// After which step to kill which process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// In the order of birth.
    pub process: usize,
    /// Counted from 1.
    pub step: usize,
}

/// One process while it is followed.
struct Followed {
    number: usize,
    steps: Vec<i64>,
    /// The call that it is in.
    call: Option<i64>,
    /// True once it has become another program: what that does is not ours to judge.
    is_another: bool,
}

/// What only looks, or only moves memory: killed after it or before it is the same.
const LOOKS: [i64; 22] = [
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_close,
    libc::SYS_fcntl,
    libc::SYS_lseek,
    libc::SYS_statx,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_getdents64,
    libc::SYS_rt_sigaction,
    libc::SYS_sigaltstack,
    libc::SYS_getrandom,
    libc::SYS_readlinkat,
    libc::SYS_faccessat2,
    libc::SYS_geteuid,
    libc::SYS_prlimit64,
];

/// The same in the forms that newer architectures do not have.
#[cfg(target_arch = "x86_64")]
const OLD_LOOKS: [i64; 6] =
    [libc::SYS_access, libc::SYS_readlink, libc::SYS_stat, libc::SYS_lstat, libc::SYS_poll, libc::SYS_arch_prctl];
#[cfg(not(target_arch = "x86_64"))]
const OLD_LOOKS: [i64; 0] = [];

/// Runs a command to the end of all that it starts. If `point` is reached, that process is killed there. Gives
/// the steps of each process, as numbers of system calls.
pub fn follow(command: Command, point: Option<Point>) -> Vec<Vec<i64>> {
    let mut tracer = Tracer { point, is_killed: false, processes: BTreeMap::new(), born: 0 };
    tracer.run(command)
}

struct Tracer {
    point: Option<Point>,
    processes: BTreeMap<Pid, Followed>,
    born: usize,
    is_killed: bool,
}

impl Tracer {
    fn run(&mut self, command: Command) -> Vec<Vec<i64>> {
        let first = start(command);
        let mut steps = BTreeMap::new();
        // Only our own: other threads of this program wait for theirs.
        let ours = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        assert_eq!(waitpid(first, Some(ours)), Ok(WaitStatus::Stopped(first, Signal::SIGTRAP)));
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_EXITKILL;
        ptrace::setoptions(first, options).expect("a stopped child can be followed");
        self.know(first);
        self.go_on(first, None);
        loop {
            match waitpid(None, Some(ours)) {
                Err(Errno::ECHILD) => break,
                Err(Errno::EINTR) => {}
                Err(errno) => panic!("waitpid: {errno}"),
                Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)) => self.note_end(pid, &mut steps),
                Ok(status) => self.attend(status),
            }
        }
        steps.into_values().collect()
    }

    fn note_end(&mut self, pid: Pid, steps: &mut BTreeMap<usize, Vec<i64>>) {
        if let Some(process) = self.processes.remove(&pid) {
            steps.insert(process.number, process.steps);
        }
    }

    fn attend(&mut self, status: WaitStatus) {
        match status {
            WaitStatus::PtraceSyscall(pid) => {
                if self.step(pid) {
                    let _ = kill(pid, Signal::SIGKILL);
                    self.is_killed = true;
                }
                self.go_on(pid, None);
            }
            WaitStatus::PtraceEvent(pid, _, event) => {
                if event == libc::PTRACE_EVENT_EXEC {
                    self.know(pid).is_another = true;
                }
                self.go_on(pid, None);
            }
            // A child that is followed begins with this stop.
            WaitStatus::Stopped(pid, Signal::SIGSTOP) => {
                self.know(pid);
                self.go_on(pid, None);
            }
            WaitStatus::Stopped(pid, signal) => self.go_on(pid, Some(signal)),
            _ => {}
        }
    }

    fn know(&mut self, pid: Pid) -> &mut Followed {
        let born = &mut self.born;
        self.processes.entry(pid).or_insert_with(|| {
            *born += 1;
            Followed { number: *born - 1, steps: Vec::new(), call: None, is_another: false }
        })
    }

    /// Notes that a call has begun or come back. True when this is where to kill.
    fn step(&mut self, pid: Pid) -> bool {
        let Ok(info) = ptrace::syscall_info(pid) else { return false };
        let point = self.point;
        let process = self.know(pid);
        if info.op == libc::PTRACE_SYSCALL_INFO_ENTRY {
            process.call = Some(number_of(&info));
            return false;
        }
        let Some(call) = process.call.take() else { return false };
        if LOOKS.contains(&call) || OLD_LOOKS.contains(&call) {
            return false;
        }
        process.steps.push(call);
        point == Some(Point { process: process.number, step: process.steps.len() })
    }

    /// To the next call, or, when there is nothing more to count, to the end.
    fn go_on(&mut self, pid: Pid, signal: Option<Signal>) {
        let is_done = self.know(pid).is_another || self.is_killed;
        // It may have been killed in the meantime.
        let _ = if is_done { ptrace::cont(pid, signal) } else { ptrace::syscall(pid, signal) };
    }
}

#[expect(unsafe_code, reason = "a union of the kernel's")]
fn number_of(info: &libc::ptrace_syscall_info) -> i64 {
    // SAFETY: `op` says that this part is the one that was filled in.
    unsafe { info.u.entry.nr as i64 }
}

#[expect(clippy::zombie_processes, reason = "whoever traces it waits for it, by its number")]
#[expect(unsafe_code, reason = "what runs between fork and exec is one system call")]
fn start(mut command: Command) -> Pid {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // SAFETY: ptrace(2) is async-signal-safe.
    unsafe { command.pre_exec(|| ptrace::traceme().map_err(std::io::Error::from)) };
    let child = command.spawn().expect("the program can be run");
    Pid::from_raw(child.id() as i32)
}
