//! `unshare-pid [--no-proc] -- COMMAND`: run a command as PID 1 of a PID namespace of its own.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::cli::{Command, Stage, Telling};
use groundwork::{Hint, Kernel, WithHint};
use unshare::mount::Propagation;
use unshare::{mount, pid, user};

const EXAMPLES: &str = "\
Examples:
  unshare-pid -- ps ax                         PID 1 is ps, and nobody else is there
  unshare-pid -- sh -c 'echo $$'               1
  unshare-pid --no-proc -- sh -c 'echo $$; ls /proc'
                                               1 too, and a /proc that still shows the host
  unshare-pid -- sh -c 'sleep 100 & exit 3'    3, and the sleep ends with its PID 1
  pid-orphans                                  who becomes the parent of orphans, step by step

What to know:
  - A process keeps its PID for life, so the first process inside is a child of this program. Seen
    from outside it has a second PID: `grep NSpid /proc/PID/status` names both.
  - ps reads /proc, and a mounted /proc belongs to the PID namespace of the one who mounted it. So
    a fresh one is mounted, in a mount namespace so that the host keeps its own.
  - The kernel shields PID 1 from signals it has no handler for, and Ctrl-C is one: `sleep` as
    PID 1 does not end by it, a shell handles it. The way back: Ctrl-Z, and then `kill -9 %1`.
  - dash, the sh of Debian and Ubuntu, leaves a terminal with `Cannot set tty process group` and
    status 2: the group it wants to give the terminal back to lies outside, and has no number
    inside. The terminal is fine, and bash does not mind.
  - When PID 1 ends, the kernel ends everyone in its namespace. Whoever kills this program ends
    PID 1.

See also: unshare(2), pid_namespaces(7), fork(2), proc(5), ps(1)";

/// Run a command as PID 1 of a PID namespace of its own
///
/// Process numbers are global: whoever knows a number can send a signal. In a PID namespace the
/// count begins anew at 1, and numbers from outside mean nothing. PID 1 is init: it inherits
/// orphans, and its end is the end of all.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// Keep the /proc of the host, which does not know the new numbers
    #[arg(long)]
    no_proc: bool,
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
        if !self.no_proc {
            mount::own_mounts(kernel, Propagation::Private)?;
        }
        pid::own_pids(kernel, || {
            if !self.no_proc {
                let or = |why: &str| format!("{why}; or do without: --no-proc");
                pid::own_proc(kernel).hint_with(|error| Hint::of(error).map(or))?;
            }
            self.command.program().exec(kernel)
        })
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
