//! A container in the background: a process of ours stays as its parent, and nobody waits for that one.

use std::fs::{DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use groundwork::{Kernel, cli};
use nix::unistd::ForkResult;

use crate::bundle::Bundle;
use crate::limits;
use crate::outside::{self, Outcome};
use crate::relay::Signals;
use crate::report::{self, Heard, Listener, Speaker};
use crate::spec::Spec;
use crate::streams::{self, Streams};

// ANCHOR: background
/// Starts the container, and comes back once its program runs.
///
/// # Errors
/// Those of [`outside::run`].
pub fn run(kernel: &Kernel, spec: &Spec, bundle: &Bundle, signals: &Signals) -> Result<Outcome> {
    let log = Streams::Log(create_log(kernel, bundle)?.into());
    let (listener, speaker) = report::pair()?;
    match kernel.because("someone must wait for the container, and it shall not be the shell").fork()? {
        ForkResult::Child => {
            drop(listener);
            kernel.because("closing the terminal must not end what runs in the background").setsid()?;
            if !kernel.is_rehearsing() {
                pivot::close_inherited()?;
            }
            stay(kernel, spec, bundle, &log, signals, &speaker)
        }
        ForkResult::Parent { .. } => {
            drop(speaker);
            hear(kernel, spec, bundle, &listener)
        }
    }
}

/// The life of the process that stays.
fn stay(
    kernel: &Kernel,
    spec: &Spec,
    bundle: &Bundle,
    log: &Streams,
    signals: &Signals,
    speaker: &Speaker,
) -> Result<Outcome> {
    let started = || {
        // A thousand of us shall not weigh more than what they wait for.
        groundwork::memory::give_back();
        // Whoever hears this needs a processor: from here on we do as little as we can.
        speaker.started(kernel)?;
        speaker.fall_silent();
        streams::close_ours(kernel)
    };
    let outcome = outside::run(kernel, spec, bundle, log, signals, started);
    match &outcome {
        Ok(Outcome::Failed(failure)) => speaker.pass_on(kernel, failure)?,
        Err(error) => speaker.fail(kernel, error)?,
        Ok(_) => {}
    }
    outcome.map(|_| Outcome::Stayed)
}
// ANCHOR_END: background

/// Starts the container, and leaves it to itself.
///
/// # Errors
/// Those of [`outside::run`].
pub fn leave_alone(kernel: &Kernel, spec: &Spec, bundle: &Bundle, signals: &Signals) -> Result<Outcome> {
    let outcome = outside::run(kernel, spec, bundle, &Streams::Nowhere, signals, || Ok(()))?;
    Ok(if matches!(outcome, Outcome::Alone) { announce(spec) } else { outcome })
}

/// Whether the name is printed or not: the container runs.
fn announce(spec: &Spec) -> Outcome {
    let printed = writeln!(std::io::stdout(), "{}", spec.name).context("cannot print the name");
    Outcome::Inside(printed.map_or_else(|error| cli::report(&error), |()| ExitCode::SUCCESS))
}

fn hear(kernel: &Kernel, spec: &Spec, bundle: &Bundle, listener: &Listener) -> Result<Outcome> {
    match listener.hear(kernel, "we leave once the program runs, and not before")? {
        Heard::Started => Ok(announce(spec)),
        Heard::Failure(failure) => Ok(Outcome::Failed(failure)),
        Heard::Silence | Heard::Terminal(_) => {
            limits::remove(kernel, bundle, &bundle.without_parent()?)?;
            bail!("the process that should have stayed has ended without a word: somebody killed it")
        }
    }
}

fn create_log(kernel: &Kernel, bundle: &Bundle) -> Result<File> {
    let path = if kernel.is_rehearsing() { "/dev/null".into() } else { bundle.log() };
    if !kernel.is_rehearsing() {
        // One that writes nothing has no directory yet.
        DirBuilder::new().recursive(true).mode(0o700).create(bundle.directory())?;
    }
    let mut options = File::options();
    options.append(true).create(true).open(&path).with_context(|| format!("cannot write {}", path.display()))
}
