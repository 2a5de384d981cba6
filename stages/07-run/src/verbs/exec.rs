//! `boxwright exec`: one more process in a container that runs.

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use groundwork::Kernel;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{ForkResult, Pid};
use unshare::{Namespace, pid};

use crate::outside::{self, Outcome};
use crate::relay::{Child, Signals};
use crate::report::{self, Listener, Speaker};
use crate::spec::Spec;
use crate::state::Process;
use crate::streams::{self, Streams};
use crate::verbs::{run, running};
use crate::{limits, terminal, who};

const EXAMPLES: &str = "\
Examples:
  boxwright exec web                       a shell in the same container
  boxwright exec web -- ps aux             its processes, as they see each other
  boxwright exec -u 1000 -w /tmp web -- id
  boxwright exec --explain web -- true     how one gets in: one call for all namespaces

What to know:
  - It joins the cgroup and the namespaces of the container's first process, and takes its root.
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
    limits::join(kernel, &running)?;
    let single_id = unshare::user::is_needed();
    enter(kernel, running.process)?;
    let (listener, speaker) = report::pair()?;
    let signals = Signals::hold()?;
    match kernel.because("whoever enters a PID namespace stays outside: the next child will be inside").fork()? {
        ForkResult::Child => {
            drop((listener, signals));
            Ok(inside(kernel, &spec, single_id, &speaker)
                .unwrap_or_else(|error| streams::give_up(kernel, &speaker, &error)))
        }
        ForkResult::Parent { child } => {
            drop(speaker);
            attend(kernel, child, &signals, &listener)
        }
    }
}

/// Enters all namespaces of a process, and makes sure that it was this one all the time: a PID is given out again.
fn enter(kernel: &Kernel, process: Process) -> Result<()> {
    let held =
        kernel.because("while this does not say that it has ended, its PID is its own").pidfd_open(process.pid())?;
    ensure!(process.is_alive(), "the container has ended meanwhile");
    kernel
        .because("from the next step on we are seen inside: nobody shall look at our file and at what we have open")
        .prctl_set_undumpable()?;
    nsfs::enter_process(kernel, process.pid(), &Namespace::ALL)?;
    let mut asked = [PollFd::new(held.as_fd(), PollFlags::POLLIN)];
    let has_ended = !kernel.is_rehearsing() && poll(&mut asked, PollTimeout::ZERO)? > 0;
    ensure!(!has_ended, "the container has ended meanwhile");
    Ok(())
}

// ANCHOR: inside
fn inside(kernel: &Kernel, spec: &Spec, single_id: bool, speaker: &Speaker) -> Result<ExitCode> {
    pid::die_with_parent(kernel)?;
    kernel.because("permissions are meant as written, whatever mask the caller has").umask(0o022)?;
    let streams = if spec.terminal { Streams::Terminal } else { Streams::Ours };
    streams::take(kernel, &streams, speaker)?;
    who::become_user(kernel, spec.user, !single_id)?;
    streams::go_to(kernel, &spec.directory)?;
    streams::program(kernel, spec)?.exec(kernel)
}
// ANCHOR_END: inside

fn attend(kernel: &Kernel, pid: Pid, signals: &Signals, listener: &Listener) -> Result<ExitCode> {
    let pidfd = kernel.because("its end can be waited for together with signals and keys").pidfd_open(pid)?;
    let child = Child { pid, pidfd };
    match outside::attend(kernel, &child, signals, listener, || Ok(()))? {
        Outcome::Ended(waited) => Ok(waited.into()),
        Outcome::Failed(failure) => {
            eprint!("{}", failure.words);
            Ok(ExitCode::from(failure.status))
        }
        Outcome::Inside(status) => Ok(status),
        Outcome::Stayed => Ok(ExitCode::SUCCESS),
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
