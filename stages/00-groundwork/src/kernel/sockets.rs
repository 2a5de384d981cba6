//! Sockets: to speak with the process on the other side, and with network devices.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use anyhow::Result;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType};

use crate::arguments::{Argument, Bare};
use crate::kernel::Because;
use crate::kernel::files::Count;

impl Because<'_> {
    /// sendto(2) to a process of ours. Done in a rehearsal too.
    ///
    /// # Errors
    /// EPIPE when nobody holds the other end: an error here, and not SIGPIPE, which would end us without a word.
    pub fn sendto(self, socket: BorrowedFd<'_>, content: &[u8]) -> Result<()> {
        let answer = nix::sys::socket::send(socket.as_raw_fd(), content, MsgFlags::MSG_NOSIGNAL);
        let words: &[&dyn Argument] =
            &[&socket, &content, &content.len(), &Bare("MSG_NOSIGNAL"), &Bare("NULL"), &Bare("0")];
        self.answered("sendto", words, answer.map(Count)).map(drop)
    }

    /// recvfrom(2): waits until something is sent, or until nobody holds the other end; then there is nothing.
    /// Done in a rehearsal too.
    ///
    /// # Errors
    /// None that a socket between two processes of ours gives.
    pub fn recvfrom(self, socket: BorrowedFd<'_>, most: usize) -> Result<Vec<u8>> {
        let mut content = vec![0; most];
        let answer = loop {
            match nix::sys::socket::recv(socket.as_raw_fd(), &mut content, MsgFlags::empty()) {
                Err(Errno::EINTR) => {}
                answer => break answer,
            }
        };
        content.truncate(answer.unwrap_or(0));
        let words: &[&dyn Argument] = &[&socket, &content.as_slice(), &most, &Bare("0"), &Bare("NULL"), &Bare("NULL")];
        self.answered("recvfrom", words, answer.map(Count))?;
        Ok(content)
    }

    /// socket(2): any socket of the network namespace, to ask about its devices.
    ///
    /// # Errors
    /// EAFNOSUPPORT on a kernel without IPv4.
    pub fn socket_inet(self) -> Result<OwnedFd> {
        let words: &[&dyn Argument] = &[&Bare("AF_INET"), &Bare("SOCK_DGRAM|SOCK_CLOEXEC"), &Bare("IPPROTO_IP")];
        self.ask("socket", words, || {
            nix::sys::socket::socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)
        })
    }

    /// ioctl(2), SIOCSIFFLAGS with IFF_UP: let a network device carry packets: see netdevice(7).
    ///
    /// # Errors
    /// EPERM without CAP_NET_ADMIN in the owner of the network namespace; ENODEV for an unknown name.
    #[expect(unsafe_code, reason = "an ioctl has no safe form; watched by loopback_answers_inside")]
    pub fn ioctl_interface_up(self, socket: BorrowedFd<'_>, name: &str) -> Result<()> {
        let request = format!("{{ifr_name=\"{name}\", ifr_flags=IFF_UP}}");
        self.ask("ioctl", &[&socket, &Bare("SIOCSIFFLAGS"), &Bare(request)], || {
            // SAFETY: ifreq is plain old data, for which all zeroes is a value.
            let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
            if name.len() >= request.ifr_name.len() {
                return Err(Errno::ENODEV);
            }
            for (place, letter) in request.ifr_name.iter_mut().zip(name.bytes()) {
                *place = letter as libc::c_char;
            }
            request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
            // SAFETY: the kernel reads a whole ifreq, whose name ends with a NUL byte, and keeps no reference to it.
            let answer = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
            Errno::result(answer).map(drop)
        })
    }
}
