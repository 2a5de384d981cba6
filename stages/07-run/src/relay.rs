//! While the program runs: signals go in, and, with a terminal of its own, keys go in and characters come out.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use groundwork::Kernel;
use groundwork::kernel::Waited;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;
use rustix::stdio::{stdin, stdout};

use crate::signals::Patience;
pub use crate::signals::Signals;
use crate::terminal::RawMode;

/// A process of ours.
#[derive(Debug)]
pub struct Child {
    /// As its parent numbers it.
    pub pid: Pid,
    /// Readable once it has ended: see pidfd_open(2).
    pub pidfd: OwnedFd,
}

impl Child {
    /// Waits for its end.
    ///
    /// # Errors
    /// None for a child of ours.
    pub fn wait(&self, kernel: &Kernel) -> Result<Waited> {
        kernel.because("its end is ours to note, and its PID free only then").wait4(self.pid)
    }

    /// Ends it, after something failed outside.
    pub fn end(&self, kernel: &Kernel) {
        // It may have ended by itself; what failed before is the error to report.
        let _ = kernel.because("without us it cannot begin").pidfd_send_signal(self.pidfd.as_fd(), Signal::SIGKILL);
        let _ = self.wait(kernel);
    }
}

/// How long a program may take to end after its terminal has hung up. PID 1 is spared by a SIGHUP that it has no handler for.
const GRACE: Duration = Duration::from_secs(2);

/// What ^D is to a terminal: what was typed so far is handed over, and if that is nothing, the program reads an end.
const END_OF_KEYS: u8 = 4;

/// Passes signals on, and moves bytes between `terminal` and our own, until the child ends.
///
/// # Errors
/// EIO and the like from our own terminal.
pub fn until_it_ends(kernel: &Kernel, child: &Child, signals: &Signals, terminal: Option<OwnedFd>) -> Result<Waited> {
    if kernel.is_rehearsing() {
        return child.wait(kernel);
    }
    // From here on, that nobody reads what we write is an error like any other: there is a container to look after.
    SigSet::from(Signal::SIGPIPE).thread_block()?;
    let mut desk = Desk::open(kernel, child, signals, terminal)?;
    let raw = desk.terminal.as_ref().map(|_| RawMode::enter()).transpose()?;
    desk.fit_window();
    while desk.serve()? {}
    drop(raw);
    child.wait(kernel)
}

struct Desk<'a> {
    kernel: &'a Kernel,
    child: &'a Child,
    signals: &'a Signals,
    terminal: Option<File>,
    /// Read, and not typed yet.
    keys: Vec<u8>,
    /// True after part of a line.
    is_in_line: bool,
    /// True once our standard input has ended.
    keys_end: bool,
    patience: Patience,
    /// Set when the terminal has hung up.
    deadline: Option<Instant>,
}

impl<'a> Desk<'a> {
    fn open(kernel: &'a Kernel, child: &'a Child, signals: &'a Signals, terminal: Option<OwnedFd>) -> Result<Self> {
        if let Some(terminal) = &terminal {
            // A program that reads no keys would make us wait, and wait itself for us to read what it writes.
            fcntl(terminal, FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK))?;
        }
        let (terminal, keys, patience) = (terminal.map(File::from), Vec::new(), Patience::default());
        Ok(Self {
            kernel,
            child,
            signals,
            terminal,
            keys,
            is_in_line: false,
            keys_end: false,
            patience,
            deadline: None,
        })
    }

    /// Waits for something to do and does it. False when the child has ended and has nothing left to say.
    fn serve(&mut self) -> Result<bool> {
        const SOMETHING: PollFlags = PollFlags::POLLIN.union(PollFlags::POLLHUP).union(PollFlags::POLLERR);
        let mut waiting = vec![
            PollFd::new(self.child.pidfd.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        if let Some(terminal) = &self.terminal {
            // What is read must also be typed, before there is more of it.
            let room = if self.keys.is_empty() { PollFlags::empty() } else { PollFlags::POLLOUT };
            waiting.push(PollFd::new(terminal.as_fd(), PollFlags::POLLIN | room));
            if self.keys.is_empty() && !self.keys_end {
                waiting.push(PollFd::new(stdin(), PollFlags::POLLIN));
            }
        }
        match poll(&mut waiting, self.time_left()) {
            Err(Errno::EINTR) => return Ok(true),
            other => other?,
        };
        let seen = |at: usize| waiting.get(at).and_then(PollFd::revents).unwrap_or(PollFlags::empty());
        let [ended, signal, output, keys] = [0, 1, 2, 3].map(|at| seen(at).intersects(SOMETHING));
        let room = seen(2).contains(PollFlags::POLLOUT);
        if signal {
            self.pass_on_signal()?;
        }
        if keys {
            self.read_keys()?;
        }
        if room {
            self.type_keys()?;
        }
        let more = output && self.pass_on_output()?;
        self.insist()?;
        Ok(more || !ended)
    }

    fn pass_on_signal(&mut self) -> Result<()> {
        let Some(signal) = self.signals.next()? else { return Ok(()) };
        if signal == Signal::SIGWINCH {
            self.fit_window();
            return Ok(());
        }
        let is_enough = self.patience.ends_with(signal, Instant::now());
        self.send("who signals us means the container", if is_enough { Signal::SIGKILL } else { signal })
    }

    fn send(&self, reason: &'static str, signal: Signal) -> Result<()> {
        let sent = self.kernel.because(reason).pidfd_send_signal(self.child.pidfd.as_fd(), signal);
        // It may have ended a moment ago; we are about to learn so.
        sent.or_else(
            |error| if groundwork::Refused::errno_of(&error) == Some(Errno::ESRCH) { Ok(()) } else { Err(error) },
        )
    }

    fn read_keys(&mut self) -> Result<()> {
        let mut bytes = [0; 4096];
        let read = match nix::unistd::read(stdin(), &mut bytes) {
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(()),
            read => &bytes[..read?],
        };
        self.keys.extend_from_slice(read);
        match read.last() {
            Some(last) => self.is_in_line = !matches!(last, b'\n' | b'\r'),
            None => {
                self.keys_end = true;
                // After part of a line, the first hands that part over, and the second ends.
                self.keys.resize(if self.is_in_line { 2 } else { 1 }, END_OF_KEYS);
            }
        }
        Ok(())
    }

    /// Types what there is room for.
    fn type_keys(&mut self) -> Result<()> {
        let Some(terminal) = &self.terminal else { return Ok(()) };
        match nix::unistd::write(terminal, &self.keys) {
            Ok(count) => drop(self.keys.drain(..count)),
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            // Nobody is at the other end; a read is about to say so.
            Err(Errno::EIO) => self.keys.clear(),
            Err(errno) => return Err(errno.into()),
        }
        Ok(())
    }

    /// False when there is nothing more: the other end of the terminal is closed, which a read says with EIO.
    fn pass_on_output(&mut self) -> Result<bool> {
        let Some(terminal) = &self.terminal else { return Ok(false) };
        let mut bytes = [0; 16 * 1024];
        match nix::unistd::read(terminal, &mut bytes) {
            Ok(0) | Err(Errno::EIO) => self.terminal = None,
            Ok(count) => match write_all(&bytes[..count]) {
                // Who looked has gone, as when a window is closed: to the program, its terminal hangs up.
                Err(Errno::EPIPE) => (self.terminal, self.deadline) = (None, Some(Instant::now() + GRACE)),
                written => return written.map(|()| true).context("cannot write what the program says"),
            },
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(false)
    }

    /// Ends who does not end by itself.
    fn insist(&mut self) -> Result<()> {
        if self.deadline.is_none_or(|deadline| Instant::now() < deadline) {
            return Ok(());
        }
        self.deadline = None;
        self.send("its terminal has hung up, and it stays: nobody could see what it does", Signal::SIGKILL)
    }

    fn time_left(&self) -> PollTimeout {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        left.map_or(PollTimeout::NONE, |left| PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX))
    }

    fn fit_window(&self) {
        if let Some(terminal) = &self.terminal {
            crate::terminal::fit(terminal.as_fd());
        }
    }
}

/// Writes to our standard output, which somebody else may have made one that does not wait.
fn write_all(mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match nix::unistd::write(stdout(), bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EAGAIN) => drop(poll(&mut [PollFd::new(stdout(), PollFlags::POLLOUT)], PollTimeout::NONE)?),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
