//! A child in its parent's memory: what vfork(2) began, for a child that has more to do than vfork(2) allows.
//!
//! fork(2) copies the table of a process's pages, and after it each page that either side writes to; a child that soon
//! becomes another program throws all of that away. With CLONE_VM nothing is copied. With CLONE_VFORK the parent sleeps
//! meanwhile, so that there is never more than one of them in that memory: as if the parent had called a function, in
//! another process.

use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use anyhow::Result;
use nix::errno::Errno;
use nix::libc;
use nix::sched::CloneFlags;
use nix::unistd::Pid;

use crate::arguments::Argument;
use crate::kernel::birth::{Born, Memory, Request, rehearsed_birth};
use crate::kernel::{Because, PANICKED, leave};

impl Because<'_> {
    /// clone3(2) with CLONE_VM and CLONE_VFORK, as posix_spawn(3) makes a child: it does `child`, in our memory, and we go
    /// on when it has become another program or has ended. A rehearsal forks.
    ///
    /// Whoever ends the child in the middle of an allocation leaves our heap as it was at that moment. And what it drops
    /// is dropped for us too, while the descriptor that it closes is its own copy.
    ///
    /// # Errors
    /// As for [`Because::clone3`]; ENOSYS on processors for which nobody has written this.
    #[expect(unsafe_code, reason = "no crate has clone3(2); watched by a_child_in_our_memory_leaves_it_as_we_expect")]
    pub fn clone3_vfork(
        self,
        flags: CloneFlags,
        cgroup: Option<BorrowedFd<'_>>,
        child: &dyn Fn() -> ExitCode,
    ) -> Result<(Pid, OwnedFd)> {
        let request = Request { flags, cgroup, memory: Memory::Borrowed };
        let arguments: &[&dyn Argument] = &[&request, &size_of::<libc::clone_args>()];
        if self.kernel.is_rehearsing() {
            return match self.born("clone3", arguments, rehearsed_birth())? {
                Born::Child => leave(u8::from(child() != ExitCode::SUCCESS)),
                Born::Parent { child, pidfd } => Ok((child, pidfd)),
            };
        }
        let mut pidfd: libc::c_int = -1;
        let mut given = request.clone_args(&mut pidfd);
        let depth = self.kernel.is_about_to_lend_its_memory();
        let beginning = Beginning { birth: &self, arguments, child };
        // SAFETY: `given` is a whole clone_args with a pointer that lives. The child goes on further down this very stack and
        // never comes back; until it has left this memory, we sleep.
        let answer = unsafe { clone3_and_begin(&mut given, &beginning) };
        self.kernel.has_its_memory_back(depth);
        match answer {
            // SAFETY: the kernel has just put a new descriptor there, which nobody else owns.
            1.. => Ok((Pid::from_raw(answer as i32), unsafe { OwnedFd::from_raw_fd(pidfd) })),
            _ => Err(self.answered::<()>("clone3", arguments, Err(Errno::from_raw(-answer as i32))).unwrap_err()),
        }
    }
}

/// What the child finds in our memory.
struct Beginning<'a> {
    birth: &'a Because<'a>,
    arguments: &'a [&'a dyn Argument],
    child: &'a dyn Fn() -> ExitCode,
}

// ANCHOR: begin
/// The child's first step, and all others.
extern "C" fn begin(beginning: &Beginning<'_>) -> ! {
    let Beginning { birth, arguments, child } = beginning;
    // Its parent sleeps: of its birth it tells itself, before it tells of anything else.
    if birth.kernel.is_told() {
        let answer = std::fs::read_link("/proc/self").map_or_else(|_| "?".to_owned(), |own| own.display().to_string());
        birth.tell("clone3", arguments, Some(Ok(answer)));
    }
    birth.kernel.is_now_the_child();
    // Above us is our parent's stack: a panic has to end here, with the status that it has elsewhere.
    let ended = catch_unwind(AssertUnwindSafe(child));
    leave(ended.map_or(PANICKED, |status| u8::from(status != ExitCode::SUCCESS)))
}

/// The call, and in the child [`begin`]. It is written here because nothing that returns may stand between the two: where
/// the child had returned to, its parent would find nothing any more. Gives the PID, or less than zero: the negative errno.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "a call that returns twice; watched by a_child_in_our_memory_leaves_it_as_we_expect")]
unsafe fn clone3_and_begin(given: &mut libc::clone_args, beginning: &Beginning<'_>) -> i64 {
    let answer;
    // SAFETY: in the parent the call changes rax, rcx and r11, as every system call does, and memory. In the child all that is
    // below the stack pointer is free, and `begin` does not return.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "mov rdi, r12",
            "call r13",
            "2:",
            inlateout("rax") libc::SYS_clone3 => answer,
            in("rdi") given,
            in("rsi") size_of::<libc::clone_args>(),
            in("r12") beginning,
            in("r13") begin as extern "C" fn(&Beginning<'_>) -> !,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    answer
}
// ANCHOR_END: begin

/// It is written for one kind of processor: on the others, a child gets a copy.
#[cfg(not(target_arch = "x86_64"))]
#[expect(unsafe_code, reason = "as where it is written; watched by a_child_in_our_memory_leaves_it_as_we_expect")]
unsafe fn clone3_and_begin(_: &mut libc::clone_args, _: &Beginning<'_>) -> i64 {
    let _: extern "C" fn(&Beginning<'_>) -> ! = begin;
    -i64::from(libc::ENOSYS)
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use std::cell::RefCell;

    use nix::sys::signal::Signal;

    use super::*;
    use crate::kernel::{Kernel, Waited};

    fn waited(child: &dyn Fn(&Kernel) -> ExitCode) -> Waited {
        let kernel = Kernel::quiet();
        let (pid, _) =
            kernel.because("a test").clone3_vfork(CloneFlags::empty(), None, &|| child(&kernel)).expect("a child");
        assert_eq!(kernel.depth.get(), 0, "the parent is itself again");
        kernel.because("a test").wait4(pid).expect("it has ended")
    }

    #[test]
    fn a_child_in_our_memory_leaves_it_as_we_expect() {
        let (heard, ours) = (RefCell::new(Vec::new()), std::process::id());
        let ended = waited(&|kernel| {
            // Deeper than the frame that the child began on, and much that is allocated and freed.
            heard.borrow_mut().extend((0..1000).map(|number| format!("{number} {}", std::process::id())));
            assert_eq!(kernel.depth.get(), 1);
            ExitCode::FAILURE
        });
        assert_eq!(ended, Waited::Exited(1));
        let heard = heard.into_inner();
        assert_eq!(heard.len(), 1000);
        assert!(heard.iter().all(|words| !words.ends_with(&format!(" {ours}"))), "it was another process: {heard:?}");
    }

    #[test]
    fn a_child_that_becomes_a_program_gives_our_memory_back() {
        let ended = waited(&|kernel| {
            let program = [c"/bin/sh", c"-c", c"exit 7"].map(std::ffi::CStr::to_owned);
            kernel.because("a test").execve(&program[0], &program, &[]).expect_err("there is a shell");
            ExitCode::SUCCESS
        });
        assert_eq!(ended, Waited::Exited(7));
    }

    #[test]
    fn a_child_that_is_killed_gives_our_memory_back() {
        let ended = waited(&|_| {
            let _ = nix::sys::signal::raise(Signal::SIGKILL);
            ExitCode::SUCCESS
        });
        assert_eq!(ended, Waited::Signaled(Signal::SIGKILL));
    }

    #[test]
    fn a_child_that_panics_takes_nobody_along() {
        assert_eq!(waited(&|_| panic!("in the child, on purpose")), Waited::Exited(PANICKED));
    }

    #[test]
    fn a_birth_that_is_refused_is_an_error_of_ours() {
        let kernel = Kernel::quiet();
        let file = std::fs::File::open("/dev/null").expect("a descriptor");
        let refused =
            kernel
                .because("a test")
                .clone3_vfork(CloneFlags::empty(), Some(std::os::fd::AsFd::as_fd(&file)), &|| ExitCode::SUCCESS);
        assert!(refused.unwrap_err().to_string().contains("EBADF"), "not a directory of cgroup2");
        assert_eq!(kernel.depth.get(), 0);
    }
}
