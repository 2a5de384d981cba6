//! The lines to the host, one for each purpose: virtio ports, which can be opened by one process only, and once.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::thread;

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;

use super::root::await_file;
use crate::session::Port;

/// An open line.
pub(super) fn open(port: Port) -> Result<File> {
    let path = format!("/dev/vport0p{}", port as u32);
    await_file(&path)?;
    OpenOptions::new().read(true).write(true).open(&path).with_context(|| path)
}

/// How long nobody looks.
pub(super) const PAUSE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Reads from a line, and looks from time to time whether something is there: in an emulated machine the interrupt that says
/// so is lost now and then, and who only waits for it waits until the host says something more.
pub(super) struct Attentive(pub(super) File);

impl Read for Attentive {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while retry_on_intr(|| poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&PAUSE)))? == 0 {}
        self.0.read(buffer)
    }
}

/// Passes on what comes from the command, for as long as the machine lives.
pub(super) fn pass_out(mut from: impl Read + Send + 'static, mut port: File) {
    thread::spawn(move || {
        let mut buffer = [0; 16384];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if port.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    });
}

/// Passes on what comes from the host, until it says that this was all.
pub(super) fn pass_in(port: File, mut to: impl Write + Send + 'static) {
    thread::spawn(move || {
        let (mut port, mut buffer) = (Attentive(port), [0; 16384]);
        while let Ok(count @ 1..) = port.read(&mut buffer) {
            if to.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    });
}
