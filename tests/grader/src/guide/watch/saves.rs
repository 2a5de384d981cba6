//! Who tells when a file is written.

use std::path::Path;
use std::sync::mpsc::Sender;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::statfs::statfs;
use notify::{Config, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

use super::Event;

/// File systems whose kernel does not see what others write: 9p (the drives of Windows under WSL), NFS, SMB, FUSE, vboxsf.
const SILENT: [i64; 6] = [0x0102_1997, 0x6969, 0xff53_4d42, 0xfe53_4d42, 0x6573_5546, 0x786f_4256];
const EVERY: Duration = Duration::from_secs(1);

/// Tells of every write below `folder`, for as long as the answer lives.
pub(super) fn tell(folder: &Path, poll: bool, sender: Sender<Event>) -> Result<Box<dyn Watcher>> {
    if !poll && !is_silent(folder) {
        let watcher = RecommendedWatcher::new(handler(sender.clone()), Config::default());
        if let Ok(mut watcher) = watcher
            && watcher.watch(folder, RecursiveMode::Recursive).is_ok()
        {
            return Ok(Box::new(watcher));
        }
    }
    super::super::tell("this file system does not tell when a file changes: looking every second");
    let config = Config::default().with_poll_interval(EVERY).with_compare_contents(true);
    let mut watcher = PollWatcher::new(handler(sender), config).context("nobody can watch the workbench")?;
    watcher.watch(folder, RecursiveMode::Recursive).with_context(|| folder.display().to_string())?;
    Ok(Box::new(watcher))
}

fn is_silent(folder: &Path) -> bool {
    statfs(folder).is_ok_and(|about| SILENT.contains(&about.filesystem_type().0))
}

fn handler(sender: Sender<Event>) -> impl Fn(notify::Result<notify::Event>) {
    move |event| {
        let is_change = event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_)));
        if is_change {
            // Nobody watches any more.
            let _ = sender.send(Event::Saved);
        }
    }
}
