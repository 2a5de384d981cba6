//! The command line that every program shares: how to tell, what to run, how to fail.

mod begin;
mod help;

use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::error::ErrorKind;
use clap::{Args, Parser, ValueEnum};
use nix::errno::Errno;
use nix::sys::statfs::{PROC_SUPER_MAGIC, statfs};

pub use begin::begin;

use crate::cause::Cause;
use crate::kernel::{Kernel, Manner};
use crate::program::{NotFound, Program};
use crate::refusal::{Hint, Refused};

/// Our own failures, as chroot(1) and docker(1) number them.
pub const OWN_FAILURE: u8 = 125;
/// The command is there and cannot be run.
pub const CANNOT_RUN: u8 = 126;
/// The command is not there.
pub const NOT_FOUND: u8 = 127;

/// How much to tell.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Telling")]
pub struct Telling {
    /// Tell every kernel call on stderr: its reason, its arguments, its result
    #[arg(long, global = true)]
    pub explain: bool,
    /// Tell the same calls and make none of them; needs no privilege
    #[arg(long, global = true, conflicts_with = "explain")]
    pub rehearse: bool,
    /// Write every call to FILE, one JSON object a line, with what it changed
    #[arg(long, global = true, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

/// What to run.
#[derive(Args, Clone, Debug)]
pub struct Command {
    /// The command and its arguments [default: /bin/sh]
    #[arg(last = true, value_name = "COMMAND", help_heading = None::<&str>)]
    pub command: Vec<OsString>,
}

impl Command {
    /// The command with the environment that this program has.
    pub fn program(&self) -> Program {
        Program::new(&self.command)
    }
}

impl Telling {
    fn kernel(&self) -> Result<Kernel> {
        let manner = match (self.explain, self.rehearse) {
            (_, true) => Manner::Rehearse,
            (true, false) => Manner::Explain,
            (false, false) => Manner::Quiet,
        };
        Kernel::new(manner, self.trace.as_deref())
    }
}

/// A program of this workshop: its command line, and what it does.
pub trait Stage: Parser {
    /// How much to tell.
    fn telling(&self) -> &Telling;

    /// Does it. The exit status is that of the command that was run.
    ///
    /// # Errors
    /// Whatever was refused; reported once, here, by [`main`].
    fn run(self, kernel: &Kernel) -> Result<ExitCode>;
}

/// The whole of a program's `main`.
pub fn main<S: Stage>() -> ExitCode {
    main_of(|options: S| options.telling().kernel().and_then(|kernel| options.run(&kernel)))
}

/// The same for a program that asks the kernel for nothing worth telling, such as doctor.
pub fn main_of<P: Parser>(run: impl FnOnce(P) -> Result<ExitCode>) -> ExitCode {
    // Rust ignores SIGPIPE; a tool whose reader has left should end, and what it starts should not inherit the habit.
    restore_signals();
    let options = match parse::<P>() {
        Ok(options) => options,
        Err(error) => return generate::<P>().unwrap_or_else(|| answer::<P>(error)),
    };
    // Asked before we have another root, or none.
    let has_proc = statfs("/proc").is_ok_and(|about| about.filesystem_type() == PROC_SUPER_MAGIC);
    run(options).unwrap_or_else(|error| report(&if has_proc { error } else { without_proc(error) }))
}

/// [`Parser::try_parse`], but for one thing: the description of the command line is not taken apart afterwards. That would
/// take a tenth of the time to parse it, and the process ends soon.
fn parse<P: Parser>() -> Result<P, clap::Error> {
    let mut command = ManuallyDrop::new(P::command());
    let mut matches = command.try_get_matches_from_mut(std::env::args_os())?;
    P::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// Much is read from /proc on the way, and none of it says what is missing.
fn without_proc(error: anyhow::Error) -> anyhow::Error {
    error.context(Hint::new(Cause::no_proc().sentence()))
}

/// Prints an error as one line and its hint as another, and gives the exit status it stands for.
pub fn report(error: &anyhow::Error) -> ExitCode {
    eprint!("{}", in_words(error));
    ExitCode::from(exit_status(error))
}

/// An error as one line, and its hint as another.
pub fn in_words(error: &anyhow::Error) -> String {
    let name = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let name = name.file_name().unwrap_or_default().display().to_string();
    let hint = Hint::of(error).map(str::to_owned).or_else(|| of_a_disk(error));
    let hint = hint.map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
    format!("{name}: {}\n{hint}", Hint::without(error))
}

/// Files of our own are written past the door, and a disk refuses them for few reasons.
fn of_a_disk(error: &anyhow::Error) -> Option<String> {
    const PLACE: &str = "`doctor store` says where containers lie, and BOXWRIGHT_HOME names another place";
    let errno = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>()?.raw_os_error())?;
    match Errno::from_raw(errno) {
        Errno::ENOSPC | Errno::EDQUOT => Some(format!("that disk is full, or has no inodes left; {PLACE}")),
        Errno::EROFS => Some(format!("that place is mounted read-only; {PLACE}")),
        _ => None,
    }
}

// ANCHOR: exit_status
/// 126 or 127 when the command is to blame, otherwise 125.
pub fn exit_status(error: &anyhow::Error) -> u8 {
    // EXERCISE status-1
    if error.is::<NotFound>() {
        return NOT_FOUND;
    }
    match error.downcast_ref::<Refused>() {
        Some(refused) if refused.name == "execve" && refused.errno == Errno::ENOENT => NOT_FOUND,
        Some(refused) if refused.name == "execve" => CANNOT_RUN,
        _ => OWN_FAILURE,
    }
    // END status-1
}
// ANCHOR_END: exit_status

/// Says what is wrong with a command line, or what was asked for: help, a version.
fn answer<P: Parser>(error: clap::Error) -> ExitCode {
    let error = match error.kind() {
        // Made readable only when somebody wants to read it: the command line is then read once more.
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            help::readable(P::command()).try_get_matches().err().unwrap_or(error)
        }
        _ => error,
    };
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { OWN_FAILURE } else { 0 })
}

/// `PROGRAM --generate man|bash|zsh|fish`, for packagers: the manual page and completions made from the options.
fn generate<P: Parser>() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != "--generate" {
        return None;
    }
    let what = arguments.next()?.into_string().ok()?;
    let mut command = help::readable(P::command());
    let name = command.get_name().to_owned();
    let mut stdout = std::io::stdout();
    let made = if what == "man" {
        clap_mangen::Man::new(command).render(&mut stdout).context("cannot write the manual page")
    } else {
        let shell = clap_complete::Shell::from_str(&what, true).ok()?;
        clap_complete::generate(shell, &mut command, name, &mut stdout);
        Ok(())
    };
    Some(made.map_or_else(|error| report(&error), |()| ExitCode::SUCCESS))
}

/// Rust ignores SIGPIPE, and whoever started us may ignore SIGCHLD: then the kernel would collect our children before we
/// could ask how they ended, wait4(2): ECHILD.
#[expect(unsafe_code, reason = "signal(2) has no safe form; watched by a_closed_pipe_ends_a_program")]
fn restore_signals() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    for expected in [Signal::SIGPIPE, Signal::SIGCHLD] {
        // SAFETY: the default action is no handler, so there is no code of ours that could run at a bad time.
        let _ = unsafe { signal(expected, SigHandler::SigDfl) };
    }
}
