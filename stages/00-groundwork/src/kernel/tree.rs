//! Building a tree of files by descriptors: each name is looked up in a directory that is already open, so that no
//! symbolic link on the way can lead elsewhere.
//!
//! The calls that end in "at": see the rationale in openat(2).

use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

use anyhow::Result;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag};
use nix::libc;
use nix::sys::stat::{Mode, SFlag, makedev};
use nix::unistd::UnlinkatFlags;

use crate::arguments::{self, Argument, Bare, Spelling};
use crate::kernel::Because;
use crate::kernel::files::{Flags, io_errno};

impl Because<'_> {
    /// openat2(2): open a file, close-on-exec, with a word on where the path may lead. Since Linux 5.6.
    ///
    /// # Errors
    /// Those of open(2); EXDEV, ELOOP and EAGAIN for a path that leads where `resolve` forbids, or may do so.
    pub fn openat2(
        self,
        directory: BorrowedFd<'_>,
        path: &Path,
        flags: OFlag,
        mode: u32,
        resolve: ResolveFlag,
    ) -> Result<OwnedFd> {
        let how = How { flags: flags | OFlag::O_CLOEXEC, mode, resolve };
        self.ask("openat2", &[&directory, &path, &how, &size_of::<libc::open_how>()], || {
            let mode = Mode::from_bits_retain(how.mode);
            let how = OpenHow::new().flags(how.flags).mode(mode).resolve(how.resolve);
            nix::fcntl::openat2(directory, path, how)
        })
    }

    /// mkdirat(2): a new directory, before the umask takes its bits.
    ///
    /// # Errors
    /// EEXIST, EACCES, EROFS, ENAMETOOLONG about the name.
    pub fn mkdirat(self, directory: BorrowedFd<'_>, name: &Path, mode: u32) -> Result<()> {
        self.ask("mkdirat", &[&directory, &name, &arguments::Mode(mode)], || {
            nix::sys::stat::mkdirat(directory, name, Mode::from_bits_retain(mode))
        })
    }

    /// symlinkat(2): a name that stands for `target`.
    ///
    /// # Errors
    /// As for [`Because::mkdirat`]; ENOENT for an empty target.
    pub fn symlinkat(self, target: &Path, directory: BorrowedFd<'_>, name: &Path) -> Result<()> {
        self.ask("symlinkat", &[&target, &directory, &name], || nix::unistd::symlinkat(target, directory, name))
    }

    /// linkat(2): another name for a file. Of a symbolic link, the link itself gets it.
    ///
    /// # Errors
    /// EPERM for a directory, or where fs.protected_hardlinks forbids it; EXDEV on another file system; EMLINK.
    pub fn linkat(
        self,
        old_directory: BorrowedFd<'_>,
        old: &Path,
        new_directory: BorrowedFd<'_>,
        new: &Path,
    ) -> Result<()> {
        self.ask("linkat", &[&old_directory, &old, &new_directory, &new, &0], || {
            nix::unistd::linkat(old_directory, old, new_directory, new, AtFlags::empty())
        })
    }

    /// unlinkat(2): take a name away; with AT_REMOVEDIR, that of an empty directory.
    ///
    /// # Errors
    /// ENOENT; EISDIR, ENOTDIR and ENOTEMPTY about directories; EBUSY for a mount point; EPERM in a sticky directory.
    pub fn unlinkat(self, directory: BorrowedFd<'_>, name: &Path, flags: UnlinkatFlags) -> Result<()> {
        let flag = Bare(if matches!(flags, UnlinkatFlags::RemoveDir) { "AT_REMOVEDIR" } else { "0" });
        self.ask("unlinkat", &[&directory, &name, &flag], || nix::unistd::unlinkat(directory, name, flags))
    }

    /// unlink(2): take a name away that is not a directory's.
    ///
    /// # Errors
    /// ENOENT, EISDIR, EACCES, EROFS about the path.
    pub fn unlink(self, path: &Path) -> Result<()> {
        self.ask("unlink", &[&path], || nix::unistd::unlink(path))
    }

    /// rename(2): another name for the same thing, in one step; what bore that name before is gone.
    ///
    /// # Errors
    /// EXDEV on another file system; ENOTEMPTY when `new` is a directory with something in it; EBUSY for a mount point.
    pub fn rename(self, old: &Path, new: &Path) -> Result<()> {
        self.ask("rename", &[&old, &new], || std::fs::rename(old, new).map_err(io_errno))
    }

    /// mknodat(2): a device, a fifo, an empty file or, as device 0:0, a whiteout, before the umask takes its bits.
    ///
    /// # Errors
    /// EPERM for a device in any user namespace but the first. A whiteout may be made by everyone since Linux 5.8.
    pub fn mknodat(
        self,
        directory: BorrowedFd<'_>,
        name: &Path,
        kind: SFlag,
        mode: u32,
        (major, minor): (u64, u64),
    ) -> Result<()> {
        let node = Node { kind, mode, major, minor };
        self.ask("mknodat", &[&directory, &name, &node], || {
            nix::sys::stat::mknodat(directory, name, kind, Mode::from_bits_retain(mode), makedev(major, minor))
        })
    }
}

/// What openat2(2) is given.
struct How {
    flags: OFlag,
    mode: u32,
    resolve: ResolveFlag,
}

impl Argument for How {
    fn spell(&self, spelling: Spelling) -> String {
        let flags = Flags(self.flags).spell(spelling);
        let mode = if self.flags.contains(OFlag::O_CREAT) {
            format!(", mode={}", arguments::Mode(self.mode).spell(spelling))
        } else {
            String::new()
        };
        let mut resolve: Vec<_> = self.resolve.iter_names().collect();
        resolve.sort_by_key(|(_, flag)| flag.bits());
        let resolve: Vec<_> = resolve.into_iter().map(|(name, _)| name).collect();
        format!("{{flags={flags}{mode}, resolve={}}}", resolve.join("|"))
    }
}

/// Kind, permissions and, of a device, numbers.
struct Node {
    kind: SFlag,
    mode: u32,
    major: u64,
    minor: u64,
}

impl Argument for Node {
    fn spell(&self, spelling: Spelling) -> String {
        let mode = arguments::Mode(self.mode).spell(spelling);
        let device = format!("makedev({:#x}, {:#x})", self.major, self.minor).replace("0x0", "0");
        match self.kind {
            SFlag::S_IFREG => format!("S_IFREG|{mode}"),
            SFlag::S_IFIFO => format!("S_IFIFO|{mode}"),
            SFlag::S_IFBLK => format!("S_IFBLK|{mode}, {device}"),
            _ => format!("S_IFCHR|{mode}, {device}"),
        }
    }
}
