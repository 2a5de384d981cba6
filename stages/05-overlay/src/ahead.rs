//! Decompression in a thread of its own: one processor inflates what comes next while the other makes files of what is
//! there.
//!
//! Between the two go a few buffers, full one way and empty the other. There are no more of them, so neither side gets
//! far ahead, and memory does not grow with the archive.

use std::io::{BufRead, Error, ErrorKind, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Builder;

use anyhow::{Context, Result};

const BUFFERS: usize = 8;
/// Small enough that all of them stay in the processor's cache.
const SIZE: usize = 64 << 10;

/// Bytes that another thread has read already.
pub(crate) struct Ahead {
    full: Receiver<std::io::Result<Buffer>>,
    empty: Sender<Buffer>,
    /// The buffer that is read from. At the end of the bytes it is empty, and no other comes.
    present: Option<Buffer>,
}

/// A piece of memory, and which part of it holds bytes that nobody has taken.
struct Buffer {
    memory: Vec<u8>,
    from: usize,
    to: usize,
}

// ANCHOR: ahead
impl Ahead {
    /// Begins to read from `reader`, which belongs to the other thread from here on: nobody waits for that thread, which
    /// ends with the bytes, or when nobody wants them any more.
    ///
    /// # Errors
    /// EAGAIN past the limit on processes: pthread_create(3).
    pub(crate) fn of(reader: impl Read + Send + 'static) -> Result<Self> {
        let (give_full, full) = channel();
        let (empty, take_empty) = channel();
        for _ in 0..BUFFERS {
            empty.send(Buffer { memory: vec![0; SIZE], from: 0, to: 0 })?;
        }
        let reading = move || fill_all(reader, &take_empty, &give_full);
        Builder::new().spawn(reading).context("cannot start a thread that reads ahead")?;
        Ok(Self { full, empty, present: None })
    }
}

/// Fills each empty buffer that comes back, until the bytes end, or cannot be read, or the other side is gone.
fn fill_all(mut reader: impl Read, empty: &Receiver<Buffer>, full: &Sender<std::io::Result<Buffer>>) {
    for mut buffer in empty {
        let count = loop {
            match reader.read(&mut buffer.memory) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                answer => break answer,
            }
        };
        let is_last = !matches!(count, Ok(1..));
        let filled = count.map(|count| Buffer { from: 0, to: count, ..buffer });
        if full.send(filled).is_err() || is_last {
            return;
        }
    }
}
// ANCHOR_END: ahead

impl Ahead {
    /// The next full buffer; the one before goes back.
    fn turn_over(&mut self) -> std::io::Result<()> {
        if let Some(spent) = self.present.take() {
            // Where the bytes have ended, nobody takes it any more.
            let _ = self.empty.send(spent);
        }
        let gone = || Error::other("the thread that reads ahead has ended with an error");
        self.present = Some(self.full.recv().map_err(|_| gone())??);
        Ok(())
    }
}

impl BufRead for Ahead {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        // A buffer that came empty is the end; one that was taken from is not.
        if self.present.as_ref().is_none_or(|present| present.from == present.to && present.to > 0) {
            self.turn_over()?;
        }
        Ok(self.present.as_ref().map_or(&[], |present| &present.memory[present.from..present.to]))
    }

    fn consume(&mut self, count: usize) {
        if let Some(present) = &mut self.present {
            present.from += count;
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Gives as many bytes as it is told to and then what `end` says.
    struct Counted {
        left: usize,
        end: fn() -> std::io::Result<usize>,
        /// Closed when the reader is gone.
        _gone: mpsc::Sender<()>,
    }

    impl Read for Counted {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if self.left == 0 {
                return (self.end)();
            }
            let count = self.left.min(into.len()).min(1 + self.left % 40_000);
            for (offset, byte) in into[..count].iter_mut().enumerate() {
                *byte = (self.left - offset) as u8;
            }
            self.left -= count;
            Ok(count)
        }
    }

    fn counted(left: usize, end: fn() -> std::io::Result<usize>) -> (Ahead, mpsc::Receiver<()>) {
        let (gone, is_gone) = mpsc::channel();
        (Ahead::of(Counted { left, end, _gone: gone }).unwrap(), is_gone)
    }

    #[test]
    fn every_byte_comes_once_and_in_order() {
        let (mut ahead, is_gone) = counted(3_000_000, || Ok(0));
        let mut bytes = Vec::new();
        ahead.read_to_end(&mut bytes).unwrap();
        assert!(bytes.iter().copied().eq((1..=3_000_000_usize).rev().map(|left| left as u8)));
        assert_eq!(ahead.read(&mut [0; 10]).unwrap(), 0, "the end stays the end");
        assert!(is_gone.recv().is_err(), "the thread ends with the bytes");
    }

    #[test]
    fn an_error_comes_after_the_bytes_before_it_and_never_looks_like_an_end() {
        let (mut ahead, _) = counted(100_000, || Err(Error::other("no more")));
        let mut bytes = Vec::new();
        assert_eq!(ahead.read_to_end(&mut bytes).unwrap_err().to_string(), "no more");
        assert_eq!(bytes.len(), 100_000);
        assert!(ahead.read(&mut [0; 10]).is_err());
    }

    #[test]
    fn the_thread_ends_when_nobody_wants_its_bytes() {
        let (mut ahead, is_gone) = counted(usize::MAX, || Ok(0));
        assert_eq!(ahead.read(&mut [0; 10]).unwrap(), 10);
        drop(ahead);
        assert!(is_gone.recv().is_err());
    }
}
