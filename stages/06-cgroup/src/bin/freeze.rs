//! Stops every process of a cgroup at once.
#![expect(clippy::print_stdout, reason = "what was frozen is this program's answer")]

use std::process::ExitCode;

use anyhow::Result;
use cgroup::{Target, units};
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};

/// Stop every process of a cgroup
///
/// A frozen process is there with all its memory, and is never scheduled. This is what a runtime calls pause. Given a
/// PID, the whole cgroup of that process stops, with everybody else in it.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// A directory of a cgroup hierarchy, a path below its top, or a process
    #[arg(value_name = "CGROUP|PID")]
    target: Target,
    #[command(flatten)]
    telling: Telling,
}

const EXAMPLES: &str = "\
Examples:
  limit --name demo -- top -b > top.log &
  freeze boxwright/demo      nothing is written any more
  thaw boxwright/demo        and now it goes on

What to know:
  - SIGSTOP is seen: the parent hears of it, and SIGCONT undoes it. Of a freeze nobody hears, nobody
    inside can catch it, and only a thaw undoes it.
  - A child that is born meanwhile is frozen too: no process escapes by being faster.
  - A frozen process still holds its memory, its files and its locks.

See also: cgroups(7), kill(2), thaw --help";

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        let cgroup = self.target.cgroup_of_others("frozen")?;
        cgroup.freeze(kernel)?;
        if !kernel.is_rehearsing() {
            let count = units::count(cgroup.processes().len() as u64, "process", "processes");
            println!("frozen: {count} in {}", cgroup.path().display());
        }
        Ok(ExitCode::SUCCESS)
    }
}
