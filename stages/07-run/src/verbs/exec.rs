//! `boxwright exec`: one more process in a container that runs.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use cgroup::{Birth, Cgroup};
use clap::Args;
use groundwork::Kernel;
use groundwork::kernel::Born;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;
use unshare::{Namespace, pid};

use crate::outside::{self, Outcome};
use crate::relay::{Child, Signals};
use crate::report::{self, Listener, Speaker};
use crate::spec::Spec;
use crate::state::{Process, Running};
use crate::streams::{self, Streams};
use crate::verbs::{run, running};
use crate::{limits, start, terminal, who};

const HAS_ENDED: &str = "the container has ended meanwhile";

const EXAMPLES: &str = "\
Examples:
  boxwright exec web                       a shell in the same container
  boxwright exec web -- ps aux             its processes, as they see each other
  boxwright exec -u 1000 -w /tmp web -- id
  boxwright exec --explain web -- true     how one gets in

What to know:
  - It is born in the cgroup of the container's first process, enters its namespaces and takes its root.
  - It is not a child of that process, and ends with it: when PID 1 ends, so does everyone.

See also: setns(2), pidfd_open(2), namespaces(7)";

/// Run another command in a container that runs
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Set a variable, or take it from our own environment
    #[arg(short, long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Start the command in this directory [default: the container's]
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<PathBuf>,
    /// Run the command as this user [default: the container's]
    #[arg(short, long, value_name = "USER[:GROUP]")]
    user: Option<String>,
    /// Keep reading our standard input (as it does anyway)
    #[arg(short, long)]
    interactive: bool,
    /// Give the command a terminal of its own (as it gets when we have one)
    #[arg(short, long)]
    tty: bool,
    /// The container
    name: String,
    /// The command and its arguments [default: /bin/sh]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(super) fn run(kernel: &Kernel, options: &Options) -> Result<ExitCode> {
    let (bundle, running) = running(&options.name)?;
    let spec = options.spec(bundle.spec()?)?;
    ensure!(!limits::is_paused(&running), "{0} is paused; `boxwright unpause {0}` first", options.name);
    let streams = if spec.terminal { Streams::Terminal } else { Streams::Ours };
    let single_id = unshare::user::is_needed();
    let container = hold(kernel, &running)?;
    nsfs::enter_held(kernel, container.process.pid(), Some(&container.held), &container.on_the_way)?;
    let (listener, speaker) = report::pair()?;
    let signals = Signals::hold()?;
    let Birth { born, is_inside } = give_birth(kernel, container.cgroup.as_ref())?;
    match born {
        Born::Child => {
            drop((listener, signals));
            Ok(enter(kernel, &container, is_inside)
                .and_then(|()| become_program(kernel, &spec, &streams, single_id, &speaker))
                .unwrap_or_else(|error| start::give_up(kernel, &speaker, &error)))
        }
        Born::Parent { child, pidfd } => {
            drop(speaker);
            attend(kernel, &Child { pid: child, pidfd }, &streams, &signals, &listener)
        }
    }
}

/// A container that runs.
struct Container {
    /// Its first process.
    process: Process,
    /// The same: a PID is given out again, and this is not.
    held: OwnedFd,
    /// The namespaces that the parent enters: that of the users gives the right to all others, and into that of the PIDs one
    /// is born.
    on_the_way: Vec<Namespace>,
    /// Those that are left for the child.
    inside: Vec<Namespace>,
    cgroup: Option<Cgroup>,
}

fn hold(kernel: &Kernel, running: &Running) -> Result<Container> {
    let cgroup = limits::birthplace(kernel, running)?;
    let process = running.process;
    let held =
        kernel.because("while this does not say that it has ended, its PID is its own").pidfd_open(process.pid())?;
    ensure!(process.is_alive(), HAS_ENDED);
    kernel
        .because("our child will be seen inside: nobody shall look at our file and at what we have open")
        .prctl_set_undumpable()?;
    let is_on_the_way = |kind: &Namespace| matches!(kind, Namespace::User | Namespace::Pid);
    let (on_the_way, inside) = nsfs::to_enter(process.pid(), &Namespace::ALL).into_iter().partition(is_on_the_way);
    Ok(Container { process, held, on_the_way, inside, cgroup })
}

// ANCHOR: inside
/// In the container's PID namespace, which takes only children, and in its cgroup2.
fn give_birth(kernel: &Kernel, cgroup: Option<&Cgroup>) -> Result<Birth> {
    match cgroup {
        Some(cgroup) => cgroup.birth(kernel),
        None => {
            let reason = "whoever enters a PID namespace stays outside: the next child will be inside";
            Ok(Birth { born: kernel.because(reason).clone(CloneFlags::empty())?, is_inside: false })
        }
    }
}

/// Enters what a process can enter itself: cgroups while their files can be seen, then namespaces.
fn enter(kernel: &Kernel, container: &Container, is_inside: bool) -> Result<()> {
    let Container { process, held, inside, cgroup, .. } = container;
    pid::die_with_parent(kernel)?;
    if let Some(cgroup) = cgroup {
        cgroup.enter(kernel, is_inside)?;
    }
    nsfs::enter_held(kernel, process.pid(), Some(held), inside)?;
    let mut asked = [PollFd::new(held.as_fd(), PollFlags::POLLIN)];
    let has_ended = !kernel.is_rehearsing() && poll(&mut asked, PollTimeout::ZERO)? > 0;
    ensure!(!has_ended, HAS_ENDED);
    Ok(())
}

fn become_program(
    kernel: &Kernel,
    spec: &Spec,
    streams: &Streams,
    single_id: bool,
    speaker: &Speaker,
) -> Result<ExitCode> {
    kernel.because("permissions are meant as written, whatever mask the caller has").umask(0o022)?;
    streams::take(kernel, streams, speaker)?;
    who::become_user(kernel, spec.user, !single_id)?;
    start::go_to(kernel, &spec.directory)?;
    start::program(kernel, spec)?.exec(kernel)
}
// ANCHOR_END: inside

fn attend(
    kernel: &Kernel,
    child: &Child,
    streams: &Streams,
    signals: &Signals,
    listener: &Listener,
) -> Result<ExitCode> {
    match outside::attend(kernel, child, streams, signals, listener, || Ok(()))? {
        Outcome::Ended(waited) => Ok(waited.into()),
        Outcome::Failed(failure) => {
            eprint!("{}", failure.words);
            Ok(ExitCode::from(failure.status))
        }
        Outcome::Inside(status) => Ok(status),
        Outcome::Stayed | Outcome::Alone => Ok(ExitCode::SUCCESS),
    }
}

impl Options {
    /// The container's own wishes, and over them those of this command.
    fn spec(&self, spec: Spec) -> Result<Spec> {
        let user = self.user.as_ref().map(|user| who::parse(user, &spec.layers)).transpose()?;
        let mut variables = spec.variables.clone();
        variables.extend(self.env.iter().filter_map(|text| run::variable(text)));
        Ok(Spec {
            user: user.unwrap_or(spec.user),
            directory: self.workdir.clone().unwrap_or(spec.directory),
            command: if self.command.is_empty() { vec!["/bin/sh".into()] } else { self.command.clone() },
            terminal: self.tty || terminal::is_ours(),
            variables,
            ..spec
        })
    }
}
