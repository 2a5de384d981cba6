//! Lets every process of a frozen cgroup go on.
#![expect(clippy::print_stdout, reason = "what was thawed is this program's answer")]

use std::process::ExitCode;

use anyhow::Result;
use cgroup::{Target, units};
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};

/// Let every process of a frozen cgroup go on
///
/// They go on where they were stopped, in the middle of a system call too, and do not know that time has passed except
/// by a clock. Given a PID, the whole cgroup of that process goes on.
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
  thaw boxwright/demo
  thaw 1234                  the cgroup that process 1234 is in

What to know:
  - A cgroup inside a frozen one stays frozen until that one is thawed.
  - A signal that was sent meanwhile strikes now. Only SIGKILL has not waited, in version 2.

See also: cgroups(7), freeze --help";

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        let cgroup = self.target.cgroup()?;
        cgroup.thaw(kernel)?;
        if !kernel.is_rehearsing() {
            let count = units::count(cgroup.processes().len() as u64, "process", "processes");
            println!("thawed: {count} in {}", cgroup.path().display());
        }
        Ok(ExitCode::SUCCESS)
    }
}
