//! Runs a command inside walls around what it uses, and says afterwards which of them it met.

use std::os::fd::AsFd;
use std::process::ExitCode;

use anyhow::{Result, bail};
use cgroup::{Birth, Cgroup, Layout, Limits, Watch, units};
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use groundwork::kernel::{Born, Waited};

/// Run a command with limits on memory, CPU time, processes and disks
///
/// Namespaces wall off what a process sees; a cgroup walls off what it uses. A cgroup is a directory: making one is
/// mkdir, limiting it is writing a number into one of its files, and a process inside is counted together with all its
/// children. Afterwards this program says what was used and which walls were met, and removes the cgroup with whatever
/// the command left behind in it.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// What to call the cgroup [default: limit-PID]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Say nothing about what was used
    #[arg(long, short)]
    quiet: bool,
    /// Rehearse for a host that has its cgroups like this, and not for this one
    #[arg(long, value_name = "LAYOUT", requires = "rehearse")]
    layout: Option<Layout>,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    telling: Telling,
    #[command(flatten)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  limit --memory 64M --swap 0 -- tail /dev/zero             what happens when memory runs out
  limit --pids 20 -- sh -c 'b() { b | b & }; b; sleep 1'    a fork bomb in a box
  limit --cpus 0.5 -- timeout 3 sh -c 'while :; do :; done'
  limit --rehearse --layout v2 --memory 64M -- true         the plan, for a host with cgroup v2

  systemd-run --user --scope -p Delegate=yes limit --memory 64M -- sh
                                                            as an ordinary user, with systemd

What to know:
  - The limits are there before the command is: it is born inside, or enters before its first own
    instruction. What it starts is inside too: to leave takes the right to write to another cgroup.
  - Memory is a wall: who runs into it is killed. CPU time is not: who has used up its share waits.
    At the wall of --pids, fork(2) fails.
  - An ordinary user makes cgroups only below one that was handed over: delegation.

See also: cgroups(7), clone3(2), systemd-run(1); cgroup-v2 in the kernel's documentation";

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    // ANCHOR: run
    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        // EXERCISE cgroup-1
        let watch = Watch::begin(kernel)?;
        let cgroup = self.make_cgroup(kernel)?;
        // A child must not remove what its parent still needs: only the parent's side has a clean-up in it.
        let birth =
            watch.early().map_or_else(|| cgroup.birth(kernel), |signal| bail!("{signal} came before the command"));
        match birth {
            Ok(Birth { born: Born::Child, is_inside }) => self.inside(kernel, &cgroup, is_inside),
            Ok(Birth { born: Born::Parent { child, pidfd }, .. }) => {
                let ended = watch.attend(kernel, &cgroup, child, pidfd.as_fd());
                self.after(kernel, &cgroup, ended)
            }
            Err(error) => {
                cgroup.remove(kernel)?;
                Err(error)
            }
        }
        // END cgroup-1
    }
    // ANCHOR_END: run
}

impl Options {
    fn make_cgroup(&self, kernel: &Kernel) -> Result<Cgroup> {
        let own_name =
            if kernel.is_rehearsing() { "limit-PID".to_owned() } else { format!("limit-{}", std::process::id()) };
        let name = self.name.as_ref().unwrap_or(&own_name);
        match self.layout {
            Some(layout) => Cgroup::create_on(kernel, &cgroup::imagined(layout), name, &self.limits),
            None => Cgroup::create(kernel, name, &self.limits),
        }
    }

    // ANCHOR: inside
    fn inside(&self, kernel: &Kernel, cgroup: &Cgroup, is_inside: bool) -> Result<ExitCode> {
        cgroup.enter(kernel, is_inside)?;
        Watch::end(kernel)?;
        self.command.program().exec(kernel)
    }
    // ANCHOR_END: inside

    fn after(&self, kernel: &Kernel, cgroup: &Cgroup, ended: Result<Waited>) -> Result<ExitCode> {
        let left_behind = if kernel.is_rehearsing() { Vec::new() } else { cgroup.survivors() };
        if !left_behind.is_empty() {
            cgroup.kill(kernel)?;
        }
        if !self.quiet && !kernel.is_rehearsing() {
            cgroup.usage()?.in_words().iter().for_each(|line| eprintln!("limit: {line}"));
            if !left_behind.is_empty() {
                let pids: Vec<_> = left_behind.iter().map(ToString::to_string).collect();
                let count = units::count(left_behind.len() as u64, "process", "processes");
                eprintln!("limit: the command left {count} behind, killed now: {}", pids.join(", "));
            }
        }
        cgroup.remove(kernel)?;
        ended.map(Into::into)
    }
}
