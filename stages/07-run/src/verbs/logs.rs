//! `boxwright logs`: what a container in the background has said.

use std::fs::File;
use std::io::{Write, copy};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::home;
use crate::state::Standing;

const EXAMPLES: &str = "\
Examples:
  boxwright logs web             what it has written so far, to stdout and stderr alike
  boxwright logs --follow web    and what it writes until it ends

What to know:
  - Only a container that runs in the background (--detach) has a log. Any other writes where you
    see it.

See also: stdio(3), tail(1)";

/// Print what a container in the background has written
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Go on until the container ends
    #[arg(short, long)]
    follow: bool,
    /// The container
    name: String,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let bundle = home::find(&options.name)?;
    let mut log = match File::open(bundle.log()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("{} has no log; only `boxwright run --detach` keeps one, and not with --unattended", options.name)
        }
        log => log.context("cannot read the log")?,
    };
    let watch = Inotify::init(InitFlags::IN_CLOEXEC)?;
    watch.add_watch(&bundle.log(), AddWatchFlags::IN_MODIFY)?;
    // A note of the parent modifies it; its removal changes the number of its names.
    watch.add_watch(&bundle.record_path(), AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_ATTRIB)?;
    let mut stdout = std::io::stdout().lock();
    loop {
        // Asked before reading: what is written between the two is read, and not missed.
        let runs = bundle.exists() && matches!(bundle.standing()?, Standing::Running(_));
        copy(&mut log, &mut stdout)?;
        stdout.flush()?;
        if !options.follow || !runs {
            return Ok(ExitCode::SUCCESS);
        }
        watch.read_events()?;
    }
}
