//! `unshare-time --boottime SECONDS --monotonic SECONDS -- COMMAND`: run a command with other clocks.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use unshare::child::in_child;
use unshare::time::{self, Offsets};
use unshare::user;

const EXAMPLES: &str = "\
Examples:
  unshare-time --boottime 864000 -- uptime -p          up ten days more
  unshare-time --boottime 864000 -- cat /proc/uptime   the same in seconds
  unshare-time --boottime -60 -- cat /proc/uptime      a minute less
  unshare-time --monotonic 100 -- cat /proc/self/timens_offsets
  unshare-time --boottime 864000 -- date               unchanged: there is no offset for it

What to know:
  - Two clocks count from the start of the machine: CLOCK_MONOTONIC, and CLOCK_BOOTTIME, which
    counts on while the machine sleeps. A container moved to another machine must not see them
    jump back: that is what the offsets are for.
  - The time of day is the same for everybody: there is no namespace for it.
  - Like a PID namespace, a time namespace is for children: the command is a child of this program.
    The offsets must be written before the first one is born.
  - No clock can be made to show less than 0.

See also: unshare(2), time_namespaces(7), clock_gettime(2), uptime(1)";

/// Run a command with clocks of its own
///
/// A time namespace adds an offset to the clocks that count from the start of the machine.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// Added to the time since the start of the machine, sleep included
    #[arg(long, value_name = "SECONDS", default_value = "0", allow_negative_numbers = true)]
    boottime: i64,
    /// Added to the time since the start of the machine, sleep left out
    #[arg(long, value_name = "SECONDS", default_value = "0", allow_negative_numbers = true)]
    monotonic: i64,
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
        user::own_ids_if_needed(kernel)?;
        time::own_clocks(kernel, Offsets { monotonic: self.monotonic, boottime: self.boottime })?;
        in_child(kernel, "the first one born into the namespace is the command", || self.command.program().exec(kernel))
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
