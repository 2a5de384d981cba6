//! cargo(1), asked for programs.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

/// Whether cargo may download what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// The course's own crates, once.
    On,
    /// Never.
    Off,
}

/// The compiler refuses it: in the compiler's words.
#[derive(Clone, Debug)]
pub struct DoesNotCompile(pub String);

impl Display for DoesNotCompile {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for DoesNotCompile {}

/// Builds programs, each a package and a name, and says where they are.
pub(super) fn build(
    workspace: &Path,
    target: &Path,
    programs: &[(String, String)],
    network: Network,
) -> Result<BTreeMap<String, PathBuf>> {
    let mut command = command(workspace, target);
    if network == Network::Off {
        command.arg("--offline");
    }
    for (package, program) in programs {
        command.args(["--package", package, "--bin", program]);
    }
    let output = command.output().context("cargo cannot be run")?;
    if !output.status.success() {
        return Err(DoesNotCompile(words(&output)).into());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    Ok(messages.lines().filter_map(|line| executable(&serde_json::from_str(line).ok()?)).collect())
}

fn command(workspace: &Path, target: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace).args(["build", "--quiet", "--message-format", "json-render-diagnostics"]);
    command.arg("--target-dir").arg(target);
    command.args(["--color", if std::io::stderr().is_terminal() { "always" } else { "never" }]);
    // Nobody debugs these, and without it linking takes half the time.
    command.env("CARGO_PROFILE_DEV_DEBUG", "false");
    // What cargo told us about our own package must not reach the build of others.
    let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(told)) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim_end().to_owned()
}

fn executable(message: &Value) -> Option<(String, PathBuf)> {
    let target = message.get("target")?;
    let file = message["executable"].as_str().filter(|_| target["kind"] == serde_json::json!(["bin"]))?;
    Some((target["name"].as_str()?.to_owned(), PathBuf::from(file)))
}
