//! Parent and child waiting for each other: some steps can be taken only from outside, and only before the next one inside.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result, bail};
use groundwork::Kernel;

/// One side of a conversation between two processes.
///
/// Made before fork(2); afterwards each process keeps its own side and drops the other's. Were the other's kept, nobody
/// would notice its end: the kernel reports that when the last copy is closed.
pub struct Handshake {
    socket: UnixStream,
}

// ANCHOR: handshake
impl Handshake {
    /// The two sides.
    ///
    /// # Errors
    /// EMFILE past the limit on descriptors.
    pub fn pair() -> Result<(Self, Self)> {
        let (one, other) = UnixStream::pair().context("socketpair")?;
        Ok((Self { socket: one }, Self { socket: other }))
    }

    /// Lets the other side go on.
    ///
    /// # Errors
    /// EPIPE when the other side has ended.
    pub fn release(&self, kernel: &Kernel, reason: &'static str) -> Result<()> {
        kernel.because(reason).sendto(self.socket.as_fd(), b"go")
    }

    /// Waits until the other side lets this one go on.
    ///
    /// # Errors
    /// The other side has ended instead.
    pub fn wait(&self, kernel: &Kernel, reason: &'static str) -> Result<()> {
        if kernel.because(reason).recvfrom(self.socket.as_fd(), 2)? != b"go" {
            bail!("the process on the other side has ended; its own message says why");
        }
        Ok(())
    }
}
// ANCHOR_END: handshake
