//! A program in a sandbox: what it says, where it is, how it ends.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::plan::Told;
use super::ran::{End, Ran, shown};
use super::{Sandbox, Start};
use crate::process::Process;

/// A program that runs, with a pipe to each of its streams.
pub struct Running<'a> {
    sandbox: &'a Sandbox,
    command: String,
    input: Option<File>,
    streams: [Stream; 3],
    taken: usize,
    until: Instant,
    stopped: Option<String>,
}

/// One of output, errors, and what PID 1 tells.
struct Stream {
    file: Option<File>,
    bytes: Vec<u8>,
}

/// How long a program that is ending may take to have ended.
const LAST_BREATH: Duration = Duration::from_millis(500);

const OUTPUT: usize = 0;
const ERRORS: usize = 1;
const TOLD: usize = 2;

impl<'a> Running<'a> {
    /// The ends that stay here, and those that the program gets.
    pub(super) fn with_pipes(sandbox: &'a Sandbox, start: &Start<'_>) -> Result<(Self, [OwnedFd; 4])> {
        let pipe = || nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).context("pipe2");
        let ((input, ours), (output, out), (errors, err), (told, tell)) = (pipe()?, pipe()?, pipe()?, pipe()?);
        let stream = |end: OwnedFd| Stream { file: Some(end.into()), bytes: Vec::new() };
        let running = Self {
            sandbox,
            command: shown(start.arguments),
            input: Some(ours.into()),
            streams: [stream(output), stream(errors), stream(told)],
            taken: 0,
            until: Instant::now() + sandbox.walls.program,
            stopped: None,
        };
        Ok((running, [input, out, err, tell]))
    }

    /// The command line as one would type it.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Writes a line to its standard input.
    pub fn say(&mut self, line: &str) {
        self.write(&format!("{line}\n"));
    }

    pub(crate) fn write(&mut self, text: &str) {
        if let Some(input) = &mut self.input {
            // It may not want to listen.
            let _ = input.write_all(text.as_bytes());
        }
    }

    /// Closes its standard input.
    pub fn hush(&mut self) {
        self.input = None;
    }

    /// The next line that it writes; nothing when it ended, or took too long.
    pub fn line(&mut self) -> Option<String> {
        loop {
            let rest = &self.streams[OUTPUT].bytes[self.taken..];
            if let Some(length) = rest.iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8_lossy(&rest[..length]).into_owned();
                self.taken += length + 1;
                return Some(line);
            }
            if self.streams[OUTPUT].file.is_none() || self.has_ended() || !self.listen(self.until) {
                return None;
            }
        }
    }

    /// Waits for a line that contains `word`; nothing when there comes none.
    pub fn line_with(&mut self, word: &str) -> Option<String> {
        loop {
            let line = self.line()?;
            if line.contains(word) {
                return Some(line);
            }
        }
    }

    /// The program, as the host numbers it; nothing when it has ended or never began.
    pub fn process(&mut self) -> Option<Process> {
        while self.numbers().is_none() && !self.has_ended() && self.listen(self.until) {}
        let (waiter, program) = self.numbers()?;
        let called = |processes: Vec<Process>, number: u32| {
            processes.into_iter().find(|process| process.numbers().last() == Some(&number))
        };
        let waiter = called(self.sandbox.first().children(), waiter)?;
        called(waiter.children(), program).filter(|program| program.is_alive())
    }

    /// What it waits for: its first child's first child and so on, or the program itself.
    pub fn innermost(&mut self) -> Option<Process> {
        self.process().map(Process::innermost)
    }

    /// Closes its input and waits until it has ended.
    pub fn end(mut self) -> Ran {
        self.hush();
        self.wait();
        self.ran()
    }

    /// Kills it, and everything that it has started.
    pub fn kill(mut self) -> Ran {
        self.stop("it was no longer needed");
        self.ran()
    }

    /// What it has said so far, to show to somebody.
    pub fn so_far(&mut self) -> String {
        while self.listen(Instant::now()) && !self.has_ended() {}
        let text = [OUTPUT, ERRORS].map(|at| String::from_utf8_lossy(&self.streams[at].bytes).into_owned());
        text.concat().trim_end().to_owned()
    }

    /// How it ended, or that it has not: who has just said its last word has a moment to be gone.
    pub(crate) fn ending_in_words(&mut self) -> String {
        let until = Instant::now() + LAST_BREATH;
        while !self.has_ended() && self.listen(until) {}
        if self.has_ended() { self.ending().to_string() } else { "it still runs; it may be waiting".to_owned() }
    }

    /// What it means that the command has not said its word.
    pub(crate) fn why_unheard(&self) -> &'static str {
        // A shell without its arguments waits for somebody to type, and so do two processes for each other.
        if self.has_ended() { "the command was never reached" } else { "it was never reached, or lacks its arguments" }
    }

    fn ran(&mut self) -> Ran {
        // What was written before the end is there by now; who still holds the stream open is not waited for.
        while self.listen(Instant::now()) {}
        let text = |at: usize| String::from_utf8_lossy(&self.streams[at].bytes).into_owned();
        Ran { command: self.command.clone(), output: text(OUTPUT), errors: text(ERRORS), end: self.ending() }
    }

    fn wait(&mut self) {
        while !self.has_ended() {
            if !self.listen(self.until) {
                let seconds = self.sandbox.walls.program.as_secs();
                return self.stop(&format!("it took longer than {seconds} seconds"));
            }
        }
    }

    fn stop(&mut self, why: &str) {
        if self.stopped.is_none() && !self.has_ended() {
            let program = self.numbers().and_then(|_| self.process());
            self.stopped = Some(why.to_owned());
            if let Some(program) = program {
                program.kill_tree();
            }
        }
    }

    fn told(&self) -> impl Iterator<Item = Told> + '_ {
        let text = std::str::from_utf8(&self.streams[TOLD].bytes).unwrap_or_default();
        text.lines().filter_map(Told::parse)
    }

    fn numbers(&self) -> Option<(u32, u32)> {
        self.told().find_map(|told| match told {
            Told::Started(waiter, program) => Some((waiter as u32, program as u32)),
            _ => None,
        })
    }

    fn has_ended(&self) -> bool {
        self.stopped.is_some()
            || self.streams[TOLD].file.is_none()
            || self.told().any(|told| !matches!(told, Told::Started(..)))
    }

    fn ending(&self) -> End {
        if let Some(why) = &self.stopped {
            return End::Stopped(why.clone());
        }
        let end = self.told().find_map(|told| match told {
            Told::Exited(status) => Some(End::Exited(status)),
            Told::Killed(signal) => Some(End::Killed(signal)),
            Told::Started(..) => None,
        });
        let why = || self.sandbox.ended_because().unwrap_or_else(|| "the sandbox is gone".to_owned());
        end.unwrap_or_else(|| End::Gone(why()))
    }

    /// Reads what is there, as soon as something is. False when nothing came in time, or nobody is left to say anything.
    fn listen(&mut self, until: Instant) -> bool {
        let open: Vec<usize> = (0..3).filter(|at| self.streams[*at].file.is_some()).collect();
        let files = open.iter().filter_map(|at| self.streams[*at].file.as_ref());
        let mut asked: Vec<_> = files.map(|file| PollFd::new(file.as_fd(), PollFlags::POLLIN)).collect();
        let left = until.saturating_duration_since(Instant::now()).min(Duration::from_secs(3600));
        let ready = poll(&mut asked, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)).unwrap_or(0);
        let ready_at: Vec<_> =
            open.iter().zip(&asked).filter(|(_, one)| one.any() == Some(true)).map(|(at, _)| *at).collect();
        for at in ready_at {
            self.streams[at].take();
        }
        if self.streams.iter().any(|stream| stream.bytes.len() > self.sandbox.walls.output) {
            self.stop(&format!("it printed more than {} KiB", self.sandbox.walls.output >> 10));
            return false;
        }
        ready > 0
    }
}

impl Stream {
    fn take(&mut self) {
        let mut bytes = [0; 64 * 1024];
        match self.file.as_mut().map(|file| file.read(&mut bytes)) {
            Some(Ok(count)) if count > 0 => self.bytes.extend_from_slice(&bytes[..count]),
            _ => self.file = None,
        }
    }
}

impl Drop for Running<'_> {
    /// Nobody looks at it any more.
    fn drop(&mut self) {
        self.stop("it was no longer needed");
    }
}
