//! The program that runs in the end: found in PATH by us, and handed over with execve(2).
//!
//! execvp(3) would try one directory of PATH after another, each a system call that nobody asked for.

use std::ffi::{CString, OsStr, OsString};
use std::fmt::{Display, Formatter};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::kernel::{Kernel, in_root};

/// Where programs are when nobody says otherwise.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A command line with the environment it gets.
#[derive(Clone, Debug)]
pub struct Program {
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

/// No directory of PATH has the command: exit status 127.
#[derive(Debug)]
pub struct NotFound {
    command: OsString,
    path: OsString,
}

impl Program {
    /// This command line, or a shell when it is empty, with the environment we were started with.
    pub fn new(command: &[OsString]) -> Self {
        let shell = || vec![OsString::from("/bin/sh")];
        let arguments = if command.is_empty() { shell() } else { command.to_vec() };
        Self { arguments, environment: std::env::vars_os().collect() }
    }

    /// The same with this environment and no other.
    #[must_use]
    pub fn with_environment(self, environment: Vec<(OsString, OsString)>) -> Self {
        Self { environment, ..self }
    }

    // ANCHOR: exec
    /// Becomes the program. Comes back only with an error, or with success from a rehearsal.
    ///
    /// # Errors
    /// [`NotFound`], or what execve(2) answers.
    pub fn exec(&self, kernel: &Kernel) -> Result<ExitCode> {
        // EXERCISE exec-1
        let path = c_string(self.find(kernel)?.into_os_string())?;
        let arguments: Vec<_> = self.arguments.iter().cloned().map(c_string).collect::<Result<_>>()?;
        let pairs = self
            .environment
            .iter()
            .map(|(name, value)| c_string([name.as_os_str(), OsStr::new("="), value].into_iter().collect()));
        let environment: Vec<_> = pairs.collect::<Result<_>>()?;
        kernel.because("everything is in place: this process becomes the program, and keeps its PID").execve(
            &path,
            &arguments,
            &environment,
        )
        // END exec-1
    }
    // ANCHOR_END: exec

    /// What this process will find once `root` is its "/": the command's path in there.
    ///
    /// # Errors
    /// [`NotFound`].
    pub fn find_in(&self, root: &Path) -> Result<PathBuf> {
        let command = &self.arguments[0];
        let is_there = |file: &Path| in_root(root, file).is_some_and(|found| is_executable(&found));
        if !command.as_bytes().contains(&b'/') {
            return self.search(is_there);
        }
        let found = in_root(root, command.as_ref()).map(|_| PathBuf::from(command));
        found.ok_or_else(|| NotFound { command: command.clone(), path: root.into() }.into())
    }

    /// The file that [`Program::exec`] will run.
    ///
    /// # Errors
    /// [`NotFound`].
    pub fn find(&self, kernel: &Kernel) -> Result<PathBuf> {
        let command = &self.arguments[0];
        if command.as_bytes().contains(&b'/') {
            return Ok(PathBuf::from(command));
        }
        self.search(|file| kernel.look_up(file).is_some_and(|found| is_executable(&found)))
    }

    // ANCHOR: search
    fn search(&self, is_there: impl Fn(&Path) -> bool) -> Result<PathBuf> {
        // EXERCISE path-1
        let command = &self.arguments[0];
        let path = self.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
        let found = std::env::split_paths(&path)
            .chain(std::env::split_paths(DEFAULT_PATH))
            .map(|directory| directory.join(command))
            .find(|file| is_there(file));
        found.ok_or_else(|| NotFound { command: command.clone(), path }.into())
        // END path-1
    }
    // ANCHOR_END: search
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

fn c_string(text: OsString) -> Result<CString> {
    let shown = text.display().to_string();
    CString::new(text.into_vec()).with_context(|| format!("{shown:?} has a NUL byte in it"))
}

impl Display for NotFound {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        if self.command.is_empty() {
            return formatter.write_str("the command is an empty word; leave it out, and a shell is run");
        }
        write!(formatter, "{}: no such command in {}", self.command.display(), self.path.display())
    }
}

impl std::error::Error for NotFound {}
