//! `boxwright pause` and `unpause`: not a signal, which a program could catch or notice.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use groundwork::Kernel;

use crate::verbs::running;
use crate::{home, limits};

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
        let bundle = home::find(name)?;
        limits::of(&bundle, &running(&bundle)?.0)?.freeze(kernel)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unpause(kernel: &Kernel, options: &Unpause) -> Result<ExitCode> {
    for name in &options.names {
        let bundle = home::find(name)?;
        limits::of(&bundle, &running(&bundle)?.0)?.thaw(kernel)?;
    }
    Ok(ExitCode::SUCCESS)
}
