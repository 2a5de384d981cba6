//! cargo(1) in a sandbox: a compiler reads what it is told to include, and computes what it is told to compute.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};

use super::cargo::{DoesNotCompile, Request, SETTINGS, Toolchain, executables};
use crate::bench::random_word;
use crate::sandbox::{End, Sandbox, Settings, Start, Walls, Who};

/// How long somebody's code may take to be compiled.
pub(super) const FOR_SOMEBODY: Duration = Duration::from_secs(300);
/// How long the course's own may: with all crates, from nothing, on the slowest of laptops.
pub(super) const FOR_THE_COURSE: Duration = Duration::from_secs(1800);

/// What a compiler may use: much more than a program of the course.
const WALLS: Walls = Walls {
    memory: 6 << 30,
    disk: 64 << 20,
    processes: 1024,
    time: FOR_SOMEBODY,
    program: FOR_SOMEBODY,
    output: 16 << 20,
};

/// Builds somebody's programs, and says where they are. Nothing is downloaded, and nothing of the host is seen but the
/// compiler and the crates; only `folder`, in which all of the request lies, can be written to.
pub(super) fn build(
    toolchain: &Toolchain,
    request: &Request<'_>,
    folder: &Path,
    helper: &Path,
    time: Duration,
) -> Result<BTreeMap<String, PathBuf>> {
    let settings = Settings {
        helper: helper.to_owned(),
        base: folder.join("base"),
        shown: toolchain.shown(),
        writable: vec![folder.to_owned()],
        word: random_word()?,
        all_controllers: false,
        walls: Walls { time, program: time, ..WALLS },
    };
    let sandbox = Sandbox::open(&settings)?;
    let arguments =
        [vec![toolchain.cargo.display().to_string()], request.arguments(), vec!["--offline".to_owned()]].concat();
    let environment = toolchain.environment();
    let start = Start {
        gate: &[],
        arguments: &arguments,
        environment: &environment,
        directory: request.workspace,
        who: Who::Grader,
    };
    let ran = sandbox.start(&start)?.end();
    match ran.end {
        End::Exited(0) => Ok(executables(&ran.output)),
        End::Exited(101) => Err(DoesNotCompile(ran.errors.trim_end().to_owned()).into()),
        End::Stopped(why) => {
            Err(DoesNotCompile(format!("{}\nthe compiler was stopped: {why}", ran.errors.trim_end())).into())
        }
        other => match sandbox.ended_because() {
            Some(why) => Err(DoesNotCompile(format!("the compiler was stopped: {why}")).into()),
            None => bail!("cargo: {other}: {}", ran.errors),
        },
    }
}

impl Toolchain {
    /// The compiler, and of cargo's folder the crates and the settings, but not the tokens.
    fn shown(&self) -> Vec<(PathBuf, PathBuf)> {
        let own = ["registry", "git", "config.toml", "config"].map(|name| self.home.join(name));
        let folders = own.into_iter().chain([self.sysroot.clone()]);
        // What lies in /usr and its like is shown anyway.
        let is_elsewhere = |folder: &PathBuf| {
            folder.exists() && !["/usr", "/opt", "/nix", "/gnu"].iter().any(|top| folder.starts_with(top))
        };
        folders.filter(is_elsewhere).map(|folder| (folder.clone(), folder)).collect()
    }

    fn environment(&self) -> Vec<(String, String)> {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.sysroot.join("bin").display());
        let each = [
            ("PATH", path),
            ("HOME", "/home/learner".to_owned()),
            ("TMPDIR", "/tmp".to_owned()),
            ("CARGO_HOME", self.home.display().to_string()),
            ("RUSTC", self.rustc.display().to_string()),
        ];
        let own = each.into_iter().chain(SETTINGS.map(|(name, value)| (name, value.to_owned())));
        let own = own.map(|(name, value)| (name.to_owned(), value));
        std::env::vars().filter(|(name, _)| is_a_setting(name)).chain(own).collect()
    }
}

/// Settings of cargo may stand in variables. What it told us about our own package is none, and tokens are nobody's business.
fn is_a_setting(name: &str) -> bool {
    const OTHERS: [&str; 5] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_TARGET_DIR", "CARGO_HOME"];
    let is_ours = SETTINGS.iter().any(|(ours, _)| name == *ours);
    let is_other = OTHERS.iter().any(|other| name.starts_with(other)) || name.contains("TOKEN");
    name.starts_with("CARGO_") && !is_ours && !is_other
}
