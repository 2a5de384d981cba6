//! A terminal with somebody at it: the judge.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, tcgetattr};

use super::process::Process;

const PATIENCE: Duration = Duration::from_secs(90);

/// Our end of a terminal, and the program at the other.
pub struct Terminal {
    ours: File,
    /// Kept open, so that its settings can be read when the program has gone.
    theirs: OwnedFd,
    child: Child,
    seen: Vec<u8>,
}

nix::ioctl_write_ptr_bad!(set_window_size, libc::TIOCSWINSZ, Winsize);

impl Terminal {
    /// Starts a program at a terminal of this many rows and columns, which is the controlling terminal of its session.
    #[expect(unsafe_code, reason = "what runs between fork and exec are two system calls")]
    pub fn start(mut command: Command, size: (u16, u16)) -> Self {
        // openpty(3) would leave both ends open in whatever another judge starts at this moment.
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let master = posix_openpt(flags).expect("there are terminals");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("a terminal can be unlocked");
        let slave = ptsname_r(&master).map_err(std::io::Error::from).and_then(|name| {
            let flags = (OFlag::O_NOCTTY | OFlag::O_CLOEXEC).bits();
            File::options().read(true).write(true).custom_flags(flags).open(name)
        });
        let slave = OwnedFd::from(slave.expect("its other end can be opened"));
        let stream = || slave.try_clone().expect("there are descriptors");
        command.stdin(stream()).stdout(stream()).stderr(stream());
        // SAFETY: setsid(2) and ioctl(2) are async-signal-safe.
        unsafe {
            command.pre_exec(|| {
                nix::unistd::setsid()?;
                nix::errno::Errno::result(libc::ioctl(0, libc::TIOCSCTTY, 0))?;
                Ok(())
            });
        }
        resize(&master, size);
        let child = command.spawn().expect("the program can be run");
        // What is handed to `command` would otherwise stay open until it is dropped.
        drop(command);
        Self { ours: File::from(OwnedFd::from(master)), theirs: slave, child, seen: Vec::new() }
    }

    /// Types.
    pub fn type_in(&mut self, keys: &str) {
        self.ours.write_all(keys.as_bytes()).expect("somebody reads");
    }

    /// Makes the window larger or smaller. Whoever has the terminal is sent SIGWINCH.
    pub fn resize(&mut self, size: (u16, u16)) {
        resize(&self.ours, size);
    }

    /// The next line on the screen.
    pub fn line(&mut self) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.iter().position(|byte| *byte == b'\n') {
                let rest = self.seen.split_off(at + 1);
                let line = std::mem::replace(&mut self.seen, rest);
                return String::from_utf8_lossy(&line[..at]).trim_end_matches('\r').to_owned();
            }
            self.look(end);
        }
    }

    /// Waits for the end of the program, and gives its status as a shell would.
    pub fn end(&mut self) -> i32 {
        let process = Process::with(self.child.id());
        assert!(process.ends_before(Instant::now() + PATIENCE), "it does not end; seen: {}", self.screen());
        let status = self.child.wait().expect("a child can be waited for");
        status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
    }

    /// Whether lines are edited, keys echoed, and signals made of keys.
    pub fn settings(&self) -> LocalFlags {
        tcgetattr(&self.theirs).expect("it is a terminal").local_flags
    }

    fn look(&mut self, end: Instant) {
        let left = end.saturating_duration_since(Instant::now());
        let mut asked = [PollFd::new(self.ours.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut asked, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)).unwrap_or(0);
        assert!(ready > 0, "nothing appears; seen: {}", self.screen());
        let mut bytes = [0; 4096];
        let count = self.ours.read(&mut bytes).expect("our end stays open");
        self.seen.extend_from_slice(&bytes[..count]);
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[expect(unsafe_code, reason = "an ioctl has no safe form")]
fn resize(terminal: &impl AsFd, (rows, columns): (u16, u16)) {
    let window = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel reads one winsize, which lives.
    unsafe { set_window_size(terminal.as_fd().as_raw_fd(), &raw const window) }.expect("it is a terminal");
}
