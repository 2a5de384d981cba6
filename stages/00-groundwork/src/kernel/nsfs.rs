//! Namespaces as files: what ioctl_nsfs(2), called ioctl_ns(2) in older manuals, tells about them.
//!
//! These calls only ask, and what follows depends on the answer: a rehearsal makes them too.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;

use anyhow::Result;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, FcntlArg, FdFlag, OFlag};
use nix::libc;
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;
use nix::unistd::Uid;

use crate::arguments::{Argument, Bare, Spelling};
use crate::kernel::{Answer, Because};

impl Because<'_> {
    /// openat(2) of a file that stands for a namespace: a link in /proc/PID/ns, or a mount of one.
    /// Made in a rehearsal too.
    ///
    /// # Errors
    /// ENOENT about the path, or when the process is gone; EACCES for a process one may not look at: see ptrace(2).
    pub fn openat_namespace(self, path: impl AsRef<Path>) -> Result<OwnedFd> {
        let path = path.as_ref();
        let words: &[&dyn Argument] = &[&Bare("AT_FDCWD"), &path, &Bare("O_RDONLY|O_CLOEXEC")];
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        self.answered("openat", words, nix::fcntl::openat(AT_FDCWD, path, flags, Mode::empty()))
    }

    /// ioctl(2), NS_GET_NSTYPE: which kind of namespace `file` is. Made in a rehearsal too. Since Linux 4.11.
    ///
    /// # Errors
    /// ENOTTY when `file` is no namespace.
    pub fn ioctl_ns_get_nstype(self, file: BorrowedFd<'_>) -> Result<CloneFlags> {
        let answer = ask_nsfs(file, libc::NS_GET_NSTYPE);
        let kind = answer.map(|bits| Kind(CloneFlags::from_bits_retain(bits)));
        self.answered("ioctl", &[&file, &Bare("NS_GET_NSTYPE")], kind).map(|kind| kind.0)
    }

    /// ioctl(2), NS_GET_USERNS: the user namespace that owns the namespace `file`. Made in a rehearsal too.
    /// Since Linux 4.9.
    ///
    /// # Errors
    /// EPERM when the owner lies outside the caller's user namespace and those below it; ENOTTY for no namespace.
    pub fn ioctl_ns_get_userns(self, file: BorrowedFd<'_>) -> Result<OwnedFd> {
        self.answered("ioctl", &[&file, &Bare("NS_GET_USERNS")], open_through(file, libc::NS_GET_USERNS))
    }

    /// ioctl(2), NS_GET_PARENT: the user or PID namespace around the namespace `file`. Made in a rehearsal too.
    /// Since Linux 4.9.
    ///
    /// # Errors
    /// EPERM when there is none, or when it lies outside the caller's view; EINVAL for the kinds that do not nest.
    pub fn ioctl_ns_get_parent(self, file: BorrowedFd<'_>) -> Result<OwnedFd> {
        self.answered("ioctl", &[&file, &Bare("NS_GET_PARENT")], open_through(file, libc::NS_GET_PARENT))
    }

    /// ioctl(2), NS_GET_OWNER_UID: the user who made the user namespace `file`, as the caller numbers users.
    /// Made in a rehearsal too. Since Linux 4.11.
    ///
    /// # Errors
    /// EINVAL for another kind of namespace; ENOTTY for no namespace.
    #[expect(unsafe_code, reason = "an ioctl has no safe form; watched by only_a_user_namespace_has_an_owner_uid")]
    pub fn ioctl_ns_get_owner_uid(self, file: BorrowedFd<'_>) -> Result<Uid> {
        let mut uid: libc::uid_t = 0;
        // SAFETY: the kernel writes one uid_t through a pointer that lives through the call, and keeps no copy of it.
        let answer = unsafe { libc::ioctl(file.as_raw_fd(), libc::NS_GET_OWNER_UID, &raw mut uid) };
        let pointer = if answer == 0 { format!("[{uid}]") } else { format!("{:p}", &raw const uid) };
        let words: &[&dyn Argument] = &[&file, &Bare("NS_GET_OWNER_UID"), &Bare(pointer)];
        self.answered("ioctl", words, Errno::result(answer).map(drop)).map(|()| Uid::from_raw(uid))
    }

    /// fcntl(2), F_SETFD: leave `file` open when this process becomes another program.
    ///
    /// # Errors
    /// None for a descriptor that is open.
    pub fn fcntl_keep_open(self, file: BorrowedFd<'_>) -> Result<()> {
        self.ask("fcntl", &[&file, &Bare("F_SETFD"), &Bare("0")], || {
            nix::fcntl::fcntl(file, FcntlArg::F_SETFD(FdFlag::empty())).map(drop)
        })
    }
}

#[expect(unsafe_code, reason = "an ioctl has no safe form; watched by every_link_says_its_own_kind")]
fn ask_nsfs(file: BorrowedFd<'_>, request: libc::Ioctl) -> nix::Result<libc::c_int> {
    // SAFETY: the requests passed here take no third argument, so the kernel follows no pointer of ours.
    Errno::result(unsafe { libc::ioctl(file.as_raw_fd(), request) })
}

#[expect(unsafe_code, reason = "the kernel gives a bare number; watched by only_a_user_namespace_has_an_owner_uid")]
fn open_through(file: BorrowedFd<'_>, request: libc::Ioctl) -> nix::Result<OwnedFd> {
    let opened = ask_nsfs(file, request)?;
    // SAFETY: NS_GET_USERNS and NS_GET_PARENT answer with a new descriptor, which nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(opened) })
}

/// A kind of namespace, as strace(1) writes the answer: the number and its name.
struct Kind(CloneFlags);

impl Answer for Kind {
    fn rehearsed() -> Self {
        unreachable!("NS_GET_NSTYPE is asked in a rehearsal too")
    }

    fn spell(&self, spelling: Spelling) -> String {
        format!("{} ({})", self.0.bits(), self.0.spell(spelling))
    }
}
