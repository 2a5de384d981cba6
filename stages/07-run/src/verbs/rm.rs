//! `boxwright rm`: nothing of a container stays on the host, however it came to its end.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use groundwork::Kernel;

use crate::bundle::Bundle;
use crate::state::Standing;
use crate::verbs::stop;
use crate::{home, limits, remove};

const EXAMPLES: &str = "\
Examples:
  boxwright rm web            what it has written is gone; its volumes are not
  boxwright rm --force web    end it first
  boxwright rm --all          all that have ended; with --force, all that there are

What to know:
  - A container whose boxwright was killed has left a cgroup and files behind. This takes them away
    too.

See also: boxwright ps --all; rmdir(2), cgroups(7)";

/// Remove containers that have ended
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Also those that run: end them first
    #[arg(short, long)]
    force: bool,
    /// All that have ended; with --force, all
    #[arg(short, long, conflicts_with = "names")]
    all: bool,
    /// The container
    #[arg(required_unless_present = "all")]
    names: Vec<String>,
}

pub(super) fn run(kernel: &Kernel, options: &Options) -> Result<ExitCode> {
    let bundles = options.bundles()?;
    // All are told to end before any is waited for: a thousand end side by side.
    for bundle in &bundles {
        let name = bundle.name();
        match standing(bundle) {
            Standing::BeingMade => bail!("{name} is being made; try again in a moment"),
            Standing::Running(_) if !options.force => {
                bail!("{name} is running; stop it first, or remove it with --force")
            }
            Standing::Running(running) => stop::end_soon(kernel, &running)?,
            Standing::Ended(_) | Standing::Lost(_) => {}
        }
    }
    for bundle in &bundles {
        stop::await_parent(kernel, bundle)?;
        limits::remove(kernel, bundle, &standing(bundle))?;
        remove::files(kernel, bundle)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Options {
    fn bundles(&self) -> Result<Vec<Bundle>> {
        if self.all {
            Ok(home::all()?.into_iter().filter(|bundle| self.force || has_ended(bundle)).collect())
        } else {
            self.names.iter().map(|name| home::find(name)).collect()
        }
    }
}

fn has_ended(bundle: &Bundle) -> bool {
    !matches!(standing(bundle), Standing::Running(_) | Standing::BeingMade)
}

/// A container whose notes cannot be read is as good as lost.
fn standing(bundle: &Bundle) -> Standing {
    bundle.standing().unwrap_or(Standing::Lost(None))
}
