//! A program that was run: what it was told, what it said, how it ended.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Read, Write as _};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::assert::Assert;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::process::Process;

/// More than anything here takes, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(90);

/// A program that has ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The command line as one would type it.
    pub command: String,
    /// What came of it.
    pub output: Output,
}

/// A program that runs, with a pipe to each of its streams.
pub struct Running {
    command: String,
    child: Child,
    said: Vec<u8>,
    complained: Vec<u8>,
}

impl Ran {
    /// What it wrote, given that it went well.
    pub fn ok(&self) -> String {
        self.assert().success();
        self.stdout()
    }

    /// What it complained about, given that it ended with this status.
    pub fn fails_with(&self, status: i32) -> String {
        self.assert().code(status);
        self.stderr()
    }

    /// To claim things of it; a claim that fails shows the whole.
    pub fn assert(&self) -> Assert {
        Assert::new(self.output.clone()).append_context("command", self.command.clone())
    }

    /// Standard output.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// Standard error.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The status that a shell would show.
    pub fn status(&self) -> i32 {
        let status = self.output.status;
        status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
    }

    /// All of it, for a snapshot.
    pub fn transcript(&self) -> String {
        let mut text = format!("$ {}\n", self.command);
        for (name, stream) in [("stdout", self.stdout()), ("stderr", self.stderr())] {
            if !stream.is_empty() {
                let _ = write!(text, "[{name}]\n{stream}");
                text.push_str(if stream.ends_with('\n') { "" } else { "(no newline)\n" });
            }
        }
        let _ = writeln!(text, "[status] {}", self.status());
        text
    }
}

impl Running {
    /// Starts it.
    pub fn start(mut command: Command) -> Self {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        Self { command: shown(words.map(OsString::from)), child, said: Vec::new(), complained: Vec::new() }
    }

    /// The process that was started.
    pub fn process(&self) -> Process {
        Process::with(self.child.id())
    }

    /// Types this.
    pub fn say(&mut self, words: &str) -> &mut Self {
        let stdin = self.child.stdin.as_mut().expect("nothing was closed");
        stdin.write_all(words.as_bytes()).and_then(|()| stdin.flush()).expect("it reads");
        self
    }

    /// Types no more.
    pub fn hush(&mut self) -> &mut Self {
        drop(self.child.stdin.take());
        self
    }

    /// Waits until it has written a whole line, and gives that line, without its end.
    pub fn line(&mut self) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.said.iter().position(|byte| *byte == b'\n') {
                let rest = self.said.split_off(at + 1);
                let line = std::mem::replace(&mut self.said, rest);
                return String::from_utf8_lossy(&line[..at]).into_owned();
            }
            assert!(self.listen(end), "{} ended without another line: {}", self.command, self.words());
        }
    }

    /// Waits until it has ended, and until nobody keeps its streams open.
    pub fn end(mut self) -> Ran {
        self.hush();
        let end = Instant::now() + PATIENCE;
        while self.listen(end) {}
        let status = self.status(end);
        let (stdout, stderr) = (std::mem::take(&mut self.said), std::mem::take(&mut self.complained));
        Ran { command: self.command.clone(), output: Output { status, stdout, stderr } }
    }

    fn status(&mut self, end: Instant) -> ExitStatus {
        assert!(self.process().ends_before(end), "{} does not end: {}", self.command, self.words());
        self.child.wait().expect("a child can be waited for")
    }

    /// The last that it has said.
    fn words(&self) -> String {
        let words = [&self.said, &self.complained].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
        let lines: Vec<_> = words.lines().rev().take(6).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Reads what is there, as soon as something is. False when both streams are closed.
    fn listen(&mut self, end: Instant) -> bool {
        let (said, complained) = (read_end(&mut self.child.stdout), read_end(&mut self.child.stderr));
        let streams: Vec<_> = said.iter().chain(&complained).collect();
        if streams.is_empty() {
            return false;
        }
        let mut asked: Vec<_> = streams.iter().map(|file| PollFd::new(file.as_fd(), PollFlags::POLLIN)).collect();
        let left = end.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let ready = poll(&mut asked, timeout).unwrap_or(0);
        assert!(ready > 0, "{}: silent for too long, and its streams are open: {}", self.command, self.words());
        let is_ready = |file: &Option<File>, at: usize| file.is_some() && asked[at].any() == Some(true);
        let (first, second) = (is_ready(&said, 0), is_ready(&complained, usize::from(said.is_some())));
        if first && drain(said, &mut self.said) {
            self.child.stdout = None;
        }
        if second && drain(complained, &mut self.complained) {
            self.child.stderr = None;
        }
        true
    }
}

impl Drop for Running {
    /// A judge that fails while its program runs must not leave it there.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn read_end<T: AsFd>(stream: &mut Option<T>) -> Option<File> {
    stream.as_ref().and_then(|stream| stream.as_fd().try_clone_to_owned().ok()).map(File::from)
}

/// Takes what is there. True at the end of the stream.
fn drain(stream: Option<File>, into: &mut Vec<u8>) -> bool {
    let mut bytes = [0; 64 * 1024];
    let Some(mut stream) = stream else { return true };
    match stream.read(&mut bytes) {
        Ok(0) => true,
        Ok(count) => {
            into.extend_from_slice(&bytes[..count]);
            false
        }
        Err(error) => error.kind() != ErrorKind::Interrupted,
    }
}

/// A command line as one would type it.
fn shown(words: impl Iterator<Item = OsString>) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,+@%".contains(letter);
    let word = |(at, word): (usize, OsString)| {
        let text = word.to_string_lossy().into_owned();
        let text = if at == 0 { text.rsplit('/').next().unwrap_or_default().to_owned() } else { text };
        if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{text}'") }
    };
    words.enumerate().map(word).collect::<Vec<_>>().join(" ")
}
