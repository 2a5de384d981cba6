//! unshare(2), setns(2) and the two names that a UTS namespace holds.

use std::ffi::OsStr;
use std::os::fd::BorrowedFd;

use anyhow::Result;
use nix::errno::Errno;
use nix::libc;
use nix::sched::CloneFlags;

use crate::kernel::Because;

impl Because<'_> {
    // ANCHOR: unshare
    /// unshare(2): leave what is shared with other processes and get a private one of each kind named.
    ///
    /// # Errors
    /// EPERM without CAP_SYS_ADMIN, except for CLONE_NEWUSER; EINVAL for CLONE_NEWUSER in a program with threads or an
    /// unknown flag; ENOSPC past a limit in /proc/sys/user; EUSERS past 32 nested levels.
    pub fn unshare(self, flags: CloneFlags) -> Result<()> {
        self.ask("unshare", &[&flags], || nix::sched::unshare(flags))
    }
    // ANCHOR_END: unshare

    /// setns(2): join the namespace that `fd` is open on, or, of a process, those that `flags` name.
    ///
    /// # Errors
    /// EINVAL when `fd` is no namespace of that kind, or for a user namespace one is in already; EPERM without
    /// CAP_SYS_ADMIN in the target's user namespace.
    pub fn setns(self, fd: BorrowedFd<'_>, flags: CloneFlags) -> Result<()> {
        self.ask("setns", &[&fd, &flags], || nix::sched::setns(fd, flags))
    }

    /// sethostname(2): rename the host as everyone in this UTS namespace sees it. At most 64 bytes.
    ///
    /// # Errors
    /// EPERM without CAP_SYS_ADMIN in the UTS namespace's owner; EINVAL for a longer name.
    pub fn sethostname(self, name: impl AsRef<OsStr>) -> Result<()> {
        let name = name.as_ref();
        self.ask("sethostname", &[&name, &name.len()], || nix::unistd::sethostname(name))
    }

    /// setdomainname(2): the same for the NIS domain name.
    ///
    /// # Errors
    /// As for [`Because::sethostname`].
    #[expect(unsafe_code, reason = "neither nix nor rustix has setdomainname; watched by domain_name_is_private")]
    pub fn setdomainname(self, name: impl AsRef<OsStr>) -> Result<()> {
        use std::os::unix::ffi::OsStrExt;
        let name = name.as_ref();
        self.ask("setdomainname", &[&name, &name.len()], || {
            // SAFETY: the kernel reads `len` bytes from a live slice and keeps no reference to it.
            let answer = unsafe { libc::setdomainname(name.as_bytes().as_ptr().cast(), name.len()) };
            Errno::result(answer).map(drop)
        })
    }
}
