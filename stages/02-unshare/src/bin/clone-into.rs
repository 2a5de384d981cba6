//! `clone-into --kinds KIND,… -- COMMAND`: run a command that is born inside new namespaces.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use groundwork::kernel::Born;
use nix::sched::CloneFlags;
use nix::unistd::Pid;
use unshare::child::{die_with, quietly, see_out, wait_outside};
use unshare::mount::{Propagation, set_propagation};
use unshare::user::{self, Maps};
use unshare::{Handshake, Namespace, born_inside, namespace, net, pid};

const EXAMPLES: &str = "\
Examples:
  clone-into -- ls -l /proc/self/ns              every kind at once, none of them the host's
  clone-into --kinds uts -- sh -c 'hostname inside; hostname'
                                                 rename what is now your own
  clone-into --kinds pid,mount -- ps ax          PID 1 and its own /proc
  clone-into --explain -- true                   compare with unshare-pid: one call instead of many

What to know:
  - unshare(2) moves a living process, one kind after another; what it did before, it did outside.
    clone3(2) makes a process that has never been outside.
  - The user namespace comes first whatever the order of the names: the kernel makes the others
    inside it.
  - Who fills the maps of the new user namespace? The parent, who is outside and has the rights
    there. So the child waits.
  - Where clone3(2) is missing (before Linux 5.3, or behind a seccomp filter), clone(2) does the
    same for all kinds but `time`.

See also: clone(2), namespaces(7), user_namespaces(7)";

const NO_TIME: &str = "blocked: without clone3(2) nobody is born into a time namespace; \
                       use unshare-time, which makes one with unshare(2)";

/// Run a command that is born inside new namespaces
///
/// fork(2) copies a process with everything it shares with others. clone3(2) is the same call with
/// a list of what the copy shall not share. As an ordinary user, `user` is always among it.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// The kinds of namespace to be born into [default: all that this kernel knows]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<Namespace>,
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
        let (outer, inner) = Handshake::pair()?;
        let birth = born_inside(kernel, self.flags(), None)?;
        let is_in = |kind: Namespace| birth.kinds.contains(kind.flag());
        let lacks_time = self.kinds.contains(&Namespace::Time) && !is_in(Namespace::Time);
        match birth.born {
            Born::Child => {
                drop(outer);
                quietly(settle(kernel, is_in, &inner).and_then(|()| self.command.program().exec(kernel)))
            }
            Born::Parent { child, .. } => {
                drop(inner);
                let prepared = if lacks_time { Err(anyhow!(NO_TIME)) } else { prepare(kernel, is_in, child, &outer) };
                see_out(outer, prepared, || wait_outside(kernel, child))
            }
        }
    }
}

impl Options {
    fn flags(&self) -> CloneFlags {
        let known = || Namespace::ALL.into_iter().filter(|kind| namespace::is_known(*kind)).collect();
        let mut kinds: Vec<_> = if self.kinds.is_empty() { known() } else { self.kinds.clone() };
        if user::is_needed() {
            kinds.push(Namespace::User);
        }
        kinds.iter().fold(CloneFlags::empty(), |flags, kind| flags | kind.flag())
    }
}

// ANCHOR: prepare
/// The parent's part: what can be done only from outside.
fn prepare(kernel: &Kernel, is_in: impl Fn(Namespace) -> bool, child: Pid, ready: &Handshake) -> Result<()> {
    // EXERCISE born-1
    if is_in(Namespace::User) {
        user::write_maps(kernel, Some(child), &Maps::only_me())?;
    }
    ready.release(kernel, "all that only the parent can do is done")
    // END born-1
}

/// The child's part: being born inside is not enough where a namespace begins empty, or as a copy.
fn settle(kernel: &Kernel, is_in: impl Fn(Namespace) -> bool, ready: &Handshake) -> Result<()> {
    // EXERCISE born-1
    ready.wait(kernel, "what only the parent can do comes first: an id that is not mapped may do nothing")?;
    if is_in(Namespace::User) {
        user::become_root(kernel)?;
    }
    die_with(kernel, ready)?;
    if is_in(Namespace::Mount) {
        set_propagation(kernel, Propagation::Private, "/".as_ref())?;
    }
    if is_in(Namespace::Mount) && is_in(Namespace::Pid) {
        pid::own_proc(kernel)?;
    }
    if is_in(Namespace::Net) {
        net::bring_up_loopback(kernel)?;
    }
    Ok(())
    // END born-1
}
// ANCHOR_END: prepare

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
