//! `ipc-objects make|list|remove`: one object of each kind that an IPC namespace hides.

#![expect(clippy::print_stdout, reason = "the list is this program's answer")]

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use groundwork::Kernel;
use groundwork::cli::{Stage, Telling};
use unshare::objects::{self, Names};

const EXAMPLES: &str = "\
Examples:
  ipc-objects make                        a message queue, shared memory, a POSIX message queue
  ipc-objects list                        there they are
  unshare-ipc -- ipc-objects list         there they are not
  ipc-objects remove                      or they stay until the machine is switched off

See also: sysvipc(7), mq_overview(7), ipc_namespaces(7), ipcs(1), ipcmk(1)";

/// Make, list or remove objects that only an IPC namespace hides
///
/// They are found by a number or a name, whatever the root directory is: any process of the same
/// IPC namespace can find them. They outlive the process that made them.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// What to do
    #[arg(value_enum, default_value = "list")]
    what: What,
    /// The key of the System V objects
    #[arg(long, value_name = "NUMBER", default_value_t = 42, value_parser = clap::value_parser!(i32).range(1..))]
    key: i32,
    /// The name of the POSIX message queue
    #[arg(long, value_name = "NAME", default_value = "/box", value_parser = queue_name)]
    queue: String,
    #[command(flatten)]
    telling: Telling,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Make one of each, and fail if one is there
    Make,
    /// List what can be found from here
    List,
    /// Remove those that `make` has made
    Remove,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        let names = Names { key: self.key, queue: self.queue };
        match self.what {
            What::Make => objects::make(kernel, &names)?,
            What::List => print!("{}", objects::list(kernel, &names)?),
            What::Remove => objects::remove(kernel, &names)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// mq_open(3) wants a "/" in front; the kernel wants none, and knows no folders.
fn queue_name(name: &str) -> Result<String, String> {
    match name.strip_prefix('/') {
        Some(rest) if !rest.is_empty() && rest.len() < 256 && !rest.contains('/') => Ok(rest.to_owned()),
        _ => Err("a queue's name is \"/\" and then 1 to 255 bytes without another \"/\"".to_owned()),
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
