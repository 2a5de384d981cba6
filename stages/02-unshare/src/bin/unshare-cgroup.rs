//! `unshare-cgroup -- COMMAND`: run a command that sees its own cgroup as "/".

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use unshare::{cgroup, user};

const EXAMPLES: &str = "\
Examples:
  cat /proc/self/cgroup                        where you are, from the root of the host
  unshare-cgroup -- cat /proc/self/cgroup      / in every line
  unshare-cgroup -- cat /proc/1/cgroup         who is elsewhere is seen from here: ../..
  unshare-cgroup -- grep cgroup /proc/self/mountinfo
                                               the old mounts, whose root now lies above \"/\"

What to know:
  - Nothing moves: the process stays in its cgroup, with the same limits. Only the name changes.
  - The root is the cgroup in which the process is at that moment. A runtime therefore moves the
    process first and unshares then.
  - The mounts in /sys/fs/cgroup are still the host's. A cgroup2 mounted inside shows the part
    below the new root.

See also: unshare(2), cgroup_namespaces(7), cgroups(7)";

/// Run a command that sees its own cgroup as "/"
///
/// /proc/PID/cgroup names the cgroup of a process by its path from the root, and so tells a
/// container where on the host it is and who else is there. A cgroup namespace moves that root.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
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
        cgroup::own_cgroup_root(kernel)?;
        self.command.program().exec(kernel)
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
