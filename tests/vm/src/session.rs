//! A command in the machine, seen from the host: it is asked for on one line, and its output comes on others.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The lines between host and machine, with the numbers of their ports.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Port {
    /// What is asked for, and how it ended.
    Control = 1,
    /// Standard input.
    Input = 2,
    /// Standard output.
    Output = 3,
    /// Standard error.
    Errors = 4,
}

/// What is asked for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Request {
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// As the ordinary user, and not as root.
    pub(crate) user: bool,
    /// Where.
    pub(crate) folder: String,
    /// Set besides what every command finds.
    pub(crate) environment: BTreeMap<String, String>,
    /// On a terminal of so many rows and columns.
    pub(crate) terminal: Option<(u16, u16)>,
    /// It reads what the host reads.
    pub(crate) input: bool,
    /// What marks the end of its output.
    pub(crate) word: String,
}

/// What comes after the last byte of the output: with a word that the command cannot know.
pub(crate) fn end_mark(word: &str) -> String {
    format!("\0end {word}\n")
}

/// The host's ends of the lines.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) control: UnixStream,
    pub(crate) input: UnixStream,
    pub(crate) output: UnixStream,
    pub(crate) errors: UnixStream,
}

/// What came out of a command.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) status: u8,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Lines {
    /// Waits until the machine says that it is ready.
    pub(crate) fn await_ready(&self) -> Result<()> {
        let line = self.answer()?;
        anyhow::ensure!(line == "ready", "the machine says {line:?}");
        Ok(())
    }

    /// One line of the machine's. Read byte by byte, as nothing after it may be lost.
    fn answer(&self) -> Result<String> {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while (&self.control).read(&mut byte)? == 1 {
            if byte == *b"\n" {
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            line.push(byte[0]);
        }
        anyhow::bail!("the machine has ended")
    }

    /// Runs a command and hands on what it reads and writes.
    pub(crate) fn run(&self, request: &Request) -> Result<u8> {
        let request = self.ask(request)?;
        if request.input {
            let mut input = self.input.try_clone()?;
            // It ends when standard input does, or with us.
            thread::spawn(move || {
                let _ = std::io::copy(&mut std::io::stdin(), &mut input);
                let _ = input.shutdown(Shutdown::Write);
            });
        }
        let output = pass(&self.output, std::io::stdout(), &request.word)?;
        let errors = pass(&self.errors, std::io::stderr(), &request.word)?;
        let status = self.answer()?.parse::<u8>().context("the machine's answer")?;
        // A command on a terminal has written there.
        if request.terminal.is_none() {
            let _ = (output.join(), errors.join());
        }
        Ok(status)
    }

    /// Runs a command and keeps what it writes; in a log too, as it comes.
    pub(crate) fn capture(&self, request: &Request, log: Option<&File>) -> Result<Ended> {
        let request = self.ask(request)?;
        let kept = || Ok::<_, std::io::Error>(Kept { text: Vec::new(), log: log.map(File::try_clone).transpose()? });
        let output = pass(&self.output, kept()?, &request.word)?;
        let errors = pass(&self.errors, kept()?, &request.word)?;
        let status = self.answer()?.parse::<u8>().context("the machine's answer")?;
        let text =
            |thread: JoinHandle<Kept>| String::from_utf8_lossy(&thread.join().unwrap_or_default().text).into_owned();
        Ok(Ended { status, output: text(output), errors: text(errors) })
    }

    fn ask(&self, request: &Request) -> Result<Request> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
        let request = Request { word: format!("{}-{now}", std::process::id()), ..request.clone() };
        writeln!(&self.control, "{}", serde_json::to_string(&request)?)?;
        Ok(request)
    }
}

/// What a command has written.
#[derive(Debug, Default)]
struct Kept {
    text: Vec<u8>,
    log: Option<File>,
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(log) = &mut self.log {
            log.write_all(bytes)?;
        }
        self.text.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Passes on what comes, up to the mark or the end.
fn pass<W: Write + Send + 'static>(from: &UnixStream, mut to: W, word: &str) -> Result<JoinHandle<W>> {
    let (mut from, mark) = (from.try_clone()?, end_mark(word).into_bytes());
    Ok(thread::spawn(move || {
        let (mut held, mut buffer) = (Vec::new(), [0; 16384]);
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            held.extend_from_slice(&buffer[..count]);
            let (sure, ended) = sure_part(&held, &mark);
            let written = to.write_all(&held[..sure]).and_then(|()| to.flush());
            held.drain(..sure);
            if ended || written.is_err() {
                break;
            }
        }
        to
    }))
}

/// How many bytes are output for sure, and whether the mark comes after them.
fn sure_part(held: &[u8], mark: &[u8]) -> (usize, bool) {
    let may_begin = |start: &usize| held[*start..].starts_with(mark) || mark.starts_with(&held[*start..]);
    match (0..held.len()).filter(|start| held[*start] == mark[0]).find(may_begin) {
        Some(start) => (start, held[start..].starts_with(mark)),
        None => (held.len(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_ends_at_the_mark_and_not_at_what_looks_like_it() {
        let mark = end_mark("7-7").into_bytes();
        let (mut machine, host) = UnixStream::pair().unwrap();
        let passed = pass(&host, Vec::new(), "7-7").unwrap();
        let (first, second) = mark.split_at(4);
        for part in [b"one\0end 7-8\ntwo".as_slice(), first, second, b"never"] {
            machine.write_all(part).unwrap();
        }
        assert_eq!(passed.join().unwrap(), b"one\0end 7-8\ntwo");
    }

    #[test]
    fn what_cannot_be_the_mark_is_not_held_back() {
        assert_eq!(sure_part(b"ab\0", b"\0end"), (2, false));
        assert_eq!(sure_part(b"ab\0x", b"\0end"), (4, false));
        assert_eq!(sure_part(b"ab\0end", b"\0end"), (2, true));
    }
}
