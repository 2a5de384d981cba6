//! The verbs of boxwright, one a file.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};

use crate::bundle::Bundle;
use crate::home;
use crate::state::{Running, Standing};

pub mod commit;
pub mod exec;
pub mod logs;
pub mod pause;
pub mod ps;
pub mod rm;
pub mod run;
pub mod stop;

/// Run containers, with nothing hidden: every kernel call can be told, rehearsed and traced.
///
/// A container is an ordinary process that was born into namespaces of its own, given another root, and put into a
/// cgroup. `boxwright run --explain` tells each of the calls that make one; `boxwright run --rehearse` tells them and
/// makes none.
#[derive(Parser, Debug)]
#[command(name = "boxwright", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Boxwright {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    telling: Telling,
}

const EXAMPLES: &str = "\
Examples:
  boxwright run                                  a shell, on a root made from this host's programs
  boxwright run --rm -- ps aux                   one command, and nothing stays
  boxwright run -d --name web -- sleep 1000      in the background
  boxwright exec web -- sh                       another process in the same container
  boxwright run --explain --rm -- true           what it takes, call by call

Containers are kept below BOXWRIGHT_HOME: /var/lib/boxwright for root, ~/.local/share/boxwright otherwise.
Man pages: namespaces(7), cgroups(7), pivot_root(2)";

// Of ten verbs one is asked for: the options of the others need not be known.
#[derive(Subcommand, Debug)]
#[command(defer = true)]
enum Verb {
    Run(Box<run::Options>),
    Ps(ps::Options),
    Exec(exec::Options),
    Stop(stop::Stop),
    Kill(stop::Kill),
    Pause(pause::Pause),
    Unpause(pause::Unpause),
    Logs(logs::Options),
    Commit(commit::Options),
    Rm(rm::Options),
}

impl Stage for Boxwright {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        match self.verb {
            Verb::Run(options) => run::run(kernel, &options),
            Verb::Ps(options) => ps::run(kernel, &options),
            Verb::Exec(options) => exec::run(kernel, &options),
            Verb::Stop(options) => stop::stop(kernel, &options),
            Verb::Kill(options) => stop::kill(kernel, &options),
            Verb::Pause(options) => pause::pause(kernel, &options),
            Verb::Unpause(options) => pause::unpause(kernel, &options),
            Verb::Logs(options) => logs::run(&options),
            Verb::Commit(options) => commit::run(kernel, &options),
            Verb::Rm(options) => rm::run(kernel, &options),
        }
    }
}

/// The container of that name, which must run.
fn running(name: &str) -> Result<(Bundle, Running)> {
    let bundle = home::find(name)?;
    match bundle.standing()? {
        Standing::Running(running) => Ok((bundle, running)),
        Standing::BeingMade => bail!("{name} is being made; try again in a moment"),
        Standing::Ended(status) => bail!("{name} is not running: it ended with status {status}"),
        Standing::Unseen(_) => bail!("{name} is not running: it has ended, and nobody was to stay and see how"),
        Standing::Lost(_) => {
            bail!("{name} is not running: its boxwright was killed; `boxwright rm {name}` takes away what is left")
        }
    }
}
