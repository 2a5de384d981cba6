//! `boxwright pause` and `unpause`: not a signal, which a program could catch or notice.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use groundwork::Kernel;

use crate::limits;
use crate::verbs::running;

/// Freeze every process of a container, until unpause
#[derive(Args, Debug)]
pub struct Pause {
    /// The container
    #[arg(required = true)]
    names: Vec<String>,
}

/// Let a paused container go on
#[derive(Args, Debug)]
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
