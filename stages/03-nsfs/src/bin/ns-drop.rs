//! `ns-drop FILE…`: take away what ns-keep made.

#![expect(clippy::print_stdout, reason = "what becomes of the namespace is this program's answer")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};
use nsfs::{census, let_go, show};

const EXAMPLES: &str = "\
Examples:
  ns-drop /run/box-net             and see what still holds the namespace
  ns-drop --explain /run/box-mnt   a mount namespace had a second mount under it
  ns-show --kept                   which files there are to drop

What to know:
  - Only what ns-keep makes is taken away: a mount of a namespace, the private mount under it,
    and an empty file without permissions. A file of yours is left, with its content.
  - Dropping does not end a namespace. It ends when nothing refers to it: no process, no mount,
    no descriptor, no namespace below it.

See also: namespaces(7), umount2(2)";

/// Take away what keeps a namespace
///
/// The counterpart of ns-keep: the mount goes, and the file it lay on. The namespace lives on
/// while something else holds it, and ns-drop says what does.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// Files that ns-keep made
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    telling: Telling,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        for file in &self.files {
            let dropped = let_go(kernel, file)?;
            match dropped.identity {
                _ if kernel.is_rehearsing() => {}
                Some(identity) => {
                    println!("{identity} is dropped; {}", show::what_remains(&census::take()?, identity));
                }
                None => println!("{} kept nothing any more, and its place is cleared", dropped.path.display()),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
