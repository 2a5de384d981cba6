//! `unshare-net -- COMMAND`: run a command with a network stack of its own.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use unshare::{net, user};

const EXAMPLES: &str = "\
Examples:
  unshare-net -- ip address              one device, lo, and it is up
  unshare-net -- cat /proc/net/dev       the same without ip(8)
  unshare-net -- cat /proc/net/route     no route leads anywhere
  unshare-net -- ping -c 1 127.0.0.1     answers; any other address: network is unreachable
  unshare-net -- sh                      listen on any port: all are free

What to know:
  - Devices, addresses, routes, firewall rules and ports all belong to a network namespace. So do
    UNIX sockets with abstract names; those with a path are files, and are still there.
  - A way out is built by moving a device in, or by a pair of devices with one end on each side:
    veth(4). This program builds none.
  - /sys/class/net shows the devices of whoever mounted /sys, as /proc does with processes.

See also: unshare(2), network_namespaces(7), netdevice(7), ip-address(8)";

/// Run a command with a network stack of its own
///
/// A network namespace begins with nothing but a loopback device that is down. This program
/// brings it up, so that the command reaches itself, and nobody else.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
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
        net::own_network(kernel)?;
        self.command.program().exec(kernel)
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
