//! `unshare-mount --propagation HOW -- COMMAND`: run a command with a list of mounts of its own.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use unshare::mount::{self, Propagation};
use unshare::user;

const EXAMPLES: &str = "\
Examples:
  unshare-mount -- sh -c 'mount -t tmpfs mine /mnt && findmnt /mnt'; findmnt /mnt
  unshare-mount -- sh                       mount and unmount as you like; exit, and all is back
  unshare-mount --propagation slave -- sh   what the host mounts meanwhile appears inside
  mount-leak                                what `shared` would do to the host, without danger

What to know:
  - A new mount namespace is a copy of the list, so at first nothing looks different. It matters
    from the first mount on.
  - Every file is still there: what is copied are the mounts, not what is on them.
  - systemd mounts / shared. Two shared copies of a mount stay in touch: what is mounted on one
    appears on the other. That is why `private` is the default here, as it is with unshare(1);
    runc makes slaves, which hear of the host's mounts and tell nothing back.
  - In the user namespace of an ordinary user no mount can be made to leak: the kernel turns
    shared mounts into slaves on the way in.

See also: unshare(2), mount_namespaces(7), mount(2), findmnt(8)";

/// Run a command with a list of mounts of its own
///
/// What is mounted where is one list, the same for every process. A mount namespace is a private
/// copy of that list. Whether the two copies then tell each other what is mounted is decided
/// mount by mount, and is called propagation.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// What the copy still shares with the host
    #[arg(long, value_name = "HOW", value_enum, default_value = "private")]
    propagation: Propagation,
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
        mount::own_mounts(kernel, self.propagation)?;
        self.command.program().exec(kernel)
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
