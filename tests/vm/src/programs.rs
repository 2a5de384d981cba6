//! The programs of the stages, built here, and the libraries that a program needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// What cargo has built.
#[derive(Clone, Debug, Default)]
pub(crate) struct Built {
    /// The programs of the stages, by name.
    pub(crate) programs: BTreeMap<String, PathBuf>,
    /// Other programs of the repository, by name: the guide.
    pub(crate) tools: BTreeMap<String, PathBuf>,
    /// Test programs.
    pub(crate) tests: Vec<Tests>,
}

/// A program of tests.
#[derive(Clone, Debug)]
pub(crate) struct Tests {
    /// Its program.
    pub(crate) file: PathBuf,
    /// Of its first source file.
    pub(crate) source: PathBuf,
    /// The folder of its package, where it is run.
    pub(crate) package: PathBuf,
}

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this package lies in the repository")
}

impl Built {
    /// The programs of the stages, as `cargo stages` builds them.
    pub(crate) fn programs() -> Result<Self> {
        Self::by(&["stages"])
    }

    /// Everything, by the very words of `cargo test --workspace`: what that has built, is not built again.
    pub(crate) fn everything() -> Result<Self> {
        Self::by(&["build", "--workspace", "--bins", "--tests"])
    }

    /// Those in a folder, whoever made them and in whatever language.
    pub(crate) fn found_in(folder: &Path) -> Result<Self> {
        let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let mut built = Self::default();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_file() && path.extension().is_none() && !name.starts_with('.') {
                built.programs.insert(name, path);
            }
        }
        Ok(built)
    }

    fn by(words: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(repository()).args(words).args(["--quiet", "--message-format=json-render-diagnostics"]);
        // What cargo tells a program about its own package must not reach the build of the others.
        let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(told)) {
            command.env_remove(name);
        }
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cargo")?;
        ensure!(output.status.success(), "the programs could not be built");
        let mut built = Self::default();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            built.note(&serde_json::from_str(line).unwrap_or_default());
        }
        Ok(built)
    }

    fn note(&mut self, message: &Value) {
        let (target, text) = (&message["target"], |value: &Value| value.as_str().unwrap_or_default().to_owned());
        let Some(file) = message["executable"].as_str().map(PathBuf::from) else { return };
        let (name, source) = (text(&target["name"]), PathBuf::from(text(&target["src_path"])));
        let package = PathBuf::from(text(&message["manifest_path"])).parent().map(Path::to_owned).unwrap_or_default();
        if message["profile"]["test"] == true {
            self.tests.push(Tests { file, source, package });
        } else if target["kind"] == serde_json::json!(["bin"]) {
            let of_a_stage = source.starts_with(repository().join("stages"));
            if of_a_stage { &mut self.programs } else { &mut self.tools }.insert(name, file);
        }
    }
}

/// What the loader loads for these programs: each at its path on this host.
pub(crate) fn libraries<'a>(programs: impl IntoIterator<Item = &'a Path>) -> BTreeSet<PathBuf> {
    let answer = Command::new("ldd").args(programs).env("LC_ALL", "C").stderr(Stdio::null()).output();
    let answer = answer.map(|output| output.stdout).unwrap_or_default();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.lines().filter_map(library).collect()
}

/// `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)`, or the loader's own line, without an arrow.
fn library(line: &str) -> Option<PathBuf> {
    let (path, _) = line.rsplit_once(" (0x")?;
    let path = path.rsplit_once("=> ").map_or(path, |(_, path)| path).trim();
    path.starts_with('/').then(|| PathBuf::from(path))
}

/// This program, also when it has been built again meanwhile.
pub(crate) fn this_program() -> PathBuf {
    PathBuf::from(format!("/proc/{}/exe", std::process::id()))
}

/// A program of this host.
pub(crate) fn on_this_host(name: &str) -> Option<PathBuf> {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin"].map(PathBuf::from);
    std::env::split_paths(&own).chain(system).map(|folder| folder.join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaders_lines_are_read() {
        let path = |line| library(line).map(|path| path.display().to_string());
        assert_eq!(path("\tlibc.so.6 => /lib/libc.so.6 (0x00007f)").unwrap(), "/lib/libc.so.6");
        assert_eq!(path("\t/lib64/ld-linux-x86-64.so.2 (0x00007f)").unwrap(), "/lib64/ld-linux-x86-64.so.2");
        assert_eq!(path("\tlinux-vdso.so.1 (0x00007f)"), None);
        assert_eq!(path("\tstatically linked"), None);
    }
}
