//! Where the programs of the stages are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

/// Set to a directory, it is there that the programs are taken from. The judges know it too.
const JUDGED: &str = "BOXWRIGHT_JUDGED_BIN_DIR";

/// Programs by their names.
#[derive(Clone, Debug)]
pub struct Programs(BTreeMap<String, PathBuf>);

impl Programs {
    /// Has them built. `request` is what cargo is asked for: in a test the very build that `cargo test --workspace` has made,
    /// so that there is nothing left to do.
    ///
    /// # Errors
    /// cargo fails.
    pub fn build(repository: &Path, request: &[&str]) -> Result<Self> {
        if let Some(directory) = std::env::var_os(JUDGED) {
            return Self::found_in(Path::new(&directory));
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(repository).args(request).arg("--message-format=json-render-diagnostics");
        if let Some(target) = target_directory() {
            command.arg("--target-dir").arg(target);
        }
        // What cargo tells a test about its own package must not reach the build of the others.
        let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(told)) {
            command.env_remove(name);
        }
        let built = super::succeeded(command.stdin(Stdio::null()))?;
        let messages = String::from_utf8_lossy(&built.stdout).into_owned();
        let found = messages.lines().filter_map(|line| artifact(repository, &serde_json::from_str(line).ok()?));
        Ok(Self(found.collect()))
    }

    fn found_in(directory: &Path) -> Result<Self> {
        let entries = std::fs::read_dir(directory).with_context(|| format!("{JUDGED}={}", directory.display()))?;
        let files = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file());
        let named = files.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)));
        Ok(Self(named.collect()))
    }

    /// The file of a program.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn file(&self, name: &str) -> Result<&Path> {
        self.0.get(name).map(PathBuf::as_path).with_context(|| format!("there is no program {name}"))
    }
}

/// Where cargo builds: the directory above ours that cargo has marked as one that need not be backed up.
fn target_directory() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    here.ancestors().find(|above| above.join("CACHEDIR.TAG").exists()).map(Path::to_owned)
}

fn artifact(repository: &Path, message: &Value) -> Option<(String, PathBuf)> {
    let target = message.get("target")?;
    let is_of_a_stage = Path::new(target["src_path"].as_str()?).starts_with(repository.join("stages"));
    let is_program = target["kind"] == serde_json::json!(["bin"]) && message["profile"]["test"] == false;
    let file = message["executable"].as_str().filter(|_| is_program && is_of_a_stage)?;
    Some((target["name"].as_str()?.to_owned(), PathBuf::from(file)))
}
