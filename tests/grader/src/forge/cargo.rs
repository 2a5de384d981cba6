//! cargo(1), asked for programs.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The compiler refuses it: in the compiler's words.
#[derive(Clone, Debug)]
pub struct DoesNotCompile(pub String);

impl Display for DoesNotCompile {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for DoesNotCompile {}

/// Where the compiler lies.
#[derive(Clone, Debug)]
pub(super) struct Toolchain {
    /// The folder with `bin/` and `lib/` in it.
    pub(super) sysroot: PathBuf,
    pub(super) cargo: PathBuf,
    pub(super) rustc: PathBuf,
    /// Where crates were downloaded to.
    pub(super) home: PathBuf,
    /// What this host is called: `x86_64-unknown-linux-gnu`.
    host: String,
}

/// What is to be built.
pub(super) struct Request<'a> {
    pub(super) workspace: &'a Path,
    pub(super) target: &'a Path,
    /// Each a package and a name.
    pub(super) programs: &'a [(String, String)],
}

impl Toolchain {
    /// The one that builds this workspace.
    pub(super) fn find() -> Result<Self> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(&rustc).args(["--print", "sysroot"]).output().context("there is no rustc")?;
        let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if !output.status.success() || !sysroot.is_dir() {
            bail!("rustc --print sysroot: {}", String::from_utf8_lossy(&output.stderr));
        }
        let about = Command::new(&rustc).arg("-vV").output().context("there is no rustc")?;
        let about = String::from_utf8_lossy(&about.stdout).into_owned();
        let host = about.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV names no host")?;
        let own = |name: &str| Some(sysroot.join("bin").join(name)).filter(|file| file.exists());
        let cargo = std::env::var_os("CARGO").map(PathBuf::from).or_else(|| own("cargo")).or_else(|| on_path("cargo"));
        let user = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
        Ok(Self {
            cargo: cargo.context("there is no cargo")?,
            rustc: own("rustc").or_else(|| on_path("rustc")).context("there is no rustc")?,
            home: std::env::var_os("CARGO_HOME").map(PathBuf::from).or(user).context("there is no CARGO_HOME")?,
            host: host.to_owned(),
            sysroot,
        })
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

impl Request<'_> {
    pub(super) fn arguments(&self) -> Vec<String> {
        let colour = if std::io::stderr().is_terminal() { "always" } else { "never" };
        let mut words = ["build", "--quiet", "--message-format", "json-render-diagnostics", "--color", colour]
            .map(str::to_owned)
            .to_vec();
        words.extend(["--target-dir".to_owned(), self.target.display().to_string()]);
        for (package, program) in self.programs {
            words.extend(["--package", package, "--bin", program].map(str::to_owned));
        }
        words
    }
}

/// Downloads what the course needs and this host lacks; the one thing that is done outside of the sandbox.
pub(super) fn fetch(toolchain: &Toolchain, workspace: &Path) -> Result<()> {
    let fetch = |words: &[&str]| {
        let mut command = Command::new(&toolchain.cargo);
        command.current_dir(workspace).args(["fetch", "--quiet", "--target", &toolchain.host]).args(words);
        command.env("RUSTC", &toolchain.rustc).stdin(Stdio::null()).output().context("cargo cannot be run")
    };
    if fetch(&["--offline"])?.status.success() {
        return Ok(());
    }
    let output = fetch(&[])?;
    if !output.status.success() {
        bail!("cargo fetch: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(())
}

/// What cargo is told inside the sandbox and outside of it: otherwise each would build anew what the other has built. Nobody
/// debugs these programs, and without it linking takes half the time; one file of many differs from one hand-in to the next.
pub(super) const SETTINGS: [(&str, &str); 2] = [("CARGO_PROFILE_DEV_DEBUG", "false"), ("CARGO_INCREMENTAL", "1")];

/// Builds the course's own programs, outside of any sandbox.
pub(super) fn build(toolchain: &Toolchain, request: &Request<'_>) -> Result<BTreeMap<String, PathBuf>> {
    let mut command = Command::new(&toolchain.cargo);
    command.current_dir(request.workspace).args(request.arguments());
    command.env("RUSTC", &toolchain.rustc).envs(SETTINGS);
    let output = command.stdin(Stdio::null()).output().context("cargo cannot be run")?;
    if !output.status.success() {
        bail!("cargo build: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(executables(&String::from_utf8_lossy(&output.stdout)))
}

/// The programs that cargo says it has built.
pub(super) fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    messages.lines().filter_map(|line| executable(&serde_json::from_str(line).ok()?)).collect()
}

fn executable(message: &Value) -> Option<(String, PathBuf)> {
    let target = message.get("target")?;
    let file = message["executable"].as_str().filter(|_| target["kind"] == serde_json::json!(["bin"]))?;
    Some((target["name"].as_str()?.to_owned(), PathBuf::from(file)))
}
