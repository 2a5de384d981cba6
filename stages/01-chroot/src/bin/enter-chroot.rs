//! `enter-chroot ROOT -- COMMAND`: run a command with another root directory.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};

const EXAMPLES: &str = "\
Examples:
  rootfs-scripts/host.sh /tmp/box-root           a root made of this machine's own programs
  enter-chroot /tmp/box-root                     a shell in it
  enter-chroot /tmp/box-root -- ls /             what there is
  enter-chroot --explain /tmp/box-root -- true   two calls are all of it
  escape-chroot /tmp/box-root -- sh              and the way out again

What to know:
  - A program needs more than itself: the loader that it names and the libraries it loads must lie
    in the root by the same paths. execve(2) says ENOENT of a program that is there when its
    loader is not; this program looks first.
  - Nothing else changes. Processes, users, mounts, network and host name are the host's, and a
    directory that was open before is still open.
  - It is no wall: whoever has CAP_SYS_CHROOT inside walks out, and so does root.

See also: chroot(2), chroot(1), path_resolution(7), ldd(1)";

/// Run a command with another root directory
///
/// Every process has a directory at which paths that begin with "/" start. chroot(2) changes it.
/// The files of the host are not taken away: they have no name any more that begins with "/".
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// The directory that becomes /
    root: PathBuf,
    #[command(flatten)]
    command: Command,
    #[command(flatten)]
    telling: Telling,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    // ANCHOR: run
    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        let program = self.command.program();
        chroot::check(&self.root, &program)?;
        chroot::own_ids_if_needed(kernel)?;
        chroot::enter(kernel, &self.root)?;
        program.exec(kernel)
    }
    // ANCHOR_END: run
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
