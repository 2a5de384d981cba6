//! `unshare-ipc -- COMMAND`: run a command with message queues and shared memory of its own.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use unshare::{ipc, user};

const EXAMPLES: &str = "\
Examples:
  ipc-objects make; unshare-ipc -- ipc-objects list    made outside, and not to be found inside
  unshare-ipc -- sh -c 'ipc-objects make; ipc-objects list'; ipc-objects list
                                                       made inside: gone with the namespace
  ipc-objects remove                                   tidy up outside
  unshare-ipc -- ipcs                                  the same with the tool of util-linux

What to know:
  - A System V object has a number instead of a path, so changing the root hides none of them: a
    program in a chroot reads and writes the host's shared memory if its owner's id is the same.
  - The objects of an IPC namespace end with it. Those of the host stay until someone removes them.
  - Shared memory made with shm_open(3) is a file in /dev/shm: the mount namespace hides it.

See also: unshare(2), ipc_namespaces(7), sysvipc(7), mq_overview(7), ipcs(1)";

/// Run a command with message queues and shared memory of its own
///
/// Processes that are not related meet at numbers: whoever asks for key 42 gets the same memory.
/// An IPC namespace is a place where every number is still free. It holds the System V objects
/// (message queues, shared memory, semaphores) and the POSIX message queues.
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
        ipc::own_ipc(kernel)?;
        self.command.program().exec(kernel)
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
