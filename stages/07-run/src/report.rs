//! What the child says to its parent: a terminal, an error, or, by falling silent, that it has become the program.

use std::cell::{Cell, RefCell};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use anyhow::Result;
use groundwork::{Kernel, cli};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

/// The child's side. It closes on exec: the kernel itself says the last word.
#[derive(Debug)]
pub struct Speaker {
    socket: RefCell<Option<OwnedFd>>,
    has_terminal: Cell<bool>,
}

/// The parent's side.
#[derive(Debug)]
pub struct Listener(OwnedFd);

/// What the parent hears.
#[derive(Debug)]
pub enum Heard {
    /// The other side is closed: the child has become the program, or has ended without a word.
    Silence,
    /// The container's program runs.
    Started,
    /// The end of the container's terminal that the parent holds.
    Terminal(OwnedFd),
    /// Why there is no container, and the exit status that stands for it.
    Failure(Failure),
}

/// An error that happened in another process, with its words as that process would have printed them.
#[derive(Clone, Debug)]
pub struct Failure {
    /// 125, 126 or 127.
    pub status: u8,
    /// The error, and its hint.
    pub words: String,
}

/// The status that no failure has.
const STARTED: u8 = 0;

/// Longer than any error: two paths, an overlay's options and a hint. What a socket takes at once is not endless.
const MOST: usize = 32 * 1024;

// ANCHOR: report
/// A line of its own between child and parent. Each message arrives whole: see SOCK_SEQPACKET in unix(7).
///
/// # Errors
/// EMFILE past the limit on descriptors.
pub fn pair() -> Result<(Listener, Speaker)> {
    let (one, other) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
    Ok((Listener(one), Speaker { socket: RefCell::new(Some(other)), has_terminal: Cell::new(false) }))
}

impl Speaker {
    /// Hands the parent its end of a terminal.
    ///
    /// # Errors
    /// EPIPE when the parent has ended.
    pub fn hand_over(&self, kernel: &Kernel, terminal: BorrowedFd<'_>) -> Result<()> {
        self.has_terminal.set(true);
        self.say(kernel, "the terminal was opened inside; who sits at it is outside", b"terminal", Some(terminal))
    }

    /// True once the parent holds its end of a terminal.
    pub fn has_terminal(&self) -> bool {
        self.has_terminal.get()
    }

    /// Tells the parent why there is no container.
    ///
    /// # Errors
    /// EPIPE when the parent has ended.
    pub fn fail(&self, kernel: &Kernel, error: &anyhow::Error) -> Result<()> {
        self.pass_on(kernel, &Failure { status: cli::exit_status(error), words: cli::in_words(error) })
    }

    /// Passes on what another process has said.
    ///
    /// # Errors
    /// EPIPE when the parent has ended.
    pub fn pass_on(&self, kernel: &Kernel, failure: &Failure) -> Result<()> {
        let mut words = vec![failure.status];
        words.extend(failure.words.bytes());
        words.truncate(MOST);
        self.say(kernel, "an error is reported once, and by the first of us", &words, None)
    }

    /// Tells the parent that all went well. Falling silent would not do where it could also mean a crash.
    ///
    /// # Errors
    /// EPIPE when the parent has ended.
    pub fn started(&self, kernel: &Kernel) -> Result<()> {
        self.say(kernel, "the program runs: who asked for it need not wait", &[STARTED], None)
    }

    /// Its number; that of nothing once it is closed.
    pub fn descriptor(&self) -> RawFd {
        self.socket.borrow().as_ref().map_or(RawFd::MAX, AsRawFd::as_raw_fd)
    }

    /// Closes this side, in a process that goes on but will not become the program.
    pub fn fall_silent(&self) {
        self.socket.take();
    }

    fn say(&self, kernel: &Kernel, reason: &'static str, words: &[u8], terminal: Option<BorrowedFd<'_>>) -> Result<()> {
        match &*self.socket.borrow() {
            Some(socket) => kernel.because(reason).sendmsg(socket.as_fd(), words, terminal),
            None => Ok(()),
        }
    }
}

impl Listener {
    /// Waits for the child's next word.
    ///
    /// # Errors
    /// None that a socket between two processes of ours gives.
    pub fn hear(&self, kernel: &Kernel, reason: &'static str) -> Result<Heard> {
        let (words, terminal) = kernel.because(reason).recvmsg(self.0.as_fd())?;
        Ok(match (terminal, words.split_first()) {
            (Some(terminal), _) => Heard::Terminal(terminal),
            (None, Some((&STARTED, _))) => Heard::Started,
            (None, Some((status, words))) => {
                Heard::Failure(Failure { status: *status, words: String::from_utf8_lossy(words).into_owned() })
            }
            (None, None) => Heard::Silence,
        })
    }
}
// ANCHOR_END: report

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
