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
    /// Builds both into this directory.
    ///
    /// # Errors
    /// cargo builds neither.
    pub fn build(directory: &Path) -> Result<Self> {
        let boxwright = build("runtime", "boxwright", directory, true);
        let are_static = boxwright.is_ok();
        let boxwright = boxwright.or_else(|_| build("runtime", "boxwright", directory, false))?;
        let floor = build("bench", "floor", directory, are_static)?;
        Ok(Self { boxwright, floor, are_static })
    }
}

fn build(package: &str, program: &str, directory: &Path, is_static: bool) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["rustc", "--release", "--quiet", "-p", package, "--bin", program, "--message-format=json"]);
    let built = command.args(is_static.then_some(["--", "-C", STATIC]).into_iter().flatten()).output()?;
    let messages = String::from_utf8_lossy(&built.stdout);
    let made = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| Some(message["executable"].as_str()?.to_owned()));
    let Some(made) = made else { bail!("cargo built no {program}: {}", String::from_utf8_lossy(&built.stderr)) };
    fs::create_dir_all(directory)?;
    let copy = directory.join(program);
    fs::copy(&made, &copy).with_context(|| made.clone())?;
    Ok(copy)
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
