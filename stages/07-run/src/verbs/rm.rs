//! `boxwright rm`: nothing of a container stays on the host, however it came to its end.

use std::process::ExitCode;

use anyhow::{Result, ensure};
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
    /// The container
    #[arg(required = true)]
    names: Vec<String>,
}

pub(super) fn run(kernel: &Kernel, options: &Options) -> Result<ExitCode> {
    for name in &options.names {
        let bundle = home::find(name)?;
        if matches!(standing(&bundle), Standing::Running(_) | Standing::BeingMade) {
            ensure!(options.force, "{name} is running; stop it first, or remove it with --force");
            stop::end(kernel, &bundle)?;
        }
        limits::remove(kernel, &bundle, &standing(&bundle))?;
        remove::files(kernel, &bundle)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A container whose notes cannot be read is as good as lost.
fn standing(bundle: &Bundle) -> Standing {
    bundle.standing().unwrap_or(Standing::Lost(None))
}
