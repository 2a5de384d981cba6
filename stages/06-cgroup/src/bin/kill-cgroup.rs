//! Kills every process of a cgroup, and no other.
#![expect(clippy::print_stdout, reason = "what was killed is this program's answer")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use cgroup::{Target, units};
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};

/// Kill every process of a cgroup
///
/// A process can leave its parent, its session and its process group, and then no kill(1) finds all that belong
/// together. It does not leave its cgroup unless it may write to another one.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// A directory of a cgroup hierarchy, or a path below its top
    #[arg(value_name = "CGROUP")]
    cgroup: PathBuf,
    /// Remove the cgroup too, once it is empty
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    telling: Telling,
}

const EXAMPLES: &str = "\
Examples:
  limit --pids 100 --name bomb -- sh -c 'b() { b | b & }; b; sleep 1000' &
  kill-cgroup boxwright/bomb
  kill-cgroup --remove boxwright/limit-4711    what a killed limit left behind

What to know:
  - Killing one PID after another loses against a program that forks faster. So the kernel does it
    in one go (cgroup.kill, since Linux 5.14); where it cannot, the cgroup is frozen first.
  - Cgroups inside the cgroup are killed with it.

See also: cgroups(7), kill(2)";

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        let cgroup = Target::Path(self.cgroup).cgroup_of_others("killed")?;
        // Once it is removed, nobody can tell any more.
        let path = cgroup.path().display().to_string();
        let count = units::count(cgroup.processes().len() as u64, "process", "processes");
        cgroup.kill(kernel)?;
        if self.remove {
            cgroup.remove(kernel)?;
        }
        if !kernel.is_rehearsing() {
            println!("killed: {count} in {path}");
        }
        Ok(ExitCode::SUCCESS)
    }
}
