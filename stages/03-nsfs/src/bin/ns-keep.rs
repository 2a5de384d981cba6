//! `ns-keep PID KIND FILE`: keep a namespace when its last process has gone.

#![expect(clippy::print_stdout, reason = "what is kept where is this program's answer")]

use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use nix::unistd::Pid;
use nsfs::link::kind_named;
use nsfs::{hold, keep};
use unshare::Namespace;

const EXAMPLES: &str = "\
Examples:
  ns-keep 1234 net /run/box-net              as `ip netns` does it; undone by ns-drop
  ns-keep --explain 1234 mnt /run/box-mnt    a mount namespace needs a private place
  ns-keep --hold 1234 net -- sleep 1h &      without any privilege, while sleep runs
  ns-enter /proc/$!/fd/3 -- ip address       and how to enter what it holds
  ns-show --kept                             what is kept on this host

What to know:
  - The mount needs CAP_SYS_ADMIN in the owner of the mount namespace: on the host, root. Inside
    `unshare-mount -- sh` every user may, and what they keep lives as long as those mounts do.
  - A mount namespace is kept only from an older one, or two could keep each other alive.
  - A PID namespace without its PID 1 can be kept and takes no process any more (ENOMEM).
  - A namespace keeps alive the user namespace that owns it.

See also: namespaces(7), \"Namespace lifetime\"; mount(2), unshare(1), ip-netns(8)";

/// Keep a namespace when its last process has gone
///
/// A namespace lives while something refers to it. A process in it does; so does a mount of its
/// file, and so does an open descriptor. ns-keep makes the mount; with --hold, the descriptor.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// A process that is in the namespace
    #[arg(value_parser = clap::value_parser!(i32).range(1..))]
    pid: i32,
    /// Which of its namespaces: user, mnt, uts, ipc, net, pid, cgroup or time
    #[arg(value_parser = kind_named)]
    kind: Namespace,
    /// Where to mount it; made when it is missing
    #[arg(required_unless_present = "hold", conflicts_with = "hold")]
    file: Option<PathBuf>,
    /// Mount over a file that has content, which is hidden until ns-drop
    #[arg(long, conflicts_with = "hold")]
    cover: bool,
    /// Hold it by a descriptor instead, open in COMMAND while that runs
    #[arg(long)]
    hold: bool,
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
        let pid = Pid::from_raw(self.pid);
        let Some(file) = &self.file else {
            return self.hold(kernel, pid);
        };
        if !self.command.command.is_empty() {
            bail!(
                "a mount holds the namespace without a command; say --hold in place of {}, or leave the command out",
                file.display()
            );
        }
        let kept = keep(kernel, pid, self.kind, file, self.cover)?;
        if let Some(identity) = kept.identity.filter(|_| !kernel.is_rehearsing()) {
            println!("{identity} is kept by {}", kept.path.display());
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Options {
    fn hold(&self, kernel: &Kernel, pid: Pid) -> Result<ExitCode> {
        let file = hold(kernel, pid, self.kind)?;
        if !kernel.is_rehearsing() {
            let (own, number) = (Pid::this(), file.as_raw_fd());
            eprintln!("ns-keep: while this runs, `ns-enter /proc/{own}/fd/{number} -- COMMAND` enters the namespace");
        }
        self.command.program().exec(kernel)
    }
}

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
