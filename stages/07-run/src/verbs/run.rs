//! `boxwright run`: from the command line to a container, and back to an exit status.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, ensure};
use cgroup::Limits;
use clap::Args;
use groundwork::Kernel;

use crate::background;
use crate::bundle::Bundle;
use crate::outside::{self, Outcome};
use crate::relay::Signals;
use crate::spec::{Mounted, Network, Spec};
use crate::streams::Streams;
use crate::{home, image, remove, terminal, who};

const EXAMPLES: &str = "\
Examples:
  boxwright run                                    a shell, on a root made of this host's programs
  boxwright run --rm -- ps aux                     one command, and nothing stays
  boxwright run --name web -d -- sleep 1000        in the background; `boxwright logs web`
  boxwright run --rm -v .:/src:ro -w /src -- ls    a directory of the host, to read only
  boxwright run --rm --memory 64M --pids 50 -- sh  walls around what it may use
  boxwright run --rm base change -- cat /etc/motd  a root of two layers
  boxwright run --rm --explain -- true             every call that makes a container, and why

What to know:
  - What the command writes stays with the container until `boxwright rm`, or until it ends with
    --rm. What it writes to a --volume stays on the host.
  - The command is PID 1 inside. With --init it is PID 2, below a process that passes signals on
    and waits for orphans.
  - As an ordinary user, root inside is you outside; other ids are those that /etc/subuid grants.
  - A limit needs a cgroup that was handed to you; `doctor --stage 06` says what this host has.

See also: namespaces(7), cgroups(7), pivot_root(2), boxwright --help";

/// Make a container and run a command in it
///
/// Without ROOTFS, the root is made from this host's own programs at the first run. Several are layers, the lowest
/// first. Nothing is written to them: what the container writes goes to a layer of its own.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Name the container [default: box- and six digits]
    #[arg(long)]
    name: Option<String>,
    /// Its host name [default: its name]
    #[arg(long)]
    hostname: Option<String>,
    /// Set a variable, or take it from our own environment
    #[arg(short, long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Start the command in this directory
    #[arg(short, long, value_name = "DIR", default_value = "/")]
    workdir: PathBuf,
    /// Run the command as this user, by number or by name in the image
    #[arg(short, long, value_name = "USER[:GROUP]", default_value = "0:0")]
    user: String,
    /// Show a directory or file of the host in the container
    #[arg(short, long, value_name = "SRC:DST[:ro]")]
    volume: Vec<OsString>,
    /// Mount an empty directory that vanishes with the container
    #[arg(long, value_name = "DST")]
    tmpfs: Vec<PathBuf>,
    /// Forbid writing to the root
    #[arg(long)]
    read_only: bool,
    /// Use ROOTFS itself, with no layer over it: what the command writes is written there
    #[arg(long)]
    in_place: bool,
    /// Make no cgroup: the container is then neither limited nor paused
    #[arg(long, conflicts_with = "Limits")]
    no_cgroup: bool,
    /// Which network it sees
    #[arg(long, value_enum, default_value_t)]
    network: Network,
    /// Run a small init as PID 1, which reaps orphans and passes signals on
    #[arg(long)]
    init: bool,
    /// Keep reading our standard input (as it does in the foreground anyway)
    #[arg(short, long)]
    interactive: bool,
    /// Give the command a terminal of its own (as it gets when we have one)
    #[arg(short, long, conflicts_with = "detach")]
    tty: bool,
    /// Run in the background, and print the name
    #[arg(short, long)]
    detach: bool,
    /// With --detach: no process of ours stays, so there is no log, and how it ends is not known
    #[arg(long, requires = "detach", conflicts_with = "rm")]
    unattended: bool,
    /// Remove the container when it ends
    #[arg(long)]
    rm: bool,
    #[command(flatten)]
    limits: Limits,
    /// A root file system, or its layers, lowest first
    #[arg(value_name = "ROOTFS|LAYER", help_heading = None::<&str>)]
    layers: Vec<PathBuf>,
    /// The command and its arguments [default: /bin/sh]
    #[arg(last = true, value_name = "COMMAND", help_heading = None::<&str>)]
    command: Vec<OsString>,
}

// ANCHOR: run
pub(super) fn run(kernel: &Kernel, options: &Options) -> Result<ExitCode> {
    let spec = options.spec()?;
    // From here on there is something to be taken away again.
    let signals = Signals::hold()?;
    let bundle = Bundle::create(kernel, &home::prepare(kernel)?, &spec)?;
    let outcome = if options.unattended {
        background::leave_alone(kernel, &spec, &bundle, &signals)
    } else if options.detach {
        background::run(kernel, &spec, &bundle, &signals)
    } else {
        let streams = if spec.terminal { Streams::Terminal } else { Streams::Ours };
        outside::run(kernel, &spec, &bundle, &streams, &signals, || Ok(()))
    };
    finish(kernel, &bundle, options.rm, outcome)
}
// ANCHOR_END: run

/// What the outcome means for us. A container that could not be made is not kept: there is nothing in it. One whose program
/// ran is kept, whatever went wrong with us afterwards.
fn finish(kernel: &Kernel, bundle: &Bundle, rm: bool, outcome: Result<Outcome>) -> Result<ExitCode> {
    let status = match outcome {
        Ok(Outcome::Inside(status)) => return Ok(status),
        Ok(Outcome::Stayed | Outcome::Alone) => ExitCode::SUCCESS,
        Ok(Outcome::Ended(waited)) => waited.into(),
        Ok(Outcome::Failed(failure)) => {
            remove::files(kernel, bundle)?;
            eprint!("{}", failure.words);
            return Ok(ExitCode::from(failure.status));
        }
        Err(error) => {
            if rm || !bundle.is_worth_keeping() {
                // The error that came first is the one to report.
                let _ = remove::files(kernel, bundle);
            }
            return Err(error);
        }
    };
    if rm {
        remove::files(kernel, bundle)?;
    }
    Ok(status)
}

impl Options {
    fn spec(&self) -> Result<Spec> {
        let name = self.name.clone().map_or_else(home::new_name, Ok)?;
        home::check_name(&name)?;
        let hostname = self.hostname.clone().unwrap_or_else(|| name.clone());
        ensure!(hostname.len() <= 64, "the host name {hostname:?} is longer than 64 bytes; see sethostname(2)");
        ensure!(self.workdir.is_absolute(), "{} is not absolute; --workdir begins with \"/\"", self.workdir.display());
        let layers = image::layers(&self.layers)?;
        ensure!(
            !self.in_place || self.layers.len() == 1,
            "--in-place takes one ROOTFS, because that is what the command writes to; without --in-place several are layers"
        );
        Ok(Spec {
            user: who::parse(&self.user, &layers)?,
            layers,
            hostname,
            name,
            command: if self.command.is_empty() { vec!["/bin/sh".into()] } else { self.command.clone() },
            variables: self.env.iter().filter_map(|text| variable(text)).collect(),
            directory: self.workdir.clone(),
            volumes: self.volume.iter().map(volume).collect::<Result<_>>()?,
            tmpfs: self.tmpfs.iter().map(|place| absolute(place)).collect::<Result<_>>()?,
            read_only: self.read_only,
            in_place: self.in_place,
            limits: self.limits.clone(),
            ephemeral: self.rm,
            has_cgroup: !self.no_cgroup,
            network: self.network,
            init: self.init,
            terminal: !self.detach && (self.tty || terminal::is_ours()),
            unattended: self.unattended,
        })
    }
}

/// NAME=VALUE, or NAME for what we have ourselves, if we have it.
pub(super) fn variable(text: &str) -> Option<(String, String)> {
    match text.split_once('=') {
        Some((name, value)) => Some((name.to_owned(), value.to_owned())),
        None => Some((text.to_owned(), std::env::var(text).ok()?)),
    }
}

fn volume(text: &OsString) -> Result<Mounted> {
    let volume = pivot::Volume::parse(text).with_context(|| format!("--volume {}", text.display()))?;
    let source = volume.source.canonicalize().map_err(|error| {
        anyhow!("--volume {}: {}: {error}; it must exist on this host", text.display(), volume.source.display())
    })?;
    Ok(Mounted { source, target: volume.target, read_only: volume.read_only })
}

fn absolute(place: &Path) -> Result<PathBuf> {
    ensure!(place.is_absolute(), "--tmpfs {}: the place inside begins with \"/\"", place.display());
    Ok(place.to_owned())
}
