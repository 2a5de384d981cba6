//! A shell that is typed to, line by line.
//!
//! How we know that a command has ended: after it, a mark is printed, by a function that keeps `$?` as it was.
//! How we know who reads: dash(1) reads its standard input in blocks, and would swallow a line that is meant for the shell
//! it is about to start. So the line that starts another shell prints a mark *before* it runs, which shows that it has been
//! read whole, and only then the next line is sent. When that other shell ends, the same line prints a second mark.

use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, ChildStdin, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::left::Orphans;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the mark is called in the shell.
const MARK: &str = "binder_mark";

/// A shell that waits for its next line.
pub struct Shell {
    child: Child,
    input: ChildStdin,
    output: std::fs::File,
    heard: Vec<u8>,
    count: u32,
    /// The mark that the outer shell will print when the inner one has ended.
    outer: Option<String>,
    /// Who else is to be looked after.
    orphans: Option<Rc<Orphans>>,
}

/// Whether a command is the last that the outer shell hears for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A command that reads nothing.
    Plain,
    /// One that starts a shell to which the next lines are typed.
    Opens,
    /// One that is typed to that shell.
    Inner,
    /// The last that is typed to it: `exit`.
    Closes,
}

impl Shell {
    /// Starts it: `command` is a POSIX sh with its arguments, its user and its environment.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(mut command: std::process::Command, orphans: Option<Rc<Orphans>>) -> Result<Self> {
        let (output, end) = std::io::pipe()?;
        command.stdin(Stdio::piped()).stdout(end.try_clone()?).stderr(end);
        let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
        // The command holds the writing ends of the pipe.
        drop(command);
        if let Some(orphans) = &orphans {
            orphans.except(child.id());
        }
        let input = child.stdin.take().context("a pipe was asked for")?;
        let output = std::fs::File::from(OwnedFd::from(output));
        let mut shell = Self { child, input, output, heard: Vec::new(), count: 0, outer: None, orphans };
        shell.send(&definition())?;
        shell.plain(":", true)?;
        Ok(shell)
    }

    /// Types a command, and gives what is printed until it has ended; or until its shell reads, if it opens one.
    ///
    /// # Errors
    /// It does not end, or its shell does.
    pub fn run(&mut self, command: &str, kind: Kind) -> Result<String> {
        match kind {
            Kind::Plain => self.plain(command, true),
            // In there, there may be no /dev/null.
            Kind::Inner => self.plain(command, false),
            Kind::Opens => self.opens(command),
            Kind::Closes => {
                let outer = self.outer.take().context("there is no shell to leave")?;
                self.send(&format!("{command}\n"))?;
                self.hear(&outer)
            }
        }
    }

    fn plain(&mut self, command: &str, hush: bool) -> Result<String> {
        let mark = self.mark();
        // One write: whoever reads in blocks has the mark before the command runs, and the command cannot read it.
        let lines = match hush {
            true => format!("{{ {command}\n}} </dev/null\n{MARK} {mark}\n"),
            false => format!("{command}\n{MARK} {mark}\n"),
        };
        self.send(&lines)?;
        self.hear(&mark)
    }

    fn opens(&mut self, command: &str) -> Result<String> {
        let (read, inside, outside) = (self.mark(), self.mark(), self.mark());
        self.send(&format!("{MARK} {read}; {{ {command}\n}}; {MARK} {outside}\n"))?;
        self.hear(&read)?;
        self.send(&format!("{}{MARK} {inside}\n", definition()))?;
        let said = self.hear(&inside)?;
        if let Some(at) = said.find(&printed(&outside)) {
            bail!("it ended, and the lines after it are for a shell that it starts:\n{}", &said[..at]);
        }
        self.outer = Some(outside);
        Ok(said)
    }

    /// Types no more, and waits for the end.
    ///
    /// # Errors
    /// It does not end.
    pub fn end(mut self) -> Result<()> {
        if self.outer.is_some() {
            bail!("the inner shell was never left: `# exit`");
        }
        self.send("exit\n")?;
        self.child.wait()?;
        Ok(())
    }

    /// A word that nothing else prints.
    fn mark(&mut self) -> String {
        self.count += 1;
        format!("{:x}-{}", std::process::id(), self.count)
    }

    fn send(&mut self, lines: &str) -> Result<()> {
        self.input.write_all(lines.as_bytes()).and_then(|()| self.input.flush()).context("the shell has gone")
    }

    /// What is printed up to the mark.
    fn hear(&mut self, mark: &str) -> Result<String> {
        let mark = printed(mark);
        let end = Instant::now() + PATIENCE;
        loop {
            let is_mark = |at: &usize| self.heard[*at..].starts_with(mark.as_bytes());
            if let Some(at) = (0..self.heard.len()).find(is_mark) {
                let rest = self.heard.split_off(at + mark.len());
                self.heard.truncate(at);
                let said = std::mem::replace(&mut self.heard, rest);
                return Ok(String::from_utf8_lossy(&said).into_owned());
            }
            self.listen(end)?;
        }
    }

    /// Reads what is there, as soon as something is.
    fn listen(&mut self, end: Instant) -> Result<()> {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut asked = vec![PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
        asked.extend(self.orphans.iter().map(|orphans| PollFd::new(orphans.signals(), PollFlags::POLLIN)));
        if poll(&mut asked, timeout)? == 0 {
            bail!("no end within {} s; does it wait to be typed to? So far:\n{}", PATIENCE.as_secs(), self.so_far());
        }
        let has_words = asked[0].any() == Some(true);
        if let Some(orphans) = &self.orphans {
            orphans.bury();
        }
        if !has_words {
            return Ok(());
        }
        let mut bytes = [0; 64 * 1024];
        match self.output.read(&mut bytes)? {
            0 => bail!("the shell has ended:\n{}", self.so_far()),
            count => self.heard.extend_from_slice(&bytes[..count]),
        }
        Ok(())
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.heard).into_owned()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A mark as it is printed.
fn printed(mark: &str) -> String {
    format!("\u{1}{mark}\u{2}")
}

/// The mark as a function: it starts no process, so that a PID namespace counts as it would, and it keeps `$?`.
fn definition() -> String {
    format!("{MARK}() {{ {MARK}=$?; printf '\\001%s\\002' \"$1\"; return ${MARK}; }}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell() -> Shell {
        Shell::start(std::process::Command::new("sh"), None).unwrap()
    }

    #[test]
    fn a_command_is_heard_to_its_end_and_its_status_is_kept() {
        let mut shell = shell();
        assert_eq!(shell.run("a=1; echo one; echo two >&2; false", Kind::Plain).unwrap(), "one\ntwo\n");
        assert_eq!(shell.run("echo $? $a", Kind::Plain).unwrap(), "1 1\n");
        assert_eq!(shell.run("printf 'no newline'", Kind::Plain).unwrap(), "no newline");
        assert_eq!(shell.run("cat <<END\nx\nEND", Kind::Plain).unwrap(), "x\n");
        assert_eq!(shell.run("cat", Kind::Plain).unwrap(), "");
        shell.end().unwrap();
    }

    #[test]
    fn an_inner_shell_hears_its_own_lines() {
        let mut shell = shell();
        assert_eq!(shell.run("echo before; a=2 sh; echo after", Kind::Opens).unwrap(), "before\n");
        assert_eq!(shell.run("echo $a", Kind::Inner).unwrap(), "2\n");
        assert_eq!(shell.run("exit 3", Kind::Closes).unwrap(), "after\n");
        assert_eq!(shell.run("sh", Kind::Opens).unwrap(), "");
        assert_eq!(shell.run("exit 3", Kind::Closes).unwrap(), "");
        assert_eq!(shell.run("echo $?", Kind::Plain).unwrap(), "3\n");
        shell.end().unwrap();
    }

    #[test]
    fn a_program_that_is_no_shell_is_noticed() {
        let error = shell().run("echo no shell", Kind::Opens).unwrap_err().to_string();
        assert!(error.contains("it ended") && error.contains("no shell"), "{error}");
    }
}
