//! `boxwright commit`: what a container has written becomes a layer that others can be made on.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use cgroup::Cgroup;
use clap::Args;
use groundwork::{Kernel, cli};
use overlay::{CommitOptions, Owners, Report, Signals};

use crate::bundle::Bundle;
use crate::state::Standing;
use crate::{home, limits};

const EXAMPLES: &str = "\
Examples:
  boxwright run --name box base -- sh -c 'echo hello >/etc/motd'
  boxwright commit box change.tar               what was changed, and nothing else
  unpack-layer change.tar change && boxwright run --rm base change -- cat /etc/motd
  boxwright commit box - | tar -tv              only to look

What to know:
  - A container that runs is held still while it is read.
  - Volumes are not part of it: what was written there is on the host already.

See also: tar(5), commit-layer --help; OCI image specification, layer.md; xattr(7)";

/// Write a container's changes to FILE, as a layer in the form of the OCI image specification
///
/// What belongs to the container alone stays out: its host name, its hosts file, and who resolves names for it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The container
    name: String,
    /// The archive to write, or "-" for standard output
    #[arg(value_name = "FILE")]
    archive: PathBuf,
}

// ANCHOR: commit
pub(super) fn run(kernel: &Kernel, options: &Options) -> Result<ExitCode> {
    let bundle = home::find(&options.name)?;
    ensure!(
        bundle.upper().is_dir(),
        "{} has no layer of its own to write to (it was run with --read-only or --in-place)",
        options.name
    );
    // From before it is held still: a signal that ended us would leave it so for ever.
    let signals = Signals::hold(kernel)?;
    let _still = hold_still(kernel, &bundle)?;
    overlay::with_every_owner(kernel, |owners| {
        options.write(kernel, &bundle, owners, signals).or_else(overlay::or_interrupted)
    })
}

/// A container that runs is held still, so that no file changes while it is read.
fn hold_still<'a>(kernel: &'a Kernel, bundle: &Bundle) -> Result<Option<Still<'a>>> {
    let Standing::Running(running) = bundle.standing()? else { return Ok(None) };
    if limits::is_paused(&running) {
        return Ok(None);
    }
    let name = bundle.name();
    let cgroup =
        limits::of(bundle, &running).with_context(|| format!("{name} runs and cannot be held still; stop it first"))?;
    let still = Still { kernel, cgroup };
    still.cgroup.freeze(kernel)?;
    Ok(Some(still))
}

/// Whoever is held still goes on when this is dropped, however we come to that.
struct Still<'a> {
    kernel: &'a Kernel,
    cgroup: Cgroup,
}

impl Drop for Still<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.cgroup.thaw(self.kernel) {
            eprint!("{}", cli::in_words(&error));
        }
    }
}
// ANCHOR_END: commit

impl Options {
    fn write(&self, kernel: &Kernel, bundle: &Bundle, owners: Owners, signals: Signals) -> Result<ExitCode> {
        let options = CommitOptions { owners, init: Some(bundle.init()), latest: None };
        let report = if kernel.is_rehearsing() {
            overlay::commit(&bundle.upper(), io::sink(), &options)?
        } else if self.archive == Path::new("-") {
            overlay::commit(&bundle.upper(), BufWriter::new(signals.interrupt(io::stdout().lock())), &options)?
        } else {
            self.write_file(bundle, &options, signals)?
        };
        eprint!("{}", report.left_out_in_words());
        Ok(ExitCode::SUCCESS)
    }

    /// Beside its place first: whoever finds the archive finds all of it.
    fn write_file(&self, bundle: &Bundle, options: &CommitOptions, signals: Signals) -> Result<Report> {
        let mut beside = self.archive.clone().into_os_string();
        beside.push(format!(".{}", std::process::id()));
        let written = File::create_new(&beside)
            .context("cannot write the archive")
            .and_then(|file| overlay::commit(&bundle.upper(), BufWriter::new(signals.interrupt(file)), options))
            .and_then(|report| fs::rename(&beside, &self.archive).map(|()| report).context("cannot write the archive"));
        written.inspect_err(|_| drop(fs::remove_file(&beside))).with_context(|| self.archive.display().to_string())
    }
}
