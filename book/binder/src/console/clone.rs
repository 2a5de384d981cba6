//! A copy of the tree for the reader that we play: the files that git knows or would know, and the programs.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use nix::unistd::geteuid;

use super::programs;
use crate::place::Place;

/// Makes the copy, and gives the names of its files.
///
/// # Errors
/// git does not know the tree, or a file cannot be copied.
pub fn make(place: &Place, built: &Path, clone: &Path) -> Result<Vec<PathBuf>> {
    let files = files(&place.repository)?;
    for file in &files {
        copy(&place.repository.join(file), &clone.join(file))?;
    }
    let folder = clone.join("target/debug");
    fs::create_dir_all(&folder)?;
    for program in programs::in_folder(built)? {
        let there = folder.join(program.file_name().unwrap_or_default());
        // A link costs nothing. Root's may lead where the one who types must not go; an ordinary user types themselves.
        let link = || std::os::unix::fs::symlink(&program, &there);
        let linked = fs::hard_link(&program, &there).is_ok() || (!geteuid().is_root() && link().is_ok());
        if !linked {
            fs::copy(&program, &there).with_context(|| program.display().to_string())?;
        }
    }
    Ok(files)
}

/// The files of a tree that git knows, or would know if they were added.
///
/// # Errors
/// It is none of git's.
pub fn files(repository: &Path) -> Result<Vec<PathBuf>> {
    let mut command = Command::new("git");
    // Whoever tests need not own the tree.
    command.args(["-c", "safe.directory=*", "-C"]).arg(repository);
    command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = command.output().context("git")?;
    ensure!(listed.status.success(), "{command:?}: {}", String::from_utf8_lossy(&listed.stderr));
    let names = listed.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let files = names.map(|name| PathBuf::from(std::ffi::OsStr::from_bytes(name)));
    // One that was removed and not yet committed is listed too.
    Ok(files.filter(|file| repository.join(file).symlink_metadata().is_ok()).collect())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    let result = match from.read_link() {
        Ok(target) => std::os::unix::fs::symlink(target, to),
        // It may have been removed in the meantime, by somebody who works on it.
        Err(_) if !from.exists() => Ok(()),
        Err(_) => fs::copy(from, to).map(drop),
    };
    result.with_context(|| from.display().to_string())
}
