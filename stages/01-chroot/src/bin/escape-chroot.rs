//! `escape-chroot [ROOT] [-- COMMAND]`: the walk out of a chroot.

#![expect(clippy::print_stdout, reason = "whether it got out is this program's answer")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use chroot::Walk;
use clap::Parser;
use groundwork::cli::{self, Stage, Telling};
use groundwork::{Kernel, Program, Refused};
use nix::errno::Errno;

/// The walk led back to where it began, or was forbidden.
const CONTAINED: u8 = 1;

const EXAMPLES: &str = "\
Examples:
  escape-chroot /tmp/box-root            go in, walk out, and say where that led
  escape-chroot /tmp/box-root -- sh      and a shell out there
  escape-chroot --explain /tmp/box-root  why each step is possible

  cp target/debug/escape-chroot /tmp/box-root/
  enter-chroot /tmp/box-root -- /escape-chroot
                                         the same from inside a root that another program entered

What to know:
  - The kernel remembers one root directory a process and stops .. there. It does not remember
    that there was another root before. Whoever moves the root below the working directory is
    above it, and nothing stops .. any more.
  - What ends the walk is a root that has nothing above it. pivot_root(2) makes one: stage 04.
  - To run it inside a root, copy it there with the libraries that `ldd` lists for it. A root made
    by rootfs-scripts/host.sh has them.

Exit status: 0 when it got out, 1 when it did not, 125 when it could not try; with a COMMAND, and
out there, the command's own.

See also: chroot(2), pivot_root(2), path_resolution(7)";

/// Walk out of a chroot
///
/// With ROOT, enters that root first. Without, assumes that somebody has put it into one. Then it
/// looks whether "/" is still the same directory.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// A root to enter first
    root: Option<PathBuf>,
    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    telling: Telling,
}

/// What to run out there.
#[derive(clap::Args)]
struct Outside {
    /// A command to run outside, if the walk leads there [default: none]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<std::ffi::OsString>,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        let walk = match self.try_to_escape(kernel) {
            Err(error) if self.root.is_none() && Refused::errno_of(&error) == Some(Errno::EPERM) => {
                cli::report(&error);
                println!("contained: this process may not chroot(2), and without that there is no walk");
                return Ok(ExitCode::from(CONTAINED));
            }
            walk => walk?,
        };
        match self.outside.command.as_slice() {
            [] if kernel.is_rehearsing() => Ok(ExitCode::SUCCESS),
            command if !command.is_empty() && (walk.is_escape() || kernel.is_rehearsing()) => {
                Program::new(command).exec(kernel)
            }
            _ => Ok(tell(&walk)),
        }
    }
}

impl Options {
    fn try_to_escape(&self, kernel: &Kernel) -> Result<Walk> {
        if let Some(root) = &self.root {
            chroot::check_directory(root)?;
            chroot::own_ids_if_needed(kernel)?;
            chroot::enter(kernel, root)?;
        }
        chroot::walk_out(kernel)
    }
}

fn tell(walk: &Walk) -> ExitCode {
    if walk.is_escape() {
        println!("escaped: \"/\" was {}, and is {}", walk.before, walk.after);
        return ExitCode::SUCCESS;
    }
    println!("contained: \"/\" is still {}: nothing lies above it", walk.after);
    ExitCode::from(CONTAINED)
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
