//! What a file has besides its content: an owner, permissions, times and extended attributes.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};

use anyhow::Result;
use nix::fcntl::AtFlags;
use nix::libc;
use nix::sys::stat::{FchmodatFlags, Mode, UtimensatFlags};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid};
use rustix::fs::XattrFlags;

use crate::arguments::{self, Argument, Bare, Spelling};
use crate::kernel::Because;
use crate::kernel::mounts::errno;

impl Because<'_> {
    /// fchown(2): the owner of an open file. Takes the set-user-ID bit and file capabilities away.
    ///
    /// # Errors
    /// EPERM without CAP_CHOWN; EINVAL for an id that the user namespace does not map.
    pub fn fchown(self, file: BorrowedFd<'_>, owner: Uid, group: Gid) -> Result<()> {
        self.ask("fchown", &[&file, &owner, &group], || nix::unistd::fchown(file, Some(owner), Some(group)))
    }

    /// fchownat(2): the owner of a name; of a symbolic link, that of the link itself.
    ///
    /// # Errors
    /// As for [`Because::fchown`].
    pub fn fchownat(self, directory: BorrowedFd<'_>, name: &Path, owner: Uid, group: Gid) -> Result<()> {
        let flag = Bare("AT_SYMLINK_NOFOLLOW");
        self.ask("fchownat", &[&directory, &name, &owner, &group, &flag], || {
            nix::unistd::fchownat(directory, name, Some(owner), Some(group), AtFlags::AT_SYMLINK_NOFOLLOW)
        })
    }

    /// fchmod(2): the permission bits of an open file.
    ///
    /// # Errors
    /// EPERM for a file of someone else.
    pub fn fchmod(self, file: BorrowedFd<'_>, mode: u32) -> Result<()> {
        self.ask("fchmod", &[&file, &arguments::Mode(mode)], || {
            nix::sys::stat::fchmod(file, Mode::from_bits_retain(mode))
        })
    }

    /// fchmodat(2): the permission bits of a name. A symbolic link has none of its own, and would be followed.
    ///
    /// # Errors
    /// As for [`Because::fchmod`].
    pub fn fchmodat(self, directory: BorrowedFd<'_>, name: &Path, mode: u32) -> Result<()> {
        self.ask("fchmodat", &[&directory, &name, &arguments::Mode(mode)], || {
            let mode = Mode::from_bits_retain(mode);
            nix::sys::stat::fchmodat(directory, name, mode, FchmodatFlags::FollowSymlink)
        })
    }

    /// utimensat(2): when an open file was last read and changed. See also futimens(3).
    ///
    /// # Errors
    /// EPERM for a file of someone else.
    pub fn futimens(self, file: BorrowedFd<'_>, accessed: TimeSpec, modified: TimeSpec) -> Result<()> {
        let times = Times(accessed, modified);
        self.ask("utimensat", &[&file, &Bare("NULL"), &times, &0], || {
            nix::sys::stat::futimens(file, &accessed, &modified)
        })
    }

    /// utimensat(2): the same for a name; of a symbolic link, the times of the link itself.
    ///
    /// # Errors
    /// As for [`Because::futimens`].
    pub fn utimensat(
        self,
        directory: BorrowedFd<'_>,
        name: &Path,
        accessed: TimeSpec,
        modified: TimeSpec,
    ) -> Result<()> {
        let words: &[&dyn Argument] = &[&directory, &name, &Times(accessed, modified), &Bare("AT_SYMLINK_NOFOLLOW")];
        self.ask("utimensat", words, || {
            nix::sys::stat::utimensat(directory, name, &accessed, &modified, UtimensatFlags::NoFollowSymlink)
        })
    }

    /// fsetxattr(2): an extended attribute of an open file: xattr(7).
    ///
    /// # Errors
    /// EOPNOTSUPP where the file system has none, or none of this kind; EPERM for `trusted.*` without CAP_SYS_ADMIN, and
    /// for `user.*` on anything but files and directories.
    pub fn fsetxattr(self, file: BorrowedFd<'_>, name: &Path, value: &[u8]) -> Result<()> {
        self.ask("fsetxattr", &[&file, &name, &Value(value), &value.len(), &0], || {
            rustix::fs::fsetxattr(file, name, value, XattrFlags::empty()).map_err(errno)
        })
    }

    /// lsetxattr(2): the same for a name in `directory`, of a symbolic link too. No form of the call takes a descriptor and
    /// a name before Linux 6.13, so the descriptor is named through /proc.
    ///
    /// # Errors
    /// As for [`Because::fsetxattr`]; ENOENT where /proc is not mounted.
    pub fn lsetxattr_in(self, directory: BorrowedFd<'_>, file: &Path, name: &Path, value: &[u8]) -> Result<()> {
        let place = Through { directory, file };
        self.ask("lsetxattr", &[&place, &name, &Value(value), &value.len(), &0], || {
            rustix::fs::lsetxattr(place.path(), name, value, XattrFlags::empty()).map_err(errno)
        })
    }
}

struct Times(TimeSpec, TimeSpec);

impl Argument for Times {
    fn spell(&self, _: Spelling) -> String {
        let spell = |time: &TimeSpec| match time.tv_nsec() {
            libc::UTIME_OMIT => "UTIME_OMIT".to_owned(),
            libc::UTIME_NOW => "UTIME_NOW".to_owned(),
            nanoseconds => format!("{{tv_sec={}, tv_nsec={nanoseconds}}}", time.tv_sec()),
        };
        format!("[{}, {}]", spell(&self.0), spell(&self.1))
    }
}

/// The value of an extended attribute: many are strings in C, and strace(1) leaves the last NUL byte out.
struct Value<'a>(&'a [u8]);

impl Argument for Value<'_> {
    fn spell(&self, spelling: Spelling) -> String {
        self.0.strip_suffix(b"\0").unwrap_or(self.0).spell(spelling)
    }
}

/// A name in an open directory, for calls that take only a path.
struct Through<'a> {
    directory: BorrowedFd<'a>,
    file: &'a Path,
}

impl Through<'_> {
    fn path(&self) -> PathBuf {
        Path::new("/proc/self/fd").join(self.directory.as_raw_fd().to_string()).join(self.file)
    }
}

impl Argument for Through<'_> {
    fn spell(&self, spelling: Spelling) -> String {
        if spelling.rehearsing {
            return Path::new("/proc/self/fd/FD").join(self.file).as_path().spell(spelling);
        }
        self.path().as_path().spell(spelling)
    }
}
