//! `enter-overlay --layer DIR… [--state DIR] -- COMMAND`: run a command in a root of layers that stay as they are.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use overlay::{InitLayer, State};
use pivot::{Additions, Furniture};
use unshare::mount::Propagation;
use unshare::{ipc, mount};

const EXAMPLES: &str = "\
Examples:
  rootfs-scripts/host.sh base                      a layer made of this machine's own programs
  enter-overlay --layer base                       a shell on it; whatever you do, base stays as it is
  enter-overlay --layer base --state box -- sh -c 'echo hello >/etc/motd; rm /bin/cat'
  find box/upper -ls                               what that changed: etc/motd is there, and cat is
                                                   a device 0:0, which says `gone`
  enter-overlay --layer base --state box -- cat    no such command: the state was kept
  commit-layer box change.tar && unpack-layer change.tar app
  enter-overlay --layer base --layer app           the change as a layer, shared by as many as you like

What to know:
  - The first --layer is the lowest. A file is copied up, whole, before its first change.
  - STATE has three directories: `upper` is what was written, `work` is the kernel's, `init` is what
    belongs to this container and to no image, such as /etc/hosts and the mount points.
  - Without --state there is one for as long as the command runs, in $TMPDIR.
  - mount(2) takes one page of options, which many layers overflow: they are then named one by one.

See also: mount(2), fsopen(2), unpack-layer(1), commit-layer(1); overlayfs in the kernel's documentation";

/// Run a command in a root of layers that stay as they are
///
/// overlayfs shows several directories as one. What is read comes from the uppermost that has it;
/// what is written goes to one more directory on top, and the layers below stay as they are. So one
/// image serves any number of containers, and each holds only what it has changed.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Options {
    /// A layer, the lowest first. May be given again
    #[arg(long, value_name = "DIR", required = true)]
    layer: Vec<PathBuf>,
    /// Keep what the command changes here; made if it is not there [default: removed in the end]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    #[command(flatten)]
    additions: Additions,
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
        let layers = overlay::find_layers(&self.layer)?;
        let places = pivot::places_in_root(&self.additions)?;
        let of_others = overlay::of_others(&layers);
        pivot::with_right_to_mount(kernel, |maps| {
            overlay::note_strangers(&of_others, maps);
            let furniture = Furniture::of(maps);
            let state = State::open(kernel, self.state.as_deref(), &layers, furniture.rootless)?;
            let init = InitLayer::of_this_host(places, furniture.rootless);
            ipc::own_ipc(kernel)?;
            state.lend(kernel, |state| self.inside(kernel, layers, state, &init, furniture))
        })
    }
}

impl Options {
    // ANCHOR: inside
    fn inside(
        &self,
        kernel: &Kernel,
        layers: Vec<PathBuf>,
        state: &State,
        init: &InitLayer,
        furniture: Furniture,
    ) -> Result<ExitCode> {
        let root = state.directory();
        mount::own_mounts(kernel, Propagation::Private)?;
        let stack = state.stack(kernel, layers, init)?;
        overlay::mount(kernel, &stack, root)?;
        // While the host can still be seen.
        let additions = self.additions.hold(kernel)?;
        let dev = pivot::furnish(kernel, root, furniture)?;
        // From here on no path leads out.
        pivot::pivot_into(kernel, root)?;
        dev.attach(kernel)?;
        additions.attach(kernel)?;
        pivot::leave_three(kernel)?;
        self.command.program().exec(kernel)
    }
    // ANCHOR_END: inside
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
