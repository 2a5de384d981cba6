//! `pid-orphans`: who becomes the parent of orphans, and what the end of PID 1 means.

#![expect(clippy::print_stdout, reason = "the story is this program's answer")]

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};
use unshare::{orphans, user};

const EXAMPLES: &str = "\
Examples:
  pid-orphans               the story, told by those who take part
  pid-orphans --explain     with every call they make

What to know:
  - A process whose parent ends becomes a child of PID 1 of its PID namespace.
  - PID 1 must wait for children it never started, or they stay as zombies. A program that does
    not know that it is PID 1 does not: hence the small init of docker run --init.
  - The end of PID 1 is no request: the kernel kills the others, and lets nobody be born there
    any more. fork(2) then says ENOMEM.

See also: pid_namespaces(7), unshare-pid --help";

/// Show who becomes the parent of orphans
///
/// In a PID namespace of its own: 1 starts 2, 2 starts 3, 2 ends, and then 1 ends.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    #[command(flatten)]
    telling: Telling,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        user::own_ids_if_needed(kernel)?;
        orphans::play(kernel, |line| println!("{line}"))
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
