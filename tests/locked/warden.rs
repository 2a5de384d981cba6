//! Who answers for the kernel where a filter alone cannot: by the file that is opened or written, by the kind of file system.
//!
//! See seccomp_unotify(2): the call waits until it is answered, and a call that is nobody's business goes on as it was.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::libc::{self, seccomp_notif, seccomp_notif_addfd, seccomp_notif_resp};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, socketpair};

use super::filter::{Answer, Filter};
use crate::harness::{Process, namespace_of};

/// What this host is like, as far as a filter cannot tell.
#[derive(Clone, Debug)]
pub enum Rule {
    /// mount(2) and fsopen(2) of this kind of file system are refused.
    NoMountOf(&'static str, Errno),
    /// Writing to a file whose path ends like this is refused to who is in a user namespace that was made on this host.
    NoWriteInside(&'static str, Errno),
    /// Who reads this file finds this in it.
    Shows(&'static str, String),
    /// The same for those only who are in a user namespace that was made on this host.
    ShowsInside(&'static str, String),
}

/// A thread that answers, until nobody is left to ask.
pub struct Warden(JoinHandle<()>);

impl Warden {
    /// The filter that asks about these rules, and who answers.
    pub fn with(rules: Vec<Rule>) -> (Filter, Self) {
        let flags = SockFlag::SOCK_CLOEXEC;
        let (ours, theirs) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).expect("there are sockets");
        let mut calls = Vec::new();
        for rule in &rules {
            calls.extend(rule.calls().iter().map(|call| (*call, Answer::Ask)));
        }
        let filter = Filter::of(&calls).sent_to(Arc::new(theirs));
        (filter, Self(std::thread::spawn(move || serve(ours, &rules))))
    }

    /// Waits until nobody is left to ask.
    pub fn end(self) {
        self.0.join().expect("the warden does not stumble");
    }
}

impl Rule {
    fn calls(&self) -> &'static [libc::c_long] {
        match self {
            Self::NoMountOf(..) => &[libc::SYS_mount, libc::SYS_fsopen],
            Self::NoWriteInside(..) => &[libc::SYS_write],
            Self::Shows(..) | Self::ShowsInside(..) => &[libc::SYS_openat],
        }
    }

    /// What becomes of a call: refused, answered with a file, or none of this rule's business. `outer` is the user namespace
    /// of who asked first.
    fn answer(&self, asked: &seccomp_notif, outer: Option<u64>) -> Option<Result<File, Errno>> {
        let (call, arguments) = (libc::c_long::from(asked.data.nr), asked.data.args);
        match self {
            Self::NoMountOf(kind, errno) => {
                let place = if call == libc::SYS_mount { arguments[2] } else { arguments[0] };
                let is_asked = self.calls().contains(&call) && text(asked.pid, place) == kind.as_bytes();
                is_asked.then_some(Err(*errno))
            }
            Self::NoWriteInside(end, errno) if call == libc::SYS_write && user_namespace(asked.pid) != outer => {
                let open_on = std::fs::read_link(format!("/proc/{}/fd/{}", asked.pid, arguments[0])).ok()?;
                open_on.ends_with(end).then_some(Err(*errno))
            }
            Self::Shows(file, content) | Self::ShowsInside(file, content) if call == libc::SYS_openat => {
                let is_shown = matches!(self, Self::Shows(..)) || user_namespace(asked.pid) != outer;
                (is_shown && text(asked.pid, arguments[1]) == file.as_bytes()).then(|| Ok(showing(content)))
            }
            _ => None,
        }
    }
}

fn user_namespace(pid: u32) -> Option<u64> {
    namespace_of(Process::with(pid), "user")
}

fn showing(content: &str) -> File {
    let mut file = File::from(memfd_create(c"shown", MFdFlags::MFD_CLOEXEC).expect("a file can be made of memory"));
    file.write_all(content.as_bytes()).expect("it can be written");
    // As fresh as if it had just been opened.
    std::io::Seek::rewind(&mut file).expect("it can be read from its beginning");
    file
}

/// A string in the memory of who asks, without its zero; empty when it cannot be read.
fn text(pid: u32, place: u64) -> Vec<u8> {
    let mut bytes = vec![0; 256];
    let memory = File::open(format!("/proc/{pid}/mem"));
    let count = memory.and_then(|memory| memory.read_at(&mut bytes, place)).unwrap_or(0);
    bytes.truncate(count);
    bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

/// The listener arrives once the filter is on; nothing arrives when a step before it failed.
fn serve(socket: OwnedFd, rules: &[Rule]) {
    let mut space = nix::cmsg_space!([i32; 1]);
    let mut byte = [0_u8];
    let mut parts = [std::io::IoSliceMut::new(&mut byte)];
    let received = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC);
    let messages = received.ok().and_then(|received| Some(received.cmsgs().ok()?.collect::<Vec<_>>()));
    let Some([ControlMessageOwned::ScmRights(numbers)]) = messages.as_deref() else { return };
    let listener = owned(numbers[0]);
    let mut outer = None;
    while let Some(asked) = next(&listener) {
        outer = outer.or_else(|| user_namespace(asked.pid));
        match rules.iter().find_map(|rule| rule.answer(&asked, outer)) {
            Some(Ok(file)) => give(&listener, asked.id, &file),
            Some(Err(errno)) => say(&listener, asked.id, -(errno as i32), 0),
            None => say(&listener, asked.id, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
        }
    }
}

#[expect(unsafe_code, reason = "the kernel has just given us this")]
fn owned(number: i32) -> OwnedFd {
    // SAFETY: SCM_RIGHTS makes a new descriptor, which nobody else knows yet.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// The next call that waits; nothing when everybody below the filter has ended.
#[expect(unsafe_code, reason = "an ioctl has no safe form")]
fn next(listener: &OwnedFd) -> Option<seccomp_notif> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    loop {
        let mut waiting = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        poll(&mut waiting, PollTimeout::NONE).ok()?;
        if !waiting[0].revents()?.contains(PollFlags::POLLIN) {
            return None;
        }
        // SAFETY: numbers only, for which zero is a value; the kernel wants zeros.
        let mut asked: seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel writes one notification, for which there is room.
        let got = unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut asked) };
        // ENOENT: who asked has been killed meanwhile.
        if got == 0 {
            return Some(asked);
        }
    }
}

#[expect(unsafe_code, reason = "an ioctl has no safe form")]
fn say(listener: &OwnedFd, id: u64, error: i32, flags: u32) {
    let mut answer = seccomp_notif_resp { id, val: 0, error, flags };
    // SAFETY: the kernel reads one answer, which lives. Who asked may be gone, which is in order.
    unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) };
}

/// The call returns a descriptor of this file.
#[expect(unsafe_code, reason = "an ioctl has no safe form")]
fn give(listener: &OwnedFd, id: u64, file: &File) {
    let mut added = seccomp_notif_addfd {
        id,
        flags: libc::SECCOMP_ADDFD_FLAG_SEND as u32,
        srcfd: file.as_raw_fd() as u32,
        newfd: 0,
        newfd_flags: libc::O_CLOEXEC as u32,
    };
    // SAFETY: the kernel reads one request, which lives.
    unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ADDFD, &raw mut added) };
}
