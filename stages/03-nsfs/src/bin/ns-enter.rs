//! `ns-enter FILE…|PID [--kind KIND…] -- COMMAND`: run a command inside namespaces that exist.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use nix::unistd::Pid;
use nsfs::link::kind_named;
use nsfs::{enter_files, enter_process, run_inside, to_enter};
use unshare::Namespace;

const EXAMPLES: &str = "\
Examples:
  ns-enter 1234 -- ip address            every namespace in which 1234 differs from you
  ns-enter 1234 --kind net,uts -- sh     only these
  ns-enter /run/box/net -- ip address    a file kept by ns-keep; its process may be long gone
  ns-enter /proc/1234/fd/3 -- hostname   a descriptor held by `ns-keep --hold`
  ns-enter --explain 1234 -- true        see the order of things

What to know:
  - A process needs rights over a namespace to enter it: CAP_SYS_ADMIN in the user namespace
    that owns it. You have them over what you made, so as an ordinary user you go in through
    that user namespace, and ns-enter finds it by itself.
  - Entering a PID namespace concerns children only, so the command is one, and ns-enter waits.
  - With the mount namespace of a PID comes its root directory. A file has no process: \"/\" is
    then the root of the mount namespace.

See also: setns(2), namespaces(7), ioctl_ns(2), pidfd_open(2), nsenter(1)";

/// Run a command inside namespaces that exist
///
/// A namespace is entered through something that stands for it: a process that is in it, a mount
/// that keeps it, or a descriptor that holds it. Nothing new is made: you join, and whoever is
/// inside already sees what you do there.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// One process by its PID, or files that each stand for one namespace
    #[arg(required = true, value_name = "FILE|PID")]
    targets: Vec<PathBuf>,
    /// Of a PID: which namespaces to enter [default: those in which it differs from you]
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind_named)]
    kind: Vec<Namespace>,
    #[command(flatten)]
    command: Command,
    #[command(flatten)]
    telling: Telling,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        let entered = match self.process()? {
            Some(pid) => self.enter_process(kernel, pid)?,
            None => enter_files(kernel, &self.targets)?,
        };
        run_inside(kernel, &entered, &self.command.program())
    }
}

impl Options {
    /// A number is a PID. A file of that name is written with its folder: `./1234`.
    fn process(&self) -> Result<Option<Pid>> {
        let number = |target: &PathBuf| target.to_str()?.parse::<i32>().ok().filter(|pid| *pid > 0);
        match (self.targets.as_slice(), self.targets.iter().find_map(number)) {
            ([_], Some(pid)) => Ok(Some(Pid::from_raw(pid))),
            (_, Some(pid)) => {
                bail!("{pid} among other targets: give one PID, or any number of files (`./{pid}` is one)")
            }
            (_, None) if !self.kind.is_empty() => {
                bail!("--kind chooses among the namespaces of a PID; a file stands for one")
            }
            (_, None) => Ok(None),
        }
    }

    fn enter_process(&self, kernel: &Kernel, pid: Pid) -> Result<Vec<Namespace>> {
        let kinds = if self.kind.is_empty() { &Namespace::ALL } else { self.kind.as_slice() };
        let entered = to_enter(pid, kinds);
        if entered.is_empty() {
            eprintln!("ns-enter: process {pid} shares these namespaces with you; there is nothing to enter");
            return Ok(entered);
        }
        enter_process(kernel, pid, &entered)?;
        Ok(entered)
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
