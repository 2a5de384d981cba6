//! Where the program's words go: a terminal of its own, a log, or where ours go.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use groundwork::{Kernel, Program};
use nix::fcntl::OFlag;
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

use crate::report::Speaker;
use crate::spec::Spec;

/// Standard input, output and error of a container.
#[derive(Debug)]
pub enum Streams {
    /// Those of whoever asked for it.
    Ours,
    /// A terminal in the container's /dev/pts.
    Terminal,
    /// Nothing to read; what is written goes to this file.
    Log(OwnedFd),
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

// ANCHOR: program
/// The program that `spec` asks for. One that is reached through a link of /proc that needs no path, such as /proc/self/exe,
/// is refused: that is a file of the host, and with it whoever is inside would hold our own program in the hand.
///
/// # Errors
/// There is no such program; it lies outside.
pub fn program(kernel: &Kernel, spec: &Spec) -> Result<Program> {
    let program = Program::new(&spec.command).with_environment(spec.environment());
    if kernel.is_rehearsing() {
        return Ok(program);
    }
    let mut file = program.find(kernel)?;
    // A script names its interpreter, and that may be another script: execve(2) follows four.
    for _ in 0..=4 {
        let mut first = [0; 256];
        let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let read = match openat2(CWD, &file, how, Mode::empty(), ResolveFlags::NO_MAGICLINKS) {
            Err(Errno::LOOP) => bail!("{}: it leads out of the container, or in a circle", file.display()),
            // Nothing to be read: execve(2) says what is wrong, if anything is.
            opened => opened.and_then(|opened| rustix::io::read(opened, &mut first)).unwrap_or(0),
        };
        let line = first[..read].split(|byte| *byte == b'\n').next().and_then(|line| line.strip_prefix(b"#!"));
        let Some(interpreter) = line.and_then(|line| line.trim_ascii().split(u8::is_ascii_whitespace).next()) else {
            break;
        };
        file = PathBuf::from(OsStr::from_bytes(interpreter));
    }
    Ok(program)
}

/// Goes where the program is to start.
///
/// # Errors
/// Those of chdir(2); the directory lies outside.
pub fn go_to(kernel: &Kernel, directory: &Path) -> Result<()> {
    kernel.because("the program starts where it was asked to").chdir(directory)?;
    // "(unreachable)/…", says getcwd(2), where no path from "/" leads.
    let here = std::env::current_dir().with_context(|| directory.display().to_string())?;
    ensure!(here.is_absolute(), "{}: it leads out of the container", directory.display());
    Ok(())
}
// ANCHOR_END: program

/// Ends a child that could not become the program. It does not go back to where it came from: what would be closed there
/// is closed already.
#[expect(clippy::exit, reason = "whoever drops a descriptor that is closed may close another's")]
pub fn give_up(kernel: &Kernel, report: &Speaker, error: &anyhow::Error) -> ExitCode {
    // If nobody listens any more, nobody is left to be told.
    let _ = report.fail(kernel, error);
    let status = groundwork::cli::exit_status(error);
    if kernel.is_rehearsing() { ExitCode::from(status) } else { std::process::exit(status.into()) }
}

/// Whoever started us may block signals, or ignore them, as a shell ignores `^C` for its background jobs, and execve(2) hands that on: the
/// program begins as if nobody had.
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
