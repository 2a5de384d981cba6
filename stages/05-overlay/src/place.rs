//! One entry is put at its place: what was there before goes, and nothing is ever written through.

use std::fs::File;
use std::io::{BufRead, ErrorKind, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use groundwork::Refused;
use nix::errno::Errno;
use nix::fcntl::{OFlag, ResolveFlag};
use nix::sys::stat::SFlag;
use nix::unistd::UnlinkatFlags;

use crate::archive::Archive;
use crate::directories::UNCHANGED;
use crate::entry::{About, Entry, Kind};
use crate::remove::remove_directory;
use crate::sparse::Map;
use crate::tree::{Seen, file_name, parent};
use crate::unpack::Unpacker;
use crate::{stream, whiteout};

impl Unpacker<'_> {
    // ANCHOR: place
    /// Puts what `entry` describes where it says.
    pub(crate) fn place<R: BufRead>(&mut self, entry: &Entry, content: &mut Archive<R>) -> Result<()> {
        let (path, about) = (&entry.path, &entry.about);
        match &entry.kind {
            Kind::Directory => self.directory(path, about.clone())?,
            Kind::File(map) => self.file(path, about, map.as_ref(), content)?,
            Kind::Symlink(target) => self.symlink(path, about, target)?,
            Kind::Link(target) => self.link(path, target)?,
            Kind::Character(major, minor) => self.node(path, about, SFlag::S_IFCHR, (*major, *minor))?,
            Kind::Block(major, minor) => self.node(path, about, SFlag::S_IFBLK, (*major, *minor))?,
            Kind::Fifo => self.node(path, about, SFlag::S_IFIFO, (0, 0))?,
            Kind::Other(letter) => {
                let letter = char::from(*letter);
                self.report.leave_out(path, format!("an entry of the kind {letter:?}, which no layer has"));
                return Ok(());
            }
        }
        self.note_placed(path);
        self.tree.made(path, entry.kind.file_type());
        Ok(())
    }
    // ANCHOR_END: place

    // ANCHOR: file
    fn file<R: BufRead>(
        &mut self,
        path: &Path,
        about: &About,
        map: Option<&Map>,
        content: &mut Archive<R>,
    ) -> Result<()> {
        let within = self.free_place(path)?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
        let no_way_out = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS;
        let file = self
            .tree
            .kernel
            .because("a new file or none: O_EXCL writes through no link that is already there")
            .openat2(within.as_fd(), file_name(path), flags, 0o600, no_way_out)?;
        let mut file = File::from(file);
        self.fill(&mut file, map, content)?;
        self.finish_open(path, about, file.as_fd())
    }
    // ANCHOR_END: file

    fn fill<R: BufRead>(&mut self, file: &mut File, map: Option<&Map>, content: &mut Archive<R>) -> Result<()> {
        let size = map.map_or(content.unread, |map| map.size);
        self.report.bytes = self.report.bytes.saturating_add(size);
        ensure!(self.report.bytes <= self.options.max_size, "{}", stream::too_much(self.options.max_size));
        let Some(map) = map else { return self.copy(file, size, content) };
        if self.tree.kernel.is_rehearsing() {
            return Ok(());
        }
        for (offset, length) in &map.pieces {
            file.seek(SeekFrom::Start(*offset))?;
            self.copy(file, *length, content)?;
        }
        // What no piece covers was never written, and takes no room.
        file.set_len(map.size).context("a sparse file")
    }

    fn copy<R: BufRead>(&self, file: &mut File, mut count: u64, content: &mut Archive<R>) -> Result<()> {
        // A rehearsal has nothing open to write to; what is not read here is skipped.
        while count > 0 && !self.tree.kernel.is_rehearsing() {
            let buffered = match content.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                buffered => buffered?,
            };
            let most = buffered.len().min(usize::try_from(count).unwrap_or(usize::MAX));
            ensure!(most > 0, "the entry holds less than its map says");
            file.write_all(&buffered[..most]).context("cannot write")?;
            content.consume(most);
            count -= most as u64;
        }
        Ok(())
    }

    fn symlink(&mut self, path: &Path, about: &About, target: &Path) -> Result<()> {
        let within = self.free_place(path)?;
        self.tree
            .kernel
            .because("a symbolic link is only text, and may say anything: nobody here follows it out")
            .symlinkat(target, within.as_fd(), file_name(path))?;
        self.finish_named(path, about, within.as_fd(), false)
    }

    // ANCHOR: link
    fn link(&mut self, path: &Path, target: &Path) -> Result<()> {
        // EXERCISE overlay-4
        self.parent(path)?;
        let there = self.tree.look(target)?;
        let there = there.filter(|_| !self.tree.kernel.is_rehearsing()).map(|seen| seen.id);
        if there.is_some() && self.tree.look(path)?.map(|seen| seen.id) == there {
            // The same file already. Removing it to link it anew would lose it.
            return Ok(());
        }
        let from = self.tree.directory(parent(target))?;
        let within = self.free_place(path)?;
        let linked = self
            .tree
            .kernel
            .because("a second name for a file of this tree; both names are looked up in it")
            .linkat(from.as_fd(), file_name(target), within.as_fd(), file_name(path));
        linked.with_context(|| format!("a hard link to {}", target.display()))
        // END overlay-4
    }
    // ANCHOR_END: link

    fn node(&mut self, path: &Path, about: &About, kind: SFlag, device: (u32, u32)) -> Result<()> {
        ensure!(
            kind != SFlag::S_IFCHR || device != (0, 0),
            "a character device 0:0, with which overlayfs marks deletions; a layer says .wh. instead"
        );
        let is_device = kind != SFlag::S_IFIFO;
        if is_device && !whiteout::is_really_root() {
            self.report.leave_out(path, "a device: only root outside of any user namespace may make one");
            return Ok(());
        }
        let within = self.free_place(path)?;
        let device = (u64::from(device.0), u64::from(device.1));
        let asking = self.tree.kernel.because("a name for something that is no file: nothing is stored but its number");
        match asking.mknodat(within.as_fd(), file_name(path), kind, 0o600, device) {
            Err(refused) if is_device && Refused::errno_of(&refused) == Some(Errno::EPERM) => {
                self.report.leave_out(path, "a device: the kernel lets nobody here make one");
                Ok(())
            }
            made => made.and_then(|()| self.finish_named(path, about, within.as_fd(), true)),
        }
    }

    /// The directory that `path` lies in, in which nothing bears its name any more.
    fn free_place(&mut self, path: &Path) -> Result<std::rc::Rc<std::os::fd::OwnedFd>> {
        let within = self.parent(path)?;
        let seen = self.tree.look(path)?;
        self.clear_the_place(path, seen)?;
        Ok(within)
    }

    /// Removes what bears this name, a whole tree if need be.
    pub(crate) fn clear_the_place(&mut self, path: &Path, seen: Option<Seen>) -> Result<()> {
        let Some(seen) = seen else { return Ok(()) };
        let (within, name) = (self.parent(path)?, file_name(path));
        if seen.is_directory() {
            remove_directory(self.tree.kernel, within.as_fd(), name)?;
        } else {
            let asking = self.tree.kernel.because("the later one counts: what bore this name before goes");
            asking.unlinkat(within.as_fd(), name, UnlinkatFlags::NoRemoveDir)?;
        }
        self.tree.removed(path);
        self.forget_unfinished(path);
        Ok(())
    }

    // ANCHOR: finish
    /// Owner, attributes, mode and times of an open file or directory, in the order in which none undoes another.
    pub(crate) fn finish_open(&mut self, path: &Path, about: &About, file: BorrowedFd<'_>) -> Result<()> {
        let kernel = self.tree.kernel;
        if let Some((user, group)) = self.owner(about) {
            kernel
                .because(
                    "before the mode and the attributes: a change of owner takes set-user-ID and capabilities away",
                )
                .fchown(file, user, group)?;
        }
        for (name, value) in &about.attributes {
            let set = kernel.because("the archive says so: a capability, perhaps").fsetxattr(file, name, value);
            self.attribute_set(path, name, set)?;
        }
        kernel.because("all bits of its mode, whatever the umask").fchmod(file, about.mode)?;
        if let Some(modified) = about.modified {
            let accessed = about.accessed.unwrap_or(UNCHANGED);
            kernel.because("last: all of this was a change").futimens(file, accessed, modified)?;
        }
        Ok(())
    }
    // ANCHOR_END: finish

    /// The same for what cannot be opened without consequences.
    fn finish_named(&mut self, path: &Path, about: &About, within: BorrowedFd<'_>, has_mode: bool) -> Result<()> {
        let (kernel, name) = (self.tree.kernel, file_name(path));
        if let Some((user, group)) = self.owner(about) {
            kernel.because("the owner of the name itself").fchownat(within, name, user, group)?;
        }
        for (attribute, value) in &about.attributes {
            let set = kernel.because("the archive says so").lsetxattr_in(within, name, attribute, value);
            self.attribute_set(path, attribute, set)?;
        }
        if has_mode {
            kernel.because("all bits of its mode, whatever the umask").fchmodat(within, name, about.mode)?;
        }
        let (accessed, modified) = (about.accessed.unwrap_or(UNCHANGED), about.modified.unwrap_or(UNCHANGED));
        kernel.because("last: all of this was a change").utimensat(within, name, accessed, modified)
    }

    /// An attribute that this file system or this user cannot set is left out, and said.
    fn attribute_set(&mut self, path: &Path, name: &Path, set: Result<()>) -> Result<()> {
        match set {
            Err(refused) => match Refused::errno_of(&refused) {
                Some(errno @ (Errno::EPERM | Errno::EOPNOTSUPP | Errno::EACCES)) => {
                    let why = format!("its attribute {}: {}", name.display(), errno.desc().to_lowercase());
                    self.report.leave_out(path, why);
                    Ok(())
                }
                _ => Err(refused),
            },
            set => set,
        }
    }
}
