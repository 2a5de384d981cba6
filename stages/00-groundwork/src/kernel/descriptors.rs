//! Descriptors that are open: what one process leaves so, the program it becomes finds so.

use anyhow::Result;
use nix::errno::Errno;
use nix::libc;

use crate::arguments::{Argument, Bare, Number};
use crate::kernel::Because;
use crate::refusal::Refused;

impl Because<'_> {
    /// close_range(2): marks these descriptors, from `first` on, to be closed by the next execve(2).
    ///
    /// # Errors
    /// ENOSYS before Linux 5.9, EINVAL before 5.11.
    pub fn close_range_on_exec(self, first: u32) -> Result<()> {
        let flags = Bare("CLOSE_RANGE_CLOEXEC");
        self.ask("close_range", &[&first, &u32::MAX, &flags], || {
            close_range(first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC)
        })
    }

    /// close_range(2): closes all descriptors from `first` to `last`, whoever in this process may have them in hand.
    ///
    /// # Errors
    /// ENOSYS before Linux 5.9.
    pub fn close_range(self, first: u32, last: u32) -> Result<()> {
        let words: &[&dyn Argument] = &[&Number(first), &Number(last), &0_u32];
        // Told before it is made: afterwards the trace is closed too.
        if self.kernel.is_told() {
            self.tell_answer("close_range", words, &Ok(()));
        }
        let closed = if self.kernel.is_rehearsing() { Ok(()) } else { close_range(first, last, 0) };
        closed.map_err(|errno| Refused::new("close_range", words, errno).into())
    }
}

#[expect(unsafe_code, reason = "nix has no close_range(2); watched by nothing_of_ours_is_open_inside")]
fn close_range(first: u32, last: u32, flags: u32) -> nix::Result<()> {
    // SAFETY: it takes numbers and touches no memory. Whoever has a closed descriptor in hand gets EBADF from it.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
    Errno::result(result).map(drop)
}
