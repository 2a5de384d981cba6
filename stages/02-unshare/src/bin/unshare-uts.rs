//! `unshare-uts --hostname NAME -- COMMAND`: run a command with a host name of its own.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use unshare::{user, uts};

const EXAMPLES: &str = "\
Examples:
  unshare-uts -- hostname                        box, and outside the name is what it was
  unshare-uts --hostname red -- sh               a shell in which you may rename the host
  unshare-uts --domainname moon -- sh -c 'cat /proc/sys/kernel/domainname'
  unshare-uts --rehearse -- hostname             the plan, and nothing is done

What to know:
  - sethostname(2) has no process as its argument: it renames the UTS namespace of the caller,
    and with it everybody who is in there. Without a new one, that is the whole host.
  - The domain name is that of NIS, an old directory service; DNS knows nothing of it.
  - A name is at most 64 bytes long.

See also: unshare(2), uts_namespaces(7), sethostname(2), uname(1)";

/// Run a command with a host name of its own
///
/// The name of the host is one variable in the kernel, the same for every process. A UTS namespace
/// is a private copy of that variable, and of the NIS domain name beside it.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// What the host is called inside
    #[arg(long, value_name = "NAME", default_value = "box")]
    hostname: String,
    /// What the NIS domain is called inside [default: as outside]
    #[arg(long, value_name = "NAME")]
    domainname: Option<String>,
    #[command(flatten)]
    command: Command,
    #[command(flatten)]
    telling: Telling,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        user::own_ids_if_needed(kernel)?;
        uts::own_hostname(kernel, &self.hostname)?;
        if let Some(name) = &self.domainname {
            uts::name_domain(kernel, name)?;
        }
        self.command.program().exec(kernel)
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
