//! Where the program's words go: a terminal of its own, a log, or where ours go.

use std::os::fd::{AsFd, OwnedFd};

use anyhow::Result;
use groundwork::Kernel;
use nix::fcntl::OFlag;
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};

use crate::report::Speaker;

/// Standard input, output and error of a container.
#[derive(Debug)]
pub enum Streams {
    /// Those of whoever asked for it.
    Ours,
    /// A terminal in the container's /dev/pts.
    Terminal,
    /// Nothing to read; what is written goes to this file.
    Log(OwnedFd),
    /// Nothing to read; nobody reads what is written, and nobody of ours stays.
    Nowhere,
}

// ANCHOR: take
/// Makes them this process's own, and nothing else the program's that comes next.
///
/// # Errors
/// Those of openat(2) and of the ioctls in ioctl_tty(2).
pub fn take(kernel: &Kernel, streams: &Streams, report: &Speaker) -> Result<()> {
    hear_all_signals();
    kernel
        .because(
            "until we are the program, nobody inside shall look through /proc at our file and at what we have open",
        )
        .prctl_set_undumpable()?;
    kernel.because("a session of its own: ^C at our terminal is for us to pass on").setsid()?;
    match streams {
        Streams::Ours => {}
        Streams::Terminal => take_terminal(kernel, report)?,
        Streams::Log(log) => take_log(kernel, log)?,
        Streams::Nowhere => close_ours(kernel)?,
    }
    // From here on a path that leads through /proc/self/fd leads nowhere.
    pivot::close_all_but(kernel, report.descriptor())
}

fn take_terminal(kernel: &Kernel, report: &Speaker) -> Result<()> {
    let ours = kernel
        .because("opened inside, so that its name in /dev/pts is true inside")
        .openat("/dev/ptmx", OFlag::O_RDWR | OFlag::O_NOCTTY)?;
    kernel.because("a new terminal is locked until its maker is ready").ioctl_tiocsptlck(ours.as_fd())?;
    let theirs = kernel.because("the other end, found without trusting a path").ioctl_tiocgptpeer(ours.as_fd())?;
    // While our standard input is still the terminal outside: the program shall not see a window without size.
    crate::terminal::fit(ours.as_fd());
    kernel.because("^C and ^Z at this terminal become signals for this session").ioctl_tiocsctty(theirs.as_fd())?;
    for number in 0..3 {
        kernel.because("the program reads from the terminal and writes to it").dup2(theirs.as_fd(), number)?;
    }
    report.hand_over(kernel, ours.as_fd())
}

fn take_log(kernel: &Kernel, log: &OwnedFd) -> Result<()> {
    let nothing = kernel.because("nobody will type anything").openat("/dev/null", OFlag::O_RDONLY)?;
    kernel.because("reading ends at once").dup2(nothing.as_fd(), 0)?;
    kernel.because("what it says is kept for `boxwright logs`").dup2(log.as_fd(), 1)?;
    kernel.because("its complaints too").dup2(log.as_fd(), 2)
}
// ANCHOR_END: take

/// Whoever started us may block signals, or ignore them, as a shell ignores `^C` for its background jobs, and execve(2)
/// hands that on: the program begins as if nobody had.
#[expect(unsafe_code, reason = "signal(2) has no safe form; watched by signals_that_we_ignore_are_heard_inside")]
fn hear_all_signals() {
    let _ = SigSet::empty().thread_set_mask();
    for one in Signal::iterator() {
        // SAFETY: the default action is no handler, so there is no code of ours that could run at a bad time. EINVAL is for
        // SIGKILL and SIGSTOP, which nobody can ignore.
        let _ = unsafe { signal(one, SigHandler::SigDfl) };
    }
}

/// Lets go of whatever whoever started us may be waiting on.
///
/// # Errors
/// Those of openat(2).
pub fn close_ours(kernel: &Kernel) -> Result<()> {
    let nothing =
        kernel.because("who started us may wait for the end of what they read").openat("/dev/null", OFlag::O_RDWR)?;
    (0..3)
        .try_for_each(|number| kernel.because("a copy of theirs is not to be kept open").dup2(nothing.as_fd(), number))
}
