//! `boxwright rm`: nothing of a container stays on the host, however it came to its end.

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Args;
use groundwork::Kernel;

use crate::bundle::Bundle;
use crate::hold::Hold;
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
    let found = options.found()?;
    // Nobody is ended before it is certain that all may be.
    found.iter().try_for_each(|(bundle, standing)| options.check(bundle.name(), standing))?;
    // All are told to end before any is waited for: a thousand end side by side.
    for (_, standing) in &found {
        if let Standing::Running(running) = standing {
            stop::end_soon(kernel, running)?;
        }
    }
    let mut left = Vec::new();
    for (bundle, standing) in &found {
        if !remove(kernel, bundle, standing)? {
            left.push(bundle.name());
        }
    }
    ensure!(left.is_empty(), "not removed, because it is being made: {}; try again in a moment", left.join(", "));
    Ok(ExitCode::SUCCESS)
}

/// Takes away what is left of a container. False when it is somebody else's at this moment.
fn remove(kernel: &Kernel, bundle: &Bundle, standing: &Standing) -> Result<bool> {
    if kernel.is_rehearsing() {
        return limits::remove(kernel, bundle, standing).map(|()| !matches!(standing, Standing::BeingMade));
    }
    // A parent that has noted the end, or is about to, cleans up before it lets go.
    let has_parent = matches!(standing, Standing::Running(_) | Standing::Ended(_));
    let _record = match bundle.hold(has_parent)? {
        Hold::Theirs => return Ok(false),
        Hold::Gone => return Ok(true),
        // In our hand: who takes the name now waits for us, and begins anew.
        Hold::Ours(record) => record,
    };
    if let Standing::Running(running) = standing {
        stop::await_end(kernel, running.process)?;
    }
    limits::remove(kernel, bundle, &bundle.without_parent().unwrap_or(Standing::Lost(None)))?;
    remove::files(kernel, bundle)?;
    Ok(true)
}

impl Options {
    fn found(&self) -> Result<Vec<(Bundle, Standing)>> {
        let bundles = match self.all {
            true => home::all()?,
            false => self.names.iter().map(|name| home::find(name)).collect::<Result<_>>()?,
        };
        let found = bundles.into_iter().map(|bundle| {
            // A container whose notes cannot be read is as good as lost.
            let standing = bundle.standing().unwrap_or(Standing::Lost(None));
            (bundle, standing)
        });
        Ok(found.filter(|(_, standing)| !self.all || self.force || has_ended(standing)).collect())
    }

    fn check(&self, name: &str, standing: &Standing) -> Result<()> {
        match standing {
            Standing::BeingMade if !self.all => bail!("{name} is being made; try again in a moment"),
            Standing::Running(_) if !self.force => bail!("{name} is running; stop it first, or remove it with --force"),
            _ => Ok(()),
        }
    }
}

fn has_ended(standing: &Standing) -> bool {
    !matches!(standing, Standing::Running(_) | Standing::BeingMade)
}
