//! `cargo workshop book`: the course to read.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Error, Result};
use clap::Args;

use super::{Place, tell};

#[derive(Args)]
pub(super) struct Book {
    /// build (which it is without a word), serve, or test; and what they take
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "VERB")]
    words: Vec<OsString>,
}

impl Book {
    /// Becomes the builder of the book. It is a program of its own, so that whoever grades need not build it.
    pub(super) fn run(&self, place: &Place) -> Result<ExitCode> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let beside = std::env::current_exe().map(|here| here.with_file_name("binder"));
        if !beside.is_ok_and(|binder| binder.exists()) {
            tell("what builds the book is built first, which takes a minute or two, once");
        }
        let mut command = Command::new(cargo);
        command.args(["run", "--quiet", "--package", "binder", "--"]).args(&self.words);
        Err(Error::new(command.current_dir(&place.course.root).exec()).context("cargo run --package binder"))
    }
}
