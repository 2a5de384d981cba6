//! A place of its own for each recording, and the processes in it.

use std::cell::OnceCell;
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::programs::Programs;
use super::succeeded;
use super::user::User;

/// A directory that is removed in the end, with the programs in it: the user who runs them may not be able to read where they
/// were built.
pub(crate) struct Room<'a> {
    directory: TempDir,
    host_script: PathBuf,
    programs: &'a Programs,
    user: &'a User,
    root: OnceCell<PathBuf>,
    home: PathBuf,
    scratch: PathBuf,
}

/// A program that runs beside the recorded one. It ends when this is dropped.
pub(crate) struct Beside(Child);

impl<'a> Room<'a> {
    pub(crate) fn new(repository: &Path, user: &'a User, programs: &'a Programs) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("figure-").tempdir()?;
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755))?;
        let [home, scratch] = ["home", "scratch"].map(|name| directory.path().join(name));
        for path in [&home, &scratch, &directory.path().to_owned()] {
            fs::create_dir_all(path)?;
            user.owns(path)?;
        }
        let host_script = repository.join("rootfs-scripts/host.sh");
        let room = Self { directory, host_script, programs, user, root: OnceCell::new(), home, scratch };
        // The place where containers are kept is made once for each user; the story begins after that.
        let containers = room.home.join("containers");
        fs::create_dir_all(&containers)?;
        fs::set_permissions(&room.home, Permissions::from_mode(0o755))?;
        user.owns(&containers)?;
        Ok(room)
    }

    pub(crate) fn scratch(&self) -> &Path {
        &self.scratch
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Where its root file system is, or would be.
    pub(crate) fn root_path(&self) -> &Path {
        self.root.get().map_or(self.directory.path(), PathBuf::as_path)
    }

    /// A root file system that belongs to the user.
    pub(crate) fn root(&self) -> Result<&Path> {
        if let Some(root) = self.root.get() {
            return Ok(root);
        }
        let root = self.directory.path().join("root");
        let mut command = Command::new("sh");
        // They may not be able to read the script: it comes on standard input.
        command.args(["-s", "--"]).arg(&root).stdin(File::open(&self.host_script)?).current_dir("/");
        self.user.runs(&mut command);
        succeeded(&mut command)?;
        Ok(self.root.get_or_init(|| root))
    }

    /// A program of the workshop, with the same few words around it on every machine.
    fn command(&self, words: &[impl AsRef<str>]) -> Result<Command> {
        let (program, arguments) = words.split_first().context("a command has at least one word")?;
        let program = program.as_ref();
        let file = self.directory.path().join(program);
        if !file.exists() {
            fs::copy(self.programs.file(program)?, &file)?;
        }
        let mut command = Command::new("sh");
        command.args(["-c", "umask 022; exec \"$@\"", "sh"]).arg(&file);
        command.args(arguments.iter().map(AsRef::as_ref));
        command.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", &self.home);
        command.env("BOXWRIGHT_HOME", &self.home).current_dir(&self.scratch).stdin(Stdio::null());
        self.user.runs(&mut command);
        Ok(command)
    }

    /// Runs a program to its end.
    pub(crate) fn run(&self, words: &[String], trace: Option<&Path>) -> Result<()> {
        let mut words = words.to_vec();
        if let Some(trace) = trace {
            let at = words.iter().position(|word| word == "--").unwrap_or(words.len());
            words.splice(at..at, ["--trace".to_owned(), trace.display().to_string()]);
        }
        succeeded(&mut self.command(&words)?).map(drop)
    }

    /// What a program prints, whatever its status: doctor's is not 0 where something is blocked.
    pub(crate) fn output(&self, words: &[&str]) -> Result<Vec<u8>> {
        Ok(self.command(words)?.output()?.stdout)
    }

    /// Starts a program that runs beside, and waits until it has written a line.
    pub(crate) fn beside(&self, words: &[String]) -> Result<Beside> {
        let mut child = Beside(self.command(words)?.stdout(Stdio::piped()).spawn()?);
        let stdout = child.0.stdout.take().context("its output is a pipe")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(!line.is_empty(), "{words:?} has ended before it was ready");
        Ok(child)
    }
}

impl Drop for Room<'_> {
    /// What the kernel has made for an overlay forbids even its owner to empty it.
    fn drop(&mut self) {
        let _ = Command::new("chmod").args(["-R", "u+rwX"]).arg(&self.scratch).stderr(Stdio::null()).status();
    }
}

impl Beside {
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn namespaces(&self) -> Vec<(String, u64)> {
        namespaces_of(&self.pid().to_string())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The namespaces of a process, by kind.
pub(crate) fn namespaces_of(process: &str) -> Vec<(String, u64)> {
    let links = fs::read_dir(format!("/proc/{process}/ns")).into_iter().flatten().flatten();
    let inode = |link: &Path| fs::read_link(link).ok()?.to_str()?.split(['[', ']']).nth(1)?.parse().ok();
    links.filter_map(|link| Some((link.file_name().into_string().ok()?, inode(&link.path())?))).collect()
}
