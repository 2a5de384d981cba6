//! The stages' programs, built as a reader builds them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::place::Place;

/// Set to a folder, the programs are there and need not be built: one builds for many.
pub const BUILT: &str = "BOXWRIGHT_BOOK_PROGRAMS";

/// Builds all programs of the stages as a reader does, and says where they are.
///
/// # Errors
/// They cannot be built, and none are there.
pub fn built(place: &Place) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(BUILT) {
        return Ok(folder.into());
    }
    build(place, &["stages"])
}

/// The same from a test: what `cargo test --workspace` has just built is asked for, and is there. As a reader builds
/// them, their dependencies would have other features, and all would be built once more.
///
/// # Errors
/// As [`built`].
pub fn built_for_tests(place: &Place) -> Result<PathBuf> {
    // Somebody's test in another package may be broken, and none of our business.
    build(place, &["build", "--workspace", "--bins", "--tests"]).or_else(|_| built(place))
}

fn build(place: &Place, words: &[&str]) -> Result<PathBuf> {
    let folder = place.target.join("debug");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(&place.repository).args(words).args(["--quiet", "--target-dir"]).arg(&place.target);
    // What cargo tells a program about its own package must not reach the build of the others.
    let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(told)) {
        command.env_remove(name);
    }
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(folder),
        Ok(output) => bail!("cargo {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr)),
        // Who has been given the tests alone has no cargo: then the programs must be there.
        Err(_) if folder.join("doctor").is_file() => Ok(folder),
        Err(error) => Err(error).context("cargo"),
    }
}

/// The programs among the files of this folder.
///
/// # Errors
/// It cannot be read.
pub fn in_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let is_program = |path: &PathBuf| path.is_file() && path.extension().is_none() && !path.ends_with(".cargo-lock");
    Ok(entries.flatten().map(|entry| entry.path()).filter(is_program).collect())
}
