//! What is in a layer: everything once, in a fixed order, and no symbolic link followed.

use std::cell::OnceCell;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::libc;
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};

use crate::descent::Descent;
use crate::tree::{Seen, names};

/// One file on the way.
pub(crate) struct Found<'a> {
    within: BorrowedFd<'a>,
    name: &'a Path,
    /// Below the top of the layer; empty for the top itself.
    pub(crate) path: &'a Path,
    pub(crate) about: FileStat,
    /// The names of its extended attributes, once they were asked for: most files have none, and one call says so.
    listed: OnceCell<rustix::io::Result<Vec<u8>>>,
}

struct Level {
    path: PathBuf,
    names: std::vec::IntoIter<OsString>,
}

// ANCHOR: walk
/// Shows `visit` the directory `top` and what is in it, parents first, names sorted by their bytes. Of a directory, the
/// content is shown when `visit` says true.
///
/// # Errors
/// Those of `visit`; a directory that cannot be read, or is moved meanwhile.
pub(crate) fn walk(top: &Path, visit: &mut impl FnMut(&Found<'_>) -> Result<bool>) -> Result<()> {
    let directory = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let opened = nix::fcntl::open(top, directory, Mode::empty()).with_context(|| top.display().to_string())?;
    let mut way = Descent::from(opened);
    let mut levels = Vec::new();
    let root = Found {
        within: way.here(),
        name: Path::new("."),
        path: Path::new(""),
        about: fstat(way.here())?,
        listed: OnceCell::new(),
    };
    if visit(&root)? {
        levels.push(Level { path: PathBuf::new(), names: names(way.here())?.into_iter() });
    }
    while let Some(level) = levels.last_mut() {
        let Some(name) = level.names.next() else {
            levels.pop();
            if !levels.is_empty() {
                way.leave()?;
            }
            continue;
        };
        let path = level.path.join(&name);
        let Some(found) = Found::at(way.here(), Path::new(&name), &path)? else { continue };
        if visit(&found)? && found.is(libc::S_IFDIR) {
            let inside = nix::fcntl::openat(way.here(), &*name, directory | OFlag::O_NOFOLLOW, Mode::empty());
            let inside = inside.with_context(|| format!("cannot read {}", path.display()))?;
            way.enter(inside)?;
            levels.push(Level { path, names: names(way.here())?.into_iter() });
        }
    }
    Ok(())
}
// ANCHOR_END: walk

impl<'a> Found<'a> {
    /// What bears this name; nothing if it has gone since it was listed.
    fn at(within: BorrowedFd<'a>, name: &'a Path, path: &'a Path) -> Result<Option<Self>> {
        match fstatat(within, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(about) => Ok(Some(Self { within, name, path, about, listed: OnceCell::new() })),
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(errno).with_context(|| format!("cannot look at {}", path.display())),
        }
    }

    /// True when its file type bits are these.
    pub(crate) fn is(&self, kind: u32) -> bool {
        self.about.st_mode & libc::S_IFMT == kind
    }

    /// File system and inode.
    pub(crate) fn id(&self) -> (u64, u64) {
        (self.about.st_dev, self.about.st_ino)
    }

    /// Opens a file for reading, if it still is the one that was found.
    pub(crate) fn open(&self) -> Result<File> {
        // A container may still run, and put a fifo or a link in its place: neither is waited for or followed.
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let opened = nix::fcntl::openat(self.within, self.name, flags, Mode::empty())
            .with_context(|| format!("cannot read {}", self.path.display()))?;
        let about = fstat(&opened)?;
        ensure!((about.st_dev, about.st_ino) == self.id(), "{} was replaced meanwhile", self.path.display());
        Ok(File::from(opened))
    }

    /// True for a directory with nothing in it.
    pub(crate) fn is_empty_directory(&self) -> Result<bool> {
        Ok(self.is(libc::S_IFDIR) && names(std::os::fd::AsFd::as_fd(&self.open()?))?.is_empty())
    }

    /// The text of a symbolic link.
    pub(crate) fn text(&self) -> Result<OsString> {
        nix::fcntl::readlinkat(self.within, self.name).with_context(|| format!("cannot read {}", self.path.display()))
    }

    /// The extended attributes that the caller may see, sorted by name.
    pub(crate) fn attributes(&self) -> Result<Vec<(OsString, Vec<u8>)>> {
        let place = self.place();
        let read = || -> rustix::io::Result<Vec<(OsString, Vec<u8>)>> {
            let mut names: Vec<_> = self.attribute_names()?.collect();
            names.sort_unstable();
            let with_value = |name: &&[u8]| {
                Ok((OsString::from_vec(name.to_vec()), grow(|buffer| rustix::fs::lgetxattr(&place, *name, buffer))?))
            };
            names.iter().map(with_value).collect()
        };
        match read() {
            Err(rustix::io::Errno::OPNOTSUPP) => Ok(Vec::new()),
            read => read.with_context(|| format!("cannot read the attributes of {}", self.path.display())),
        }
    }

    /// The value of overlayfs's own attribute of this name, of either kind: `trusted.overlay.NAME`, `user.overlay.NAME`.
    fn overlays_own(&self, name: &str) -> Option<Vec<u8>> {
        ["trusted", "user"].iter().find_map(|kind| {
            let attribute = format!("{kind}.overlay.{name}");
            self.attribute_names().ok()?.find(|listed| *listed == attribute.as_bytes())?;
            grow(|buffer| rustix::fs::lgetxattr(self.place(), &attribute, buffer)).ok()
        })
    }

    /// The names of the extended attributes that the caller may see.
    fn attribute_names(&self) -> rustix::io::Result<impl Iterator<Item = &[u8]>> {
        let ask = || grow(|buffer| rustix::fs::llistxattr(self.place(), buffer));
        let list = self.listed.get_or_init(ask).as_deref().map_err(|errno| *errno)?;
        Ok(list.split(|byte| *byte == 0).filter(|name| !name.is_empty()))
    }

    /// True for a directory that hides what layers below have in it.
    pub(crate) fn is_opaque(&self) -> bool {
        self.is(libc::S_IFDIR) && self.overlays_own("opaque").is_some_and(|value| value == b"y")
    }

    /// True for overlayfs's mark of a deletion: device 0:0 or, since Linux 6.7, an empty file with an attribute.
    pub(crate) fn is_whiteout(&self) -> bool {
        let empty = self.is(libc::S_IFREG) && self.about.st_size == 0;
        Seen::from(self.about).is_whiteout() || (empty && self.overlays_own("whiteout").is_some())
    }

    /// True when overlayfs has stored only a reference here: where a directory was before, or where the content is.
    pub(crate) fn is_reference(&self) -> bool {
        ["redirect", "metacopy"].iter().any(|name| self.overlays_own(name).is_some())
    }

    /// A path for calls that take no descriptor. The directory is named by ours, so only the last name is looked up.
    fn place(&self) -> PathBuf {
        Path::new("/proc/self/fd").join(self.within.as_raw_fd().to_string()).join(self.name)
    }
}

/// Asks again with a larger buffer until the answer fits.
fn grow(ask: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> rustix::io::Result<Vec<u8>> {
    let mut buffer = vec![0; 1024];
    loop {
        match ask(&mut buffer) {
            Err(rustix::io::Errno::RANGE) => buffer.resize(buffer.len() * 4, 0),
            answer => {
                buffer.truncate(answer?);
                return Ok(buffer);
            }
        }
    }
}

/// The bytes of a name as an archive writes them.
pub(crate) fn bytes(path: &Path) -> &[u8] {
    OsStr::as_bytes(path.as_os_str())
}
