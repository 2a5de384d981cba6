//! What the binder is told.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::place::Place;
use crate::say;
use crate::testing::Test;

/// Build, serve and test the book
#[derive(Parser)]
#[command(name = "binder", bin_name = "cargo workshop book", version)]
struct Options {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Build the pages, and say where they are
    Build,
    /// Serve the pages on this machine, and build them again when something is saved
    Serve {
        /// Where on 127.0.0.1; 0 is any free port
        #[arg(long, default_value_t = 3000)]
        port: u16,
    },
    /// Bring the catalogs of the translations up to date with the book
    Messages {
        /// Write nothing: say what is wrong in the catalogs as they are
        #[arg(long)]
        check: bool,
        /// Pages to check, such as 04-pivot [default: all]
        #[arg(requires = "check")]
        pages: Vec<String>,
    },
    /// Type the console blocks and compare; look up what can be looked up
    Test(Test),
}

/// Runs the binder.
pub fn main() -> ExitCode {
    match Options::parse().run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("binder: {error:#}");
            ExitCode::from(2)
        }
    }
}

impl Options {
    fn run(self) -> Result<bool> {
        let place = Place::find()?;
        match self.verb.unwrap_or(Verb::Build) {
            Verb::Build => {
                let built = crate::build::build(&place)?;
                built.wrong.iter().for_each(|wrong| eprintln!("{wrong}"));
                say(&built.index.display().to_string());
                Ok(built.wrong.is_empty())
            }
            Verb::Serve { port } => crate::serve::serve(&place, port).map(|()| true),
            Verb::Messages { check: true, pages } => crate::languages::check::say(&place, &pages),
            Verb::Messages { .. } => {
                let counts = crate::languages::update::all(&place)?;
                counts.iter().for_each(|count| say(&count.to_string()));
                Ok(true)
            }
            Verb::Test(test) => test.run(&place),
        }
    }
}
