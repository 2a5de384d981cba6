//! A program that the C library begins, and not Rust's own main.
//!
//! That one looks for the end of the stack in /proc/self/maps, and makes another stack on which it could tell that the
//! first one has overflowed. A program that starts a container is hardly there before it is another one: of its time, 3 %
//! went into being ready for that. What an overflow gets without it is what a program in C gets: SIGSEGV.

use std::ffi::c_int;
use std::io::{Write, stdout};
use std::os::fd::IntoRawFd;
use std::panic::catch_unwind;
use std::process::ExitCode;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, fcntl_getfd};
use rustix::stdio;

use crate::kernel::PANICKED;

// ANCHOR: begin
/// The whole of a program whose `main` is called by the C library, with what Rust's own does and this one needs too.
pub fn begin(main: fn() -> ExitCode) -> c_int {
    fill_gaps();
    let ended = catch_unwind(main);
    // What is printed waits for the end of its line, and would be forgotten.
    let _ = stdout().flush();
    c_int::from(ended.map_or(PANICKED, number))
}

/// The number of a standard stream that was closed would be that of the next file that we open: a container's record.
fn fill_gaps() {
    for stream in [stdio::stdin(), stdio::stdout(), stdio::stderr()] {
        if fcntl_getfd(stream) == Err(Errno::BADF) {
            // It gets the lowest number that is free, and that is this one; like the others, it stays open for the program.
            let _ = open("/dev/null", OFlags::RDWR, Mode::empty()).map(IntoRawFd::into_raw_fd);
        }
    }
}
// ANCHOR_END: begin

/// An exit status tells its number to Rust's own main alone: it is the one that is equal.
fn number(status: ExitCode) -> u8 {
    (0..=u8::MAX).find(|number| ExitCode::from(*number) == status).unwrap_or(PANICKED)
}
