//! The directory that a layer is unpacked into: every name in it is reached through here, and none outside it can be.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result};
use groundwork::{Kernel, Refused};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, ResolveFlag};
use nix::libc;
use nix::sys::stat::{FileStat, Mode, fstatat};

/// A directory, and what was learned of it on the way.
pub(crate) struct Tree<'kernel> {
    pub(crate) kernel: &'kernel Kernel,
    root: Rc<OwnedFd>,
    /// Where the root is, as its user calls it. Paths below it are read only for a rehearsal, in which nothing is open.
    place: PathBuf,
    /// The directory that was needed last: archives mostly list what lies together, together.
    open: Option<(PathBuf, Rc<OwnedFd>)>,
    /// Directories that are known to be there.
    known: HashSet<PathBuf>,
    /// In a rehearsal, what would be there by now, and what would be gone.
    planned: HashMap<PathBuf, Option<Seen>>,
}

/// How often to ask again when somebody else's rename or mount has crossed our "..": see EAGAIN in openat2(2).
const MOST_TRIES: usize = 128;

impl<'kernel> Tree<'kernel> {
    pub(crate) fn open_root(kernel: &'kernel Kernel, place: &Path) -> Result<Self> {
        let root = kernel
            .because("everything below is reached from this descriptor, so it cannot be moved away under our hands")
            .openat(place, OFlag::O_PATH | OFlag::O_DIRECTORY)?;
        let known = HashSet::from([PathBuf::new()]);
        Ok(Self { kernel, root: Rc::new(root), place: place.to_owned(), open: None, known, planned: HashMap::new() })
    }

    // ANCHOR: directory
    /// The directory at `path`, as a process would find it whose root this is: a symbolic link may lead anywhere in it,
    /// and nowhere else.
    ///
    /// # Errors
    /// ENOENT and ENOTDIR about the path; EXDEV when a file system is mounted on the way.
    pub(crate) fn directory(&mut self, path: &Path) -> Result<Rc<OwnedFd>> {
        if path.as_os_str().is_empty() {
            return Ok(Rc::clone(&self.root));
        }
        if let Some((_, open)) = self.open.as_ref().filter(|(known, _)| known == path) {
            return Ok(Rc::clone(open));
        }
        let opened = Rc::new(self.open_within(path, OFlag::O_PATH)?);
        self.known.insert(path.to_owned());
        self.open = Some((path.to_owned(), Rc::clone(&opened)));
        Ok(opened)
    }

    /// Opens a directory for other uses than looking up names in it.
    pub(crate) fn open_within(&self, path: &Path, flags: OFlag) -> Result<OwnedFd> {
        // EXERCISE overlay-4
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let within = ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS | ResolveFlag::RESOLVE_NO_XDEV;
        for _ in 1..MOST_TRIES {
            let asking = self.kernel.because("links on the way are followed as if \"/\" were here: none leads out");
            match asking.openat2(self.root.as_fd(), path, flags | OFlag::O_DIRECTORY, 0, within) {
                Err(refused) if Refused::errno_of(&refused) == Some(Errno::EAGAIN) => {}
                Err(refused) if Refused::errno_of(&refused) == Some(Errno::EXDEV) => {
                    return Err(refused.context("a file system is mounted inside the directory; unmount it first"));
                }
                answer => return answer,
            }
        }
        anyhow::bail!("{}: something else keeps moving directories here", path.display())
        // END overlay-4
    }
    // ANCHOR_END: directory

    /// What bears this name, if anything does. A symbolic link is looked at, not through.
    pub(crate) fn look(&mut self, path: &Path) -> Result<Option<Seen>> {
        if self.kernel.is_rehearsing() {
            return Ok(self.look_ahead(path));
        }
        let (directory, name) = (self.directory(parent(path))?, file_name(path));
        match fstatat(directory.as_fd(), name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(about) => Ok(Some(Seen::from(about))),
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(errno).with_context(|| format!("fstatat({})", path.display())),
        }
    }

    /// What would be there: what we would have made, or what is there already.
    fn look_ahead(&self, path: &Path) -> Option<Seen> {
        let there = || nix::sys::stat::lstat(&self.place.join(path)).ok().map(Seen::from);
        self.planned.get(path).copied().unwrap_or_else(there)
    }

    /// Remembers what was made at `path`: something with these file type bits.
    pub(crate) fn made(&mut self, path: &Path, kind: u32) {
        if kind == libc::S_IFDIR {
            self.known.insert(path.to_owned());
        }
        if self.kernel.is_rehearsing() {
            self.planned.insert(path.to_owned(), Some(Seen { kind, mode: 0o700, device: 0, id: (0, 0) }));
        }
    }

    /// What bore this name is gone; what was learned may not be true any more.
    pub(crate) fn removed(&mut self, path: &Path) {
        self.open = None;
        self.known = HashSet::from([PathBuf::new()]);
        if self.kernel.is_rehearsing() {
            self.planned.retain(|planned, _| !planned.starts_with(path));
            self.planned.insert(path.to_owned(), None);
        }
    }

    pub(crate) fn is_known(&self, path: &Path) -> bool {
        self.known.contains(path)
    }

    /// The names in a directory, sorted.
    pub(crate) fn names(&mut self, path: &Path) -> Result<Vec<OsString>> {
        if self.kernel.is_rehearsing() {
            let listed = std::fs::read_dir(self.place.join(path)).into_iter().flatten().flatten();
            return Ok(listed.map(|entry| entry.file_name()).collect());
        }
        names(self.directory(path)?.as_fd())
    }
}

/// The names in an open directory, sorted.
pub(crate) fn names(directory: BorrowedFd<'_>) -> Result<Vec<OsString>> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut listed = Dir::openat(directory, ".", flags, Mode::empty()).context("cannot read a directory")?;
    let mut names = Vec::new();
    for entry in listed.iter() {
        let entry = entry.context("cannot read a directory")?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// What bears a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The file type bits of its mode.
    kind: u32,
    pub(crate) mode: u32,
    device: u64,
    /// File system and inode.
    pub(crate) id: (u64, u64),
}

impl From<FileStat> for Seen {
    fn from(about: FileStat) -> Self {
        let kind = about.st_mode & libc::S_IFMT;
        Self { kind, mode: about.st_mode & 0o7777, device: about.st_rdev, id: (about.st_dev, about.st_ino) }
    }
}

impl Seen {
    pub(crate) fn is_directory(self) -> bool {
        self.kind == libc::S_IFDIR
    }

    pub(crate) fn is_symlink(self) -> bool {
        self.kind == libc::S_IFLNK
    }

    /// True for overlayfs's mark of a deletion: character device 0:0.
    pub(crate) fn is_whiteout(self) -> bool {
        self.kind == libc::S_IFCHR && self.device == 0
    }
}

/// The directory that `path` lies in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The last name of `path`; "." for the root.
pub(crate) fn file_name(path: &Path) -> &Path {
    path.file_name().map_or(Path::new("."), Path::new)
}
