//! `mount-leak [--propagation HOW]`: what leaks out of a mount namespace, seen without danger.

#![expect(clippy::print_stdout, reason = "the table is this program's answer")]

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};
use unshare::leak::{self, Seen, Side};
use unshare::mount::Propagation;
use unshare::user;

const EXAMPLES: &str = "\
Examples:
  mount-leak                                   all four kinds of propagation, one row each
  mount-leak --propagation shared --explain    every call of one trial

What to know:
  - Your host takes no part. This program takes a mount namespace of its own, shares a tmpfs in it
    as systemd shares /, and lets that play the host. When it ends, all of it is gone.
  - A leaked mount stays on the host when the container has long ended, and keeps its files busy.
  - `unchanged` leaks because a copy of a shared mount is its peer.

See also: mount_namespaces(7), unshare-mount --help";

/// Show what leaks out of a mount namespace, and into it
///
/// Something is mounted on each side of the wall; then each side is asked, through
/// /proc/PID/mountinfo, whether it sees what the other one has mounted.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// Only this kind [default: one after the other]
    #[arg(long, value_name = "HOW", value_enum)]
    propagation: Option<Propagation>,
    #[command(flatten)]
    telling: Telling,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        user::own_ids_if_needed(kernel)?;
        leak::become_stand_in(kernel)?;
        let kinds = self.propagation.map_or(Propagation::value_variants().to_vec(), |one| vec![one]);
        let mut table = format!(
            "{:<12} {:<32} {}\n",
            "propagation", "made inside, seen by the host", "made by the host, seen inside"
        );
        for kind in kinds {
            let name = kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
            match leak::try_one(kernel, kind, &name)? {
                Side::Over(status) => return Ok(status),
                Side::Outside(seen) => table.extend(seen.map(|seen| row(&name, seen))),
            }
        }
        if !kernel.is_rehearsing() {
            print!("{table}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(name: &str, seen: Seen) -> String {
    let outside = if seen.outside { "yes: it leaks" } else { "no" };
    let inside = if seen.inside { "yes" } else { "no" };
    format!("{name:<12} {outside:<32} {inside}\n")
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
