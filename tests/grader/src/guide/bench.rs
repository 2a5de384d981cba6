//! `cargo workshop bench`: how fast it is.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Args;

use super::{Place, tell};

/// `bench [WORD…]`, as `bench --help` tells.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(super) struct Bench {
    /// What `cargo workshop bench --help` tells
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WORD")]
    words: Vec<OsString>,
}

impl Bench {
    /// Becomes the other program. It is a package of its own, so that who grades need not build it; and it is built for
    /// release, because it is part of what it measures.
    pub(super) fn run(&self, place: &Place) -> Result<ExitCode> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        if !place.course.root.join("target/release/bench").exists() {
            tell("what measures is built first, which takes a minute or two, once");
        }
        let mut command = Command::new(cargo);
        command.args(["run", "--quiet", "--release", "--package", "bench", "--bin", "bench", "--manifest-path"]);
        command.arg(place.course.root.join("Cargo.toml")).arg("--").args(&self.words);
        Err(command.exec()).context("cargo cannot be run")
    }
}
