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
    // Beside its place, and then moved there: somebody else may be doing the same.
    let beside = tempfile::tempdir_in(folder).context("the forge cannot be written to")?;
    let own = beside.path().join("rootfs");
    let made = Command::new("sh").arg(&script).arg(&own).output().context("sh cannot be run")?;
    if !made.status.success() {
        bail!("{}: {}", script.display(), String::from_utf8_lossy(&made.stderr));
    }
    match fs::rename(&own, &rootfs) {
        Err(error) if !rootfs.is_dir() => Err(error).with_context(|| rootfs.display().to_string()),
        _ => Ok(rootfs),
    }
}
