//! Shows what a cgroup uses, once or every second.
#![expect(clippy::print_stdout, reason = "the table is this program's answer")]

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use cgroup::{Cgroup, Target, Usage};
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};

/// Show what a cgroup uses: memory, CPU time, processes, disks
///
/// Every number comes from a file of the cgroup's directory, where the kernel keeps count: this program only reads.
/// Given a PID, it shows the cgroup that the process is in, which others may be in too.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// A directory of a cgroup hierarchy, a path below its top, or a process
    #[arg(value_name = "CGROUP|PID")]
    target: Target,
    /// Show it again every second, until Ctrl-C or until the cgroup is gone
    #[arg(long, short)]
    watch: bool,
    /// As JSON: sizes in bytes, times in microseconds
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    telling: Telling,
}

const EXAMPLES: &str = "\
Examples:
  usage $$                                the cgroup that your shell is in
  usage boxwright/NAME --watch            one that limit --name NAME made
  usage --json boxwright/NAME | jq .memory.peak

What to know:
  - What no controller counts there is left out.
  - Memory includes the page cache: what was read from files, and can be dropped when somebody else
    needs the room. CPU time is that of all processes since the cgroup was made, the dead included.

See also: cgroups(7); cgroup-v2 in the kernel's documentation";

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, _: &Kernel) -> Result<ExitCode> {
        let cgroup = self.target.cgroup()?;
        let mut before = cgroup.usage()?;
        self.show(&cgroup, &before, None)?;
        if self.watch {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                let Ok(now) = cgroup.usage() else { break };
                self.show(&cgroup, &now, Some(&before))?;
                before = now;
            }
            eprintln!("usage: the cgroup is gone");
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Options {
    fn show(&self, cgroup: &Cgroup, usage: &Usage, before: Option<&Usage>) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string(usage)?);
            return Ok(());
        }
        if self.watch && std::io::stdout().is_terminal() {
            // Home, and clear what is below: see console_codes(4).
            print!("\x1b[H\x1b[J");
        }
        let busy = |usage: &Usage| usage.cpu.as_ref().map_or(0, |cpu| cpu.used);
        let rate = before.map(|before| busy(usage).saturating_sub(busy(before)) as f64 / 1e6);
        println!("{}\n{}", cgroup.directories().join("\n"), usage.table(rate));
        Ok(())
    }
}
