//! `ns-show [PID…] [--tree] [--kept] [--compare PID PID] [--json]`: which namespaces there are, and who is in them.

#![expect(clippy::print_stdout, reason = "what is shown is this program's answer")]

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};
use nix::unistd::Pid;
use nsfs::inspect::{self, Process};
use nsfs::{Census, Identity, census, json, show, tree};

const EXAMPLES: &str = "\
Examples:
  ns-show                      every namespace, with the oldest process in it
  ns-show $$                   the links in /proc/$$/ns, and whether you are in the same
  ns-show --compare $$ $PPID   what two processes share, and what follows from it
  ns-show --tree               who owns what, and what lies in what
  ns-show --kept               what a mount or a descriptor keeps alive

How to read it:
  A link such as net:[4026531833] is kind and inode. Two processes with the same inode are in
  the same namespace: one object in the kernel, and what one of them changes, the other sees.
  OWNER made the user namespace that owns the namespace, and may do everything in it. The number
  of a namespace that is gone may be given to a new one.
  pid_for_children and time_for_children are shown where they differ: the process itself stays
  outside, and its next child will be inside.

See also: namespaces(7), proc_pid_ns(5), ioctl_ns(2), lsns(8)";

/// Show which namespaces there are, and who is in them
///
/// A process is in one namespace of each kind, and /proc/PID/ns has a link for each. A namespace
/// has no name and no list of members: who is in it is found by looking at every process, and
/// this is what ns-show does. Processes that are not yours to look at are counted.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// Show these processes only
    #[arg(value_name = "PID", value_parser = pid)]
    pids: Vec<Pid>,
    /// Show each namespace below the user namespace that owns it
    #[arg(long)]
    tree: bool,
    /// Show what is held by a mount or a descriptor, with or without a process in it
    #[arg(long, conflicts_with_all = ["tree", "pids"])]
    kept: bool,
    /// Compare two processes, kind by kind
    #[arg(long, num_args = 2, value_names = ["PID", "PID"], value_parser = pid, conflicts_with_all = ["tree", "kept", "pids"])]
    compare: Option<Vec<Pid>>,
    /// Write JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    telling: Telling,
}

fn pid(text: &str) -> Result<Pid, String> {
    let number = text.parse().ok().filter(|pid| *pid > 0);
    number.map(Pid::from_raw).ok_or_else(|| "a PID is a number above 0; `ps -e` lists those that there are".to_owned())
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        if let Some([first, second]) = self.compare.as_deref() {
            let (first, second) = (inspect::one(*first)?, inspect::one(*second)?);
            let text = if self.json { json::comparison(&first, &second)? } else { show::comparison(&first, &second) };
            print!("{text}");
            return Ok(ExitCode::SUCCESS);
        }
        let asked_for = self.pids.iter().map(|pid| inspect::one(*pid)).collect::<Result<Vec<_>>>()?;
        let census = self.census(kernel, &asked_for)?;
        print!("{}", self.text(&census, &asked_for)?);
        if let Some(note) = show::hidden(&census).filter(|_| !self.json) {
            eprintln!("ns-show: {note}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Options {
    fn census(&self, kernel: &Kernel, asked_for: &[Process]) -> Result<Census> {
        let mut census = census::take()?;
        let wanted: Vec<Identity> = if asked_for.is_empty() {
            census.namespaces.keys().copied().collect()
        } else {
            asked_for
                .iter()
                .flat_map(|process| process.namespaces.iter().chain(&process.for_children))
                .copied()
                .collect()
        };
        let is_related = self.tree || self.json || (asked_for.is_empty() && !self.kept);
        if is_related {
            census.relate(kernel, &wanted);
        }
        if self.kept {
            census.namespaces.retain(|_, entry| !entry.holders.is_empty());
        } else if !asked_for.is_empty() {
            census.keep_only(&wanted);
        }
        Ok(census)
    }

    fn text(&self, census: &Census, asked_for: &[Process]) -> Result<String> {
        let processes = || asked_for.iter().map(|process| show::process(census, process)).collect::<Vec<_>>();
        Ok(match () {
            () if self.json => json::everything(census, asked_for)?,
            () if self.tree => tree::tree(census),
            () if self.kept => show::kept(census),
            () if asked_for.is_empty() => show::everything(census),
            () => processes().join("\n"),
        })
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
