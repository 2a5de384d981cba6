//! The last steps before the program: where it starts, which file it is, and what if neither can be.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use groundwork::kernel::leave;
use groundwork::{Kernel, Program};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

use crate::report::Speaker;
use crate::spec::Spec;

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

/// Ends a child that could not become the program. It does not go back to where it came from: what would be closed there
/// is closed already, or its parent's.
pub fn give_up(kernel: &Kernel, report: &Speaker, error: &anyhow::Error) -> ExitCode {
    // If nobody listens any more, nobody is left to be told.
    let _ = report.fail(kernel, error);
    let status = groundwork::cli::exit_status(error);
    if kernel.is_rehearsing() { ExitCode::from(status) } else { leave(status) }
}
