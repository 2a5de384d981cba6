//! A root file system of this host's own programs, made once and shown to every sandbox.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Its path; made anew when the script has changed.
pub(super) fn made(course: &Path, folder: &Path, tell: &dyn Fn(&str)) -> Result<PathBuf> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let script = course.join("rootfs-scripts/host.sh");
    let mut hasher = DefaultHasher::new();
    fs::read(&script).with_context(|| script.display().to_string())?.hash(&mut hasher);
    let rootfs = folder.join(format!("rootfs-{:016x}", hasher.finish()));
    if rootfs.is_dir() {
        return Ok(rootfs);
    }
    tell("making a root file system of this host's own programs");
    let made = Command::new("sh").arg(&script).arg(&rootfs).output().context("sh cannot be run")?;
    if !made.status.success() {
        bail!("{}: {}", script.display(), String::from_utf8_lossy(&made.stderr));
    }
    Ok(rootfs)
}
