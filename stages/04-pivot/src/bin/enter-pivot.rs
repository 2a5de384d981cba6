//! `enter-pivot ROOT -- COMMAND`: run a command with another root mount, and without the old one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use pivot::{Additions, Furniture};
use unshare::mount::Propagation;
use unshare::{ipc, mount, pid};

const EXAMPLES: &str = "\
Examples:
  rootfs-scripts/host.sh /tmp/box-root           a root made of this machine's own programs
  enter-pivot /tmp/box-root                      a shell in it
  enter-pivot /tmp/box-root -- findmnt           a handful of mounts: the host's are gone
  enter-pivot --read-only --tmpfs /tmp /tmp/box-root -- touch /tmp/yes /no
  enter-pivot --volume .:/mnt:ro /tmp/box-root -- ls /mnt
  enter-pivot --explain /tmp/box-root -- true    every call, and why

  cp target/debug/escape-chroot /tmp/box-root/   the walk out of stage 01
  enter-pivot /tmp/box-root -- /escape-chroot    leads nowhere

What to know:
  - A mount namespace of its own, so that the host's mounts stay as they are. A PID namespace, an IPC
    namespace and, for an ordinary user, a user namespace, because /proc and /dev/mqueue show them:
    the kernel gives new ones only to their owner.
  - Network, host name and cgroup are still the host's.
  - As root, the root inside is root of the host: it can still make a device node and open the disk
    with it. To an ordinary user the kernel leaves no such right.
  - Mount points must be there. Nothing is made in ROOT, except in /dev, which lives in memory.

See also: pivot_root(2), mount_namespaces(7), mount(2), switch_root(8)";

/// Run a command with another root mount, and without the old one
///
/// chroot(2) changes where paths begin, and leaves the old root where it was. pivot_root(2) moves the
/// root mount itself: the new one takes its place, and the old one can be unmounted. What is not
/// mounted cannot be walked to.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Options {
    /// The directory that becomes /
    root: PathBuf,
    #[command(flatten)]
    additions: Additions,
    /// Move the new root onto the old one, as an initial ramfs demands: a weaker wall
    #[arg(long)]
    no_pivot: bool,
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
        let root = pivot::find_root(&self.root)?;
        pivot::check_places(&root, &self.additions)?;
        pivot::with_right_to_mount(kernel, |maps| {
            ipc::own_ipc(kernel)?;
            pid::own_pids(kernel, || self.inside(kernel, &root, Furniture::of(maps)))
        })
    }
}

impl Options {
    // ANCHOR: inside
    fn inside(&self, kernel: &Kernel, root: &Path, furniture: Furniture) -> Result<ExitCode> {
        // EXERCISE pivot-6
        mount::own_mounts(kernel, Propagation::Private)?;
        pivot::make_mount_point(kernel, root)?;
        // While the host can still be seen.
        let additions = self.additions.hold(kernel)?;
        let dev = pivot::furnish(kernel, root, furniture)?;
        // From here on no path leads out.
        if self.no_pivot {
            pivot::move_onto(kernel, root)?
        } else {
            pivot::pivot_into(kernel, root)?
        }
        dev.attach(kernel)?;
        additions.attach(kernel)?;
        pivot::leave_three(kernel)?;
        self.command.program().exec(kernel)
        // END pivot-6
    }
    // ANCHOR_END: inside
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
