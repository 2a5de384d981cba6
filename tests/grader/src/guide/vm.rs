//! `vm`: the course in a virtual machine. It is a package of its own, so that who grades need not build it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Args;

use super::Place;

/// `vm [WORD…]`, as `vm --help` tells.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(super) struct Vm {
    /// What `cargo workshop vm --help` tells
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WORD")]
    words: Vec<OsString>,
}

impl Vm {
    /// Becomes the other program.
    pub(super) fn run(self, place: &Place) -> Result<ExitCode> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["run", "--quiet", "--package", "vm", "--bin", "vm", "--manifest-path"]);
        command.arg(place.course.root.join("Cargo.toml")).arg("--");
        command.args(self.as_written(std::env::args_os().collect()));
        Err(command.exec()).context("cargo cannot be run")
    }

    /// A first `--` is one of the other program's words, and not the end of our options.
    fn as_written(&self, all: Vec<OsString>) -> Vec<OsString> {
        let start = all.len() - self.words.len();
        let is_separated = start > 0 && all[start - 1] == "--";
        all.into_iter().skip(start - usize::from(is_separated)).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        vm: Vm,
    }

    #[test]
    fn the_words_reach_the_other_program_as_they_were_written() {
        for written in [&["--", "ls", "-l"][..], &["--user", "--", "ls"], &["test", "--quick"], &["--help"], &[]] {
            let all: Vec<_> = std::iter::once("vm").chain(written.iter().copied()).map(OsString::from).collect();
            let vm = Only::try_parse_from(&all).unwrap_or_else(|error| panic!("{error}")).vm;
            assert_eq!(vm.as_written(all), written, "{written:?}");
        }
    }
}
