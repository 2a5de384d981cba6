//! A network device: netdevice(7).

use anyhow::{Context, Result};
use nix::libc;

/// Lets a device carry packets.
#[expect(unsafe_code, reason = "an ioctl has no safe form; watched by a_sandbox_is_a_host_of_its_own")]
pub(super) fn bring_up(socket: i32, name: &str) -> Result<()> {
    // SAFETY: ifreq is plain old data, for which all zeroes is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes().take(libc::IFNAMSIZ - 1)) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the kernel reads a whole ifreq, whose name ends with a NUL byte, and keeps no reference to it.
    let answer = unsafe { libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw const request) };
    nix::errno::Errno::result(answer).map(drop).context("ioctl(SIOCSIFFLAGS)")
}
