//! `boxwright pause` and `unpause`: not a signal, which a program could catch or notice.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use groundwork::Kernel;

use crate::limits;
use crate::verbs::running;

const PAUSED: &str = "\
Examples:
  boxwright pause web
  boxwright unpause web

What to know:
  - Nobody inside notices, and nothing is lost but time: connections may run out meanwhile.
  - It takes a cgroup, which an ordinary user has only where one was handed over.

See also: cgroups(7), signal(7)";

/// Freeze every process of a container, until unpause
#[derive(Args, Debug)]
#[command(after_help = PAUSED)]
pub struct Pause {
    /// The container
    #[arg(required = true)]
    names: Vec<String>,
}

const UNPAUSED: &str = "\
Examples:
  boxwright unpause web

See also: cgroups(7)";

/// Let a paused container go on
#[derive(Args, Debug)]
#[command(after_help = UNPAUSED)]
pub struct Unpause {
    /// The container
    #[arg(required = true)]
    names: Vec<String>,
}

pub(super) fn pause(kernel: &Kernel, options: &Pause) -> Result<ExitCode> {
    for name in &options.names {
        let (bundle, running) = running(name)?;
        limits::of(&bundle, &running)?.freeze(kernel)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unpause(kernel: &Kernel, options: &Unpause) -> Result<ExitCode> {
    for name in &options.names {
        let (bundle, running) = running(name)?;
        limits::of(&bundle, &running)?.thaw(kernel)?;
    }
    Ok(ExitCode::SUCCESS)
}
