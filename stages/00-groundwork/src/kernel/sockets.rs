//! Sockets: to speak with the process on the other side, and with network devices.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use anyhow::Result;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType};

use crate::arguments::{Argument, Bare, Spelling};
use crate::kernel::Because;
use crate::kernel::files::Count;
use crate::refusal::Refused;

impl Because<'_> {
    /// sendto(2) to a process of ours. Done in a rehearsal too.
    ///
    /// # Errors
    /// EPIPE when nobody holds the other end: an error here, and not SIGPIPE, which would end us without a word.
    pub fn sendto(self, socket: BorrowedFd<'_>, content: &[u8]) -> Result<()> {
        let send = || nix::sys::socket::send(socket.as_raw_fd(), content, MsgFlags::MSG_NOSIGNAL).map(Count);
        let words: &[&dyn Argument] =
            &[&socket, &content, &content.len(), &Bare("MSG_NOSIGNAL"), &Bare("NULL"), &Bare("0")];
        self.said("sendto", words, content.len(), send)
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

    /// sendmsg(2) to a process of ours: a whole message, and a descriptor with it if there is one: see SCM_RIGHTS in
    /// unix(7). Done in a rehearsal too.
    ///
    /// # Errors
    /// EPIPE when nobody holds the other end.
    pub fn sendmsg(self, socket: BorrowedFd<'_>, content: &[u8], descriptor: Option<BorrowedFd<'_>>) -> Result<()> {
        let descriptors: Vec<_> = descriptor.iter().map(AsRawFd::as_raw_fd).collect();
        let with = [ControlMessage::ScmRights(&descriptors)];
        let with = if descriptors.is_empty() { &[] } else { &with[..] };
        let parts = [IoSlice::new(content)];
        let flags = MsgFlags::MSG_NOSIGNAL;
        let send = || nix::sys::socket::sendmsg::<()>(socket.as_raw_fd(), &parts, with, flags, None).map(Count);
        let words: &[&dyn Argument] = &[&socket, &Message { content, descriptor }, &Bare("MSG_NOSIGNAL")];
        self.said("sendmsg", words, content.len(), send)
    }

    /// A rehearsal tells first that something was sent: who hears it has something to tell too, and may be quicker.
    fn said(
        self,
        name: &'static str,
        words: &[&dyn Argument],
        length: usize,
        send: impl FnOnce() -> nix::Result<Count>,
    ) -> Result<()> {
        if !self.kernel.is_rehearsing() {
            return self.answered(name, words, send()).map(drop);
        }
        self.tell_answer(name, words, &Ok(Count(length)));
        send().map(drop).map_err(|errno| Refused::new(name, words, errno).into())
    }

    /// recvmsg(2): waits for a whole message, however long, and for the descriptor that comes with it. An empty message
    /// means that nobody holds the other end. Done in a rehearsal too.
    ///
    /// # Errors
    /// None that a socket between two processes of ours gives.
    #[expect(unsafe_code, reason = "the kernel gives a bare number; watched by a_terminal_is_handed_over")]
    pub fn recvmsg(self, socket: BorrowedFd<'_>) -> Result<(Vec<u8>, Option<OwnedFd>)> {
        let mut content = vec![0; length_of_next(socket)];
        let mut space = nix::cmsg_space!(libc::c_int);
        let (answer, descriptor) = loop {
            let mut parts = [IoSliceMut::new(&mut content)];
            let flags = MsgFlags::MSG_CMSG_CLOEXEC;
            let heard = match nix::sys::socket::recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags) {
                Err(Errno::EINTR) => continue,
                Err(errno) => break (Err(errno), None),
                Ok(heard) => heard,
            };
            let descriptor = heard.cmsgs().ok().and_then(|mut parts| match parts.next() {
                Some(ControlMessageOwned::ScmRights(descriptors)) => descriptors.first().copied(),
                _ => None,
            });
            // SAFETY: the kernel has just put this descriptor into our table, and nobody else knows of it.
            break (Ok(heard.bytes), descriptor.map(|number| unsafe { OwnedFd::from_raw_fd(number) }));
        };
        content.truncate(answer.unwrap_or(0));
        let message = Message { content: &content, descriptor: descriptor.as_ref().map(AsFd::as_fd) };
        self.answered("recvmsg", &[&socket, &message, &Bare("MSG_CMSG_CLOEXEC")], answer.map(Count))?;
        Ok((content, descriptor))
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

/// Waits for the next message, and leaves it where it is. Nearly all are silence: a buffer for the longest one would be made,
/// and taken down, for nothing.
fn length_of_next(socket: BorrowedFd<'_>) -> usize {
    loop {
        match nix::sys::socket::recv(socket.as_raw_fd(), &mut [], MsgFlags::MSG_PEEK | MsgFlags::MSG_TRUNC) {
            Err(Errno::EINTR) => {}
            // What is wrong is said when it is taken.
            answer => return answer.unwrap_or(0),
        }
    }
}

/// A message as it is told: its words, and what came with them.
struct Message<'a> {
    content: &'a [u8],
    descriptor: Option<BorrowedFd<'a>>,
}

impl Argument for Message<'_> {
    fn spell(&self, spelling: Spelling) -> String {
        let rights = self.descriptor.map_or_else(String::new, |descriptor| {
            format!(", {{cmsg_type=SCM_RIGHTS, cmsg_data=[{}]}}", descriptor.spell(spelling))
        });
        format!("{{{}{rights}}}", self.content.spell(spelling))
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::socket::socketpair;

    use super::*;
    use crate::kernel::Kernel;

    #[test]
    fn messages_arrive_one_by_one_and_whole_however_long_and_then_silence() {
        let kernel = Kernel::quiet();
        let pair = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC);
        let (ours, theirs) = pair.expect("two ends");
        let words = [b"one".to_vec(), vec![b'x'; 50_000]];
        words
            .iter()
            .for_each(|words| kernel.because("a test").sendmsg(theirs.as_fd(), words, None).expect("it is sent"));
        drop(theirs);
        let hear = || kernel.because("a test").recvmsg(ours.as_fd()).expect("an answer").0;
        assert_eq!([hear(), hear()], words);
        assert_eq!(hear(), b"");
    }
}
