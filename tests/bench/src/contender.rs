//! One command that is measured, from the moment it is asked for to its end.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::user::User;

/// Who takes part, and how it is started.
#[derive(Clone, Debug)]
pub struct Contender {
    /// What the tables call it.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What is in its environment beside the PATH.
    pub environment: Vec<(String, String)>,
    /// Who starts it.
    pub user: User,
}

/// What one run took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// From the request for a process to its end.
    pub milliseconds: f64,
    /// What it, and those it waited for, took of a processor.
    pub processor: f64,
    /// The most memory that it or a child of it had at once.
    pub peak_kib: u64,
}

/// Everyone gets the same environment, for it is copied at each start.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Contender {
    /// Started by whoever runs the benchmark.
    pub fn new(name: &str, command: &[&str]) -> Self {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        Self { name: name.to_owned(), command, environment: Vec::new(), user: User::Self_ }
    }

    /// The same, with this in its environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &Path) -> Self {
        self.environment.push((name.to_owned(), value.display().to_string()));
        self
    }

    /// The same, started by this user.
    #[must_use]
    pub fn by(mut self, user: User) -> Self {
        self.user = user;
        self
    }

    /// As a command that can be given other streams.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).env_clear().env("PATH", PATH);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Runs it once.
    ///
    /// # Errors
    /// It is not there, or it says that it failed: then with what it wrote on stderr.
    pub fn run(&self) -> Result<Sample> {
        Ok(self.answer()?.0)
    }

    /// The same, with what it wrote.
    ///
    /// # Errors
    /// As [`Contender::run`].
    pub fn answer(&self) -> Result<(Sample, String)> {
        let mut written = tempfile::tempfile()?;
        let mut command = self.command();
        command.stdout(written.try_clone()?).stderr(written.try_clone()?);
        let guard = self.user.become_it()?;
        let begun = Instant::now();
        let child = command.spawn().with_context(|| format!("{}: {}", self.name, self.command[0]))?;
        let (status, usage) = wait4(child.id())?;
        let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
        drop(guard);
        if !status.success() {
            bail!("{}: {status}: {}", self.name, last_words(&text(&mut written)?));
        }
        let processor = in_milliseconds(usage.ru_utime) + in_milliseconds(usage.ru_stime);
        let peak_kib = usage.ru_maxrss.cast_unsigned();
        Ok((Sample { milliseconds, processor, peak_kib }, text(&mut written)?))
    }
}

/// All that was written to a file.
pub(crate) fn text(file: &mut File) -> Result<String> {
    let mut text = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The end of what a program has written, in one line.
pub(crate) fn last_words(text: &str) -> String {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join("; ")
}

fn in_milliseconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 * 1000.0 + time.tv_usec as f64 / 1000.0
}

/// wait4(2): the end of a child, and what it has used.
#[expect(unsafe_code, reason = "both places live through the call; watched by a_run_is_timed_and_weighed")]
fn wait4(pid: u32) -> Result<(ExitStatus, libc::rusage)> {
    use std::os::unix::process::ExitStatusExt;
    let mut status = 0;
    // SAFETY: all bytes zero is a usage of nothing.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: two pointers to what is ours.
        let ended = unsafe { libc::wait4(pid.cast_signed(), &raw mut status, 0, &raw mut usage) };
        if ended >= 0 {
            return Ok((ExitStatus::from_raw(status), usage));
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error).context("wait4");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_timed_and_weighed() {
        let sample = Contender::new("sleep", &["sleep", "0.02"]).run().unwrap();
        assert!(sample.milliseconds >= 20.0 && sample.processor < 20.0 && sample.peak_kib > 100, "{sample:?}");
    }

    #[test]
    fn who_fails_is_quoted_and_who_is_not_there_is_named() {
        let failing = Contender::new("sh", &["sh", "-c", "echo no such luck >&2; exit 3"]).run().unwrap_err();
        assert_eq!(format!("{failing:#}"), "sh: exit status: 3: no such luck");
        let missing = Contender::new("nobody", &["/no/such/program"]).run().unwrap_err();
        assert!(format!("{missing:#}").starts_with("nobody: /no/such/program: No such file"), "{missing:#}");
    }
}
