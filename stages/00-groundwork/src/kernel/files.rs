//! Files that speak to the kernel, and the few that a root file system must have.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::libc;
use nix::sys::stat::{Mode, SFlag, makedev};

use crate::arguments::{self, Argument, Bare, Spelling};
use crate::kernel::{Answer, Because};

impl Because<'_> {
    /// openat(2): open a file, close-on-exec.
    ///
    /// # Errors
    /// ENOENT, EACCES, ELOOP, ENOTDIR about the path.
    pub fn openat(self, path: impl AsRef<Path>, flags: OFlag) -> Result<OwnedFd> {
        let path = path.as_ref();
        let words: &[&dyn Argument] = &[&Bare("AT_FDCWD"), &path, &Flags(flags | OFlag::O_CLOEXEC)];
        self.ask("openat", words, || {
            nix::fcntl::openat(nix::fcntl::AT_FDCWD, path, flags | OFlag::O_CLOEXEC, Mode::empty())
        })
    }

    /// write(2), once, to a file that exists: the way to ask something of /proc and of cgroups.
    ///
    /// # Errors
    /// Those of open(2), told as such, and those with which the kernel answers the request.
    pub fn write(self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Result<()> {
        let (path, content) = (path.as_ref(), content.as_ref());
        let rehearsing = self.kernel.is_rehearsing();
        let opened = if rehearsing { Ok(None) } else { open_to_write(path).map(Some) };
        let file = match opened {
            Ok(file) => file,
            Err(errno) => {
                let words: &[&dyn Argument] = &[&Bare("AT_FDCWD"), &path, &Flags(OFlag::O_WRONLY | OFlag::O_CLOEXEC)];
                return self.answered::<()>("openat", words, Err(errno));
            }
        };
        let answer = file.as_ref().map_or(Ok(content.len()), |mut file| file.write(content).map_err(io_errno));
        let words: &[&dyn Argument] = &[&Written { file: file.as_ref(), path }, &content, &content.len()];
        self.answered("write", words, answer.map(Count)).map(drop)
    }

    /// mkdir(2): a new directory, before the umask takes its bits.
    ///
    /// # Errors
    /// EEXIST, ENOENT, EACCES, EROFS about the path.
    pub fn mkdir(self, path: impl AsRef<Path>, mode: u32) -> Result<()> {
        let path = path.as_ref();
        self.ask("mkdir", &[&path, &arguments::Mode(mode)], || nix::unistd::mkdir(path, Mode::from_bits_retain(mode)))
    }

    /// rmdir(2): remove an empty directory. A cgroup counts as empty when it has no process and no child.
    ///
    /// # Errors
    /// EBUSY for a cgroup with processes or a mount point; ENOTEMPTY; ENOENT.
    pub fn rmdir(self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.ask("rmdir", &[&path], || std::fs::remove_dir(path).map_err(io_errno))
    }

    /// symlink(2): a name that stands for `target`.
    ///
    /// # Errors
    /// EEXIST, ENOENT, EACCES, EROFS about `link`.
    pub fn symlink(self, target: impl AsRef<Path>, link: impl AsRef<Path>) -> Result<()> {
        let (target, link) = (target.as_ref(), link.as_ref());
        self.ask("symlink", &[&target, &link], || std::os::unix::fs::symlink(target, link).map_err(io_errno))
    }

    /// mknod(2): a character device, before the umask takes its bits.
    ///
    /// # Errors
    /// EPERM in any user namespace but the first, and without CAP_MKNOD there.
    pub fn mknod(self, path: impl AsRef<Path>, mode: u32, major: u64, minor: u64) -> Result<()> {
        let path = path.as_ref();
        let kind = format!("S_IFCHR|{mode:04o}");
        let device = format!("makedev({major:#x}, {minor:#x})");
        self.ask("mknod", &[&path, &Bare(kind), &Bare(device)], || {
            nix::sys::stat::mknod(path, SFlag::S_IFCHR, Mode::from_bits_retain(mode), makedev(major, minor))
        })
    }

    /// chmod(2): the permission bits of a file.
    ///
    /// # Errors
    /// EPERM when it is someone else's; ENOENT, EROFS about the path.
    pub fn chmod(self, path: impl AsRef<Path>, mode: u32) -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let path = path.as_ref();
        self.ask("chmod", &[&path, &arguments::Mode(mode)], || {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(io_errno)
        })
    }

    /// lchown(2): the owner and group of a file, and not of what it points to.
    ///
    /// # Errors
    /// EPERM without CAP_CHOWN; EINVAL for an id that the user namespace does not map.
    pub fn lchown(self, path: impl AsRef<Path>, user: u32, group: u32) -> Result<()> {
        let path = path.as_ref();
        self.ask("lchown", &[&path, &user, &group], || {
            std::os::unix::fs::lchown(path, Some(user), Some(group)).map_err(io_errno)
        })
    }

    /// creat(2) and close(2): an empty file, to mount another one on.
    ///
    /// # Errors
    /// EEXIST, ENOENT, EACCES, EROFS about the path.
    pub fn create_file(self, path: impl AsRef<Path>, mode: u32) -> Result<()> {
        let path = path.as_ref();
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
        self.ask("openat", &[&Bare("AT_FDCWD"), &path, &Flags(flags), &arguments::Mode(mode)], || {
            nix::fcntl::openat(nix::fcntl::AT_FDCWD, path, flags, Mode::from_bits_retain(mode))
        })
        .map(drop)
    }
}

/// The file that `path` names for a process whose "/" is `root`, found without ever leaving `root`: see openat2(2).
pub fn in_root(root: &Path, path: &Path) -> Option<PathBuf> {
    if root == Path::new("/") {
        return path.exists().then(|| path.to_owned());
    }
    let directory = File::options().read(true).custom_flags(libc::O_PATH | libc::O_DIRECTORY).open(root).ok()?;
    let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC).resolve(ResolveFlag::RESOLVE_IN_ROOT);
    let found = openat2(&directory, path, how).ok()?;
    std::fs::read_link(format!("/proc/self/fd/{}", found.as_raw_fd())).ok()
}

fn open_to_write(path: &Path) -> nix::Result<File> {
    File::options().write(true).open(path).map_err(io_errno)
}

pub(crate) fn io_errno(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

/// The descriptor that a write goes to; in a rehearsal nothing is open, and the path says enough.
struct Written<'a> {
    file: Option<&'a File>,
    path: &'a Path,
}

impl Argument for Written<'_> {
    fn spell(&self, spelling: Spelling) -> String {
        match self.file {
            Some(file) => file.as_fd().spell(spelling),
            None => Bare(format!("FD<{}>", self.path.display())).spell(spelling),
        }
    }
}

impl Answer for OwnedFd {
    /// Something that is open, and that nothing can be done with.
    fn rehearsed() -> Self {
        File::open("/dev/null").map(Self::from).expect("/dev/null can be opened")
    }

    fn spell(&self, spelling: Spelling) -> String {
        Argument::spell(&self.as_fd(), spelling)
    }
}

/// How many bytes were read or written.
pub(super) struct Count(pub(super) usize);

impl Answer for Count {
    fn rehearsed() -> Self {
        Self(0)
    }

    fn spell(&self, _: Spelling) -> String {
        self.0.to_string()
    }
}

pub(super) struct Flags(pub(super) OFlag);

impl Argument for Flags {
    fn spell(&self, _: Spelling) -> String {
        let access = self.0 & OFlag::O_ACCMODE;
        let read_only = (access == OFlag::O_RDONLY).then_some("O_RDONLY");
        let mut names: Vec<_> = self.0.iter_names().map(|(name, _)| name).chain(read_only).collect();
        names.retain(|name| !matches!(*name, "O_NDELAY" | "O_ACCMODE" | "O_FSYNC" | "O_RSYNC"));
        names.sort_by_key(|name| ORDER.split_whitespace().position(|one| one == *name));
        names.join("|")
    }
}

/// The order in which strace(1) writes the flags of open(2).
const ORDER: &str = "O_RDONLY O_WRONLY O_RDWR O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND O_NONBLOCK O_SYNC O_ASYNC O_DSYNC \
                     O_DIRECT O_NOFOLLOW O_NOATIME O_CLOEXEC O_PATH O_DIRECTORY";
