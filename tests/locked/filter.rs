//! seccomp(2) filters: which calls are refused, and which are looked at by the [`Warden`](super::warden) first.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::libc::{self, sock_filter, sock_fprog};

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// It is refused.
    Errno(Errno),
    /// The warden decides.
    Ask,
}

/// A filter, and where its listener goes if it has one.
#[derive(Clone, Debug)]
pub struct Filter {
    program: Vec<sock_filter>,
    listener: Option<Arc<OwnedFd>>,
}

/// Where a program finds the number of the call, and the lower half of its first argument: struct seccomp_data.
const NUMBER: u32 = 0;
const FIRST: u32 = if cfg!(target_endian = "little") { 16 } else { 20 };

const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const IF_ANY_OF: u32 = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;

fn line(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

impl Answer {
    fn code(self) -> u32 {
        match self {
            Self::Errno(errno) => libc::SECCOMP_RET_ERRNO | errno as u32,
            Self::Ask => libc::SECCOMP_RET_USER_NOTIF,
        }
    }
}

impl Filter {
    /// Allows all but these calls.
    pub fn of(calls: &[(libc::c_long, Answer)]) -> Self {
        Self::with_flags(calls, &[])
    }

    /// The same, and refuses these calls when their first argument has one of these bits.
    pub fn with_flags(calls: &[(libc::c_long, Answer)], flagged: &[(libc::c_long, u32, Errno)]) -> Self {
        let mut program = vec![line(LOAD, NUMBER, 0, 0)];
        for (number, answer) in calls {
            program.extend([line(IF_EQUAL, *number as u32, 0, 1), line(RETURN, answer.code(), 0, 0)]);
        }
        for (number, bits, errno) in flagged {
            program.extend([
                line(IF_EQUAL, *number as u32, 0, 4),
                line(LOAD, FIRST, 0, 0),
                line(IF_ANY_OF, *bits, 0, 1),
                line(RETURN, Answer::Errno(*errno).code(), 0, 0),
                line(LOAD, NUMBER, 0, 0),
            ]);
        }
        program.push(line(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0));
        Self { program, listener: None }
    }

    /// The same; its listener is sent through this socket.
    pub fn sent_to(self, socket: Arc<OwnedFd>) -> Self {
        Self { listener: Some(socket), ..self }
    }

    /// For somebody with CAP_SYS_ADMIN in their own user namespace: others would need no_new_privs.
    #[expect(unsafe_code, reason = "no crate has seccomp(2)")]
    pub fn put_on(&self) -> nix::Result<()> {
        let program = sock_fprog { len: self.program.len() as u16, filter: self.program.as_ptr().cast_mut() };
        let flags = if self.listener.is_some() { libc::SECCOMP_FILTER_FLAG_NEW_LISTENER } else { 0 };
        // SAFETY: the kernel copies the program, which lives; the descriptor that it gives is ours.
        let made =
            unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
        let listener = Errno::result(made)?;
        self.listener.as_ref().map_or(Ok(()), |socket| send(socket.as_raw_fd(), listener as i32))
    }
}

/// sendmsg(2) with one descriptor, without allocating.
#[expect(unsafe_code, reason = "nix's sendmsg allocates, which is not allowed here")]
fn send(socket: i32, descriptor: i32) -> nix::Result<()> {
    #[repr(C, align(8))]
    struct Message {
        head: libc::cmsghdr,
        descriptor: i32,
    }
    // SAFETY: all of it are numbers and pointers, for which zero is a value.
    let (mut message, mut head): (Message, libc::msghdr) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    let mut byte = 0_u8;
    let mut part = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    message.head.cmsg_level = libc::SOL_SOCKET;
    message.head.cmsg_type = libc::SCM_RIGHTS;
    message.head.cmsg_len = (size_of::<libc::cmsghdr>() + size_of::<i32>()) as _;
    message.descriptor = descriptor;
    head.msg_iov = &raw mut part;
    head.msg_iovlen = 1;
    head.msg_control = (&raw mut message).cast();
    head.msg_controllen = size_of::<Message>() as _;
    // SAFETY: everything that it points to lives until it returns.
    Errno::result(unsafe { libc::sendmsg(socket, &raw const head, 0) }).map(drop)
}
