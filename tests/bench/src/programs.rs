//! What is measured is built as it is installed: for release, and as one file where the host has a static C library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Copies of the programs, so that nobody builds others in their place meanwhile.
#[derive(Clone, Debug)]
pub struct Programs {
    /// Ours.
    pub boxwright: PathBuf,
    /// The floor.
    pub floor: PathBuf,
    /// True when they need no library.
    pub are_static: bool,
}

const STATIC: &str = "target-feature=+crt-static";

/// The repository that this program was built in.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    here.canonicalize().unwrap_or(here)
}

/// cargo, in the repository.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(repository()).stdin(Stdio::null());
    command
}

impl Programs {
    /// Those that somebody else has built.
    pub fn in_directory(directory: &Path) -> Self {
        Self { boxwright: directory.join("boxwright"), floor: directory.join("floor"), are_static: false }
    }

    /// Builds both into this directory.
    ///
    /// # Errors
    /// cargo builds neither.
    pub fn build(directory: &Path) -> Result<Self> {
        let boxwright = build(&["-p", "runtime", "--bin", "boxwright"], directory, true);
        let are_static = boxwright.is_ok();
        let boxwright = boxwright.or_else(|_| build(&["-p", "runtime", "--bin", "boxwright"], directory, false))?;
        let floor = build(&["-p", "bench", "--bin", "floor"], directory, are_static)?;
        Ok(Self { boxwright, floor, are_static })
    }
}

/// A program of a stage, as one file where that can be.
///
/// # Errors
/// cargo does not build it.
pub fn build_static(package: &str, program: &str, directory: &Path) -> Result<PathBuf> {
    let what = ["-p", package, "--bin", program];
    build(&what, directory, true).or_else(|_| build(&what, directory, false))
}

/// An example of this package.
///
/// # Errors
/// cargo does not build it.
pub fn build_example(name: &str, directory: &Path) -> Result<PathBuf> {
    build(&["-p", "bench", "--example", name], directory, false)
}

fn build(what: &[&str], directory: &Path, is_static: bool) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["rustc", "--release", "--quiet", "--message-format=json"]).args(what);
    let built = command.args(is_static.then_some(["--", "-C", STATIC]).into_iter().flatten()).output()?;
    let Some(made) = executable(&built.stdout) else {
        bail!("cargo did not build {}: {}", what.join(" "), String::from_utf8_lossy(&built.stderr))
    };
    fs::create_dir_all(directory)?;
    let copy = directory.join(made.file_name().unwrap_or_default());
    fs::copy(&made, &copy).with_context(|| made.display().to_string())?;
    Ok(copy)
}

/// Which program cargo says that it has made.
pub fn executable(messages: &[u8]) -> Option<PathBuf> {
    let messages = String::from_utf8_lossy(messages);
    let mut parsed = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    parsed.find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
}

/// A root file system made from this host's programs, without a network.
///
/// # Errors
/// The script says why.
pub fn root(directory: &Path) -> Result<PathBuf> {
    let script = repository().join("rootfs-scripts/host.sh");
    let made = Command::new("sh").arg(script).arg(directory).stdin(Stdio::null()).output()?;
    if !made.status.success() {
        bail!("host.sh made no root file system: {}", String::from_utf8_lossy(&made.stderr));
    }
    Ok(directory.to_owned())
}
