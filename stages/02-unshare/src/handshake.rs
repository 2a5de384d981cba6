//! Parent and child waiting for each other: some steps can be taken only from outside, and only before the next one inside.

use std::fmt::{Display, Formatter};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use anyhow::{Context, Result, ensure};
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

/// One side of a conversation between two processes.
///
/// Made before fork(2); afterwards each process keeps its own side and drops the other's. Were the other's kept, nobody
/// would notice its end: the kernel reports that when the last copy is closed.
#[derive(Debug)]
pub struct Handshake {
    socket: OwnedFd,
}

/// The process on the other side has ended, and has said why itself.
#[derive(Debug)]
pub struct Abandoned;

/// Longer than anything said here.
const MOST: usize = 4096;

// ANCHOR: handshake
impl Handshake {
    /// The two sides. What is said arrives whole: see SOCK_SEQPACKET in unix(7).
    ///
    /// # Errors
    /// EMFILE past the limit on descriptors.
    pub fn pair() -> Result<(Self, Self)> {
        let (one, other) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
            .context("socketpair(AF_UNIX)")?;
        Ok((Self { socket: one }, Self { socket: other }))
    }

    /// Lets the other side go on.
    ///
    /// # Errors
    /// [`Abandoned`]: the other side has ended.
    pub fn release(&self, kernel: &Kernel, reason: &'static str) -> Result<()> {
        self.say(kernel, reason, "go")
    }

    /// Waits until the other side lets this one go on.
    ///
    /// # Errors
    /// [`Abandoned`]: the other side has ended instead.
    pub fn wait(&self, kernel: &Kernel, reason: &'static str) -> Result<()> {
        self.hear(kernel, reason).map(drop)
    }
}
// ANCHOR_END: handshake

impl Handshake {
    /// Tells the other side something: at most 4096 bytes, and not nothing.
    ///
    /// # Errors
    /// [`Abandoned`]: the other side has ended.
    pub fn say(&self, kernel: &Kernel, reason: &'static str, words: &str) -> Result<()> {
        kernel.because(reason).sendto(self.socket.as_fd(), words.as_bytes()).map_err(is_gone)
    }

    /// Waits until the other side says something.
    ///
    /// # Errors
    /// [`Abandoned`]: the other side has ended instead.
    pub fn hear(&self, kernel: &Kernel, reason: &'static str) -> Result<String> {
        let words = kernel.because(reason).recvfrom(self.socket.as_fd(), MOST).map_err(is_gone)?;
        ensure!(!words.is_empty(), Abandoned);
        Ok(String::from_utf8_lossy(&words).into_owned())
    }

    /// True when nobody holds the other side any more. Does not wait.
    pub fn is_abandoned(&self) -> bool {
        // POLLHUP is reported without being asked for: see poll(2).
        let mut asked = [PollFd::new(self.socket.as_fd(), PollFlags::empty())];
        let answer = poll(&mut asked, PollTimeout::ZERO);
        answer.is_ok() && asked[0].revents().is_some_and(|events| events.contains(PollFlags::POLLHUP))
    }
}

impl AsFd for Handshake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// EPIPE: nobody will hear this. ECONNRESET: nobody has heard what was said before.
fn is_gone(error: anyhow::Error) -> anyhow::Error {
    match Refused::errno_of(&error) {
        Some(Errno::EPIPE | Errno::ECONNRESET) => Abandoned.into(),
        _ => error,
    }
}

impl Display for Abandoned {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the process on the other side has ended; its own message says why")
    }
}

impl std::error::Error for Abandoned {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_arrive_whole_and_in_order() {
        let kernel = Kernel::quiet();
        let (one, other) = Handshake::pair().unwrap();
        one.say(&kernel, "first", "a").unwrap();
        one.say(&kernel, "second", "bc").unwrap();
        assert_eq!(other.hear(&kernel, "first").unwrap(), "a");
        assert_eq!(other.hear(&kernel, "second").unwrap(), "bc");
    }

    #[test]
    fn who_waits_for_nobody_is_told() {
        let kernel = Kernel::quiet();
        let (one, other) = Handshake::pair().unwrap();
        assert!(!other.is_abandoned());
        drop(one);
        assert!(other.is_abandoned());
        assert!(other.wait(&kernel, "nobody is there").unwrap_err().is::<Abandoned>());
        assert!(other.release(&kernel, "nobody is there").unwrap_err().is::<Abandoned>());
    }

    #[test]
    fn who_was_not_heard_is_told() {
        let kernel = Kernel::quiet();
        let (one, other) = Handshake::pair().unwrap();
        other.release(&kernel, "never read").unwrap();
        drop(one);
        assert!(other.wait(&kernel, "nobody is there").unwrap_err().is::<Abandoned>());
    }

    #[test]
    fn what_was_said_before_the_end_is_still_heard() {
        let kernel = Kernel::quiet();
        let (one, other) = Handshake::pair().unwrap();
        one.release(&kernel, "then gone").unwrap();
        drop(one);
        other.wait(&kernel, "it was said").unwrap();
        assert!(other.is_abandoned());
    }
}
