//! The root file system when none is named: made once, from the host's own programs.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use overlay::Finder;

use crate::home;

/// The script that makes it, so that an installed boxwright needs no other file.
const SCRIPT: &str = include_str!("../../../rootfs-scripts/host.sh");

/// The layers that were named, checked; or the host's own root file system, made at first need.
///
/// # Errors
/// A layer is no directory; the root file system cannot be made.
pub fn layers(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    if named.is_empty() {
        return Ok(vec![from_host()?]);
    }
    let mut finder = Finder::default();
    named.iter().map(|layer| {
        let (found, about) = finder.find(layer).with_context(|| {
            format!("there is no root file system at {}; rootfs-scripts/ make some, and without a name the host's own programs are used", layer.display())
        })?;
        ensure!(about.is_dir(), "{} is not a directory; unpack an archive with unpack-layer first", layer.display());
        Ok(found)
    }).collect()
}

fn from_host() -> Result<PathBuf> {
    let target = home::home()?.join("rootfs/host");
    if target.is_dir() {
        return Ok(target);
    }
    eprintln!("boxwright: first run: making a root file system from this host's own programs, in {}", target.display());
    let mut shell = Command::new("sh")
        .args(["-s", "--"])
        .arg(&target)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("cannot start sh, which makes the root file system")?;
    if let Some(mut stdin) = shell.stdin.take() {
        stdin.write_all(SCRIPT.as_bytes()).context("sh ended before it had read the script")?;
    }
    let status = shell.wait()?;
    // Another boxwright may have been faster.
    if !status.success() && !target.is_dir() {
        bail!("the root file system could not be made; the lines above say why");
    }
    if std::io::stderr().is_terminal() {
        eprintln!("boxwright: made; it is used from now on, and `rm -r` of that directory makes it anew");
    }
    Ok(target)
}
