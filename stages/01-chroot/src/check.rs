//! A root looked at before it is entered: from inside, what is missing can no longer be told from what is hidden.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use groundwork::host::Here;
use groundwork::kernel::in_root;
use groundwork::refusal::interpreter_of;
use groundwork::{Program, WithHint};

// ANCHOR: check
/// That `root` is a directory, and that `program` can run in it: it is there, and so is the loader it names.
///
/// # Errors
/// A sentence on what is missing, and how a root file system is made.
pub fn check(root: &Path, program: &Program) -> Result<()> {
    // EXERCISE check-1
    check_directory(root)?;
    let command = program.find_in(root).with_context(|| root.display().to_string());
    let command = command.hint_with(|_| Some(how_to_get_it(root)))?;
    let Some(loader) = in_root(root, &command).and_then(|file| interpreter_of(&Here, &file)) else {
        return Ok(());
    };
    if in_root(root, &loader).is_some() {
        return Ok(());
    }
    let (command, loader) = (command.display(), loader.display());
    let missing = anyhow!("{}: {command} is there, but {loader}, which loads it, is not", root.display());
    Err(missing)
        .hint(format!("`ldd {command}` outside lists the libraries: each must lie in the root by the same path"))
    // END check-1
}
// ANCHOR_END: check

/// That `root` is a directory.
///
/// # Errors
/// A sentence on what it is instead, and how a root file system is made.
pub fn check_directory(root: &Path) -> Result<()> {
    let shown = root.display();
    let found = match std::fs::metadata(root) {
        Ok(about) if about.is_dir() => return Ok(()),
        Ok(_) => Err(anyhow!("{shown} is not a directory")),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(anyhow!("{shown}: there is no such directory")),
        Err(error) => Err(error).with_context(|| shown.to_string()),
    };
    found.hint(how_to_make(root))
}

fn how_to_get_it(root: &Path) -> String {
    if in_root(root, "/bin/sh".as_ref()).is_some() {
        return "copy it there, by the path it has outside, with the libraries that `ldd` lists for it".to_owned();
    }
    format!("is it a root file system? {}", how_to_make(root))
}

/// The line a person can copy.
fn how_to_make(root: &Path) -> String {
    let free = if root.exists() { Path::new("/tmp/box-root") } else { root };
    format!("`rootfs-scripts/host.sh {}` makes one of this machine's own programs", free.display())
}
