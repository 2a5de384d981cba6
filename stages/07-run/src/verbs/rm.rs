//! `boxwright rm`: nothing of a container stays on the host, however it came to its end.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use groundwork::Kernel;

use crate::state::Standing;
use crate::verbs::stop;
use crate::{home, limits, remove};

/// Remove containers that have ended
#[derive(Args, Debug)]
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
        let standing = bundle.state().unwrap_or_default().standing();
        if matches!(standing, Standing::Running | Standing::Created) {
            ensure!(options.force, "{name} is running; stop it first, or remove it with --force");
            stop::end(kernel, &bundle)?;
        }
        limits::remove(kernel, &bundle, &bundle.state().unwrap_or_default())?;
        remove::files(kernel, &bundle)?;
    }
    Ok(ExitCode::SUCCESS)
}
