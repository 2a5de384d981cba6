//! What a container has changed becomes a layer that others can use.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use nix::libc;
use nix::sys::stat::{major, minor};
use nix::sys::time::TimeSpec;
use nix::unistd::geteuid;
use tar::{Builder, EntryType};

use crate::entry::is_overlays_own;
use crate::name::{self, WHITEOUT};
use crate::record::{self, Record};
use crate::report::{CommitOptions, Owners, Report};
use crate::walk::{Found, bytes, walk};

/// Files that say who a container is and whom it knows. They belong to it and not to the image.
pub const INIT_LAYER_FILES: [&str; 3] = ["etc/hosts", "etc/resolv.conf", "etc/hostname"];

/// Attributes that are true on this host only: labels and signatures.
const HOST_BOUND: [&str; 3] = ["security.selinux", "security.ima", "security.evm"];

// ANCHOR: commit
/// Writes the upper layer at `upper` as a layer archive: OCI image specification, "Image Layer Filesystem Changeset".
///
/// The same files always give the same bytes: sorted by name, no names of users, no time of writing.
///
/// # Errors
/// A file that cannot be read or changes meanwhile; one in which overlayfs has stored only a reference.
pub fn commit(upper: &Path, out: impl Write, options: &CommitOptions) -> Result<Report> {
    let mut layer = Layer { archive: Builder::new(out), names: HashMap::new(), options, report: Report::default() };
    walk(upper, &mut |found| {
        layer.check_the_caller(found)?;
        layer.add(found).with_context(|| format!("{}", upper.join(found.path).display()))
    })?;
    layer.archive.into_inner().and_then(|mut out| out.flush()).context("cannot write the archive")?;
    Ok(layer.report)
}
// ANCHOR_END: commit

struct Layer<'a, W: Write> {
    archive: Builder<W>,
    /// The first name of each file that has several.
    names: HashMap<(u64, u64), PathBuf>,
    options: &'a CommitOptions,
    report: Report,
}

impl<W: Write> Layer<'_, W> {
    /// Opaque directories of root's containers are marked with attributes that only root sees.
    fn check_the_caller(&self, found: &Found<'_>) -> Result<()> {
        let is_top = found.path.as_os_str().is_empty();
        let roots = is_top && found.about.st_uid == 0 && !geteuid().is_root();
        ensure!(
            !roots,
            "this layer belongs to root, and what marks its deletions only root can see; commit it as root"
        );
        Ok(())
    }

    // ANCHOR: add
    /// Adds one file. True when what is in it should be added too.
    fn add(&mut self, found: &Found<'_>) -> Result<bool> {
        // EXERCISE overlay-3
        if let Some(why) = self.stays_with_the_container(found)? {
            self.report.leave_out(found.path, why);
            return Ok(false);
        }
        if found.is_whiteout() {
            self.add_whiteout(&found.path.with_file_name(hidden(found.path)))?;
            return Ok(false);
        }
        ensure!(
            !found.is_reference(),
            "overlayfs has stored only a reference to a layer below here, which no other layer can follow; \
             mount with redirect_dir=off,metacopy=off, as enter-overlay does"
        );
        self.add_file(found)?;
        if found.is_opaque() {
            self.add_whiteout(&found.path.join(".wh..wh..opq"))?;
        }
        Ok(true)
        // END overlay-3
    }
    // ANCHOR_END: add

    /// Why a file is no part of the image, if it is none.
    fn stays_with_the_container(&self, found: &Found<'_>) -> Result<Option<&'static str>> {
        let path = found.path;
        if INIT_LAYER_FILES.iter().any(|file| path == Path::new(file)) {
            return Ok(Some("it belongs to the container, not to the image"));
        }
        if path.file_name().is_some_and(name::is_instruction) {
            return Ok(Some("its name would be read as the deletion of another file"));
        }
        if found.is(libc::S_IFSOCK) {
            return Ok(Some("a socket, which is nothing without the process that listens"));
        }
        let Some(init) = self.options.init.as_ref().filter(|_| !path.as_os_str().is_empty()) else { return Ok(None) };
        if init.join(path).symlink_metadata().is_err() {
            return Ok(None);
        }
        let empty_file = found.is(libc::S_IFREG) && found.about.st_size == 0 && !found.is_whiteout();
        let empty = empty_file || found.is_empty_directory()?;
        Ok(empty.then_some("a mount point that was made for the container"))
    }

    fn add_whiteout(&mut self, path: &Path) -> Result<()> {
        self.report.entries += 1;
        let record = Record {
            name: bytes(path),
            kind: EntryType::Regular,
            mode: 0,
            user: 0,
            group: 0,
            modified: TimeSpec::new(0, 0),
            link: b"",
            device: (0, 0),
            attributes: &[],
        };
        record::append(&mut self.archive, &record)
    }

    // ANCHOR: add_file
    fn add_file(&mut self, found: &Found<'_>) -> Result<()> {
        let about = &found.about;
        let name = name_of(found);
        let attributes: Vec<_> = found.attributes()?.into_iter().filter(|(name, _)| travels(name)).collect();
        let (user, group) = self.owner(about.st_uid, about.st_gid);
        let mut record = Record {
            name: &name,
            kind: kind(found),
            mode: about.st_mode,
            user,
            group,
            modified: self.time(about.st_mtime, about.st_mtime_nsec),
            link: b"",
            device: (0, 0),
            attributes: &attributes,
        };
        self.report.entries += 1;
        let first = self.first_name(found);
        if let Some(first) = &first {
            (record.kind, record.link, record.attributes) = (EntryType::Link, bytes(first), &[]);
            return record::append(&mut self.archive, &record);
        }
        let text;
        match record.kind {
            EntryType::Regular => {
                let (file, size) = (found.open()?, about.st_size.cast_unsigned());
                self.report.bytes += size;
                return record::append_file(&mut self.archive, &record, &file, size);
            }
            EntryType::Symlink => {
                text = found.text()?;
                record.link = bytes(Path::new(&text));
            }
            EntryType::Char | EntryType::Block => record.device = (major(about.st_rdev), minor(about.st_rdev)),
            _ => {}
        }
        record::append(&mut self.archive, &record)
    }
    // ANCHOR_END: add_file

    /// The name under which this file is already in the archive, if it is.
    fn first_name(&mut self, found: &Found<'_>) -> Option<PathBuf> {
        if found.is(libc::S_IFDIR) || found.about.st_nlink < 2 {
            return None;
        }
        let first = self.names.get(&found.id()).cloned();
        if first.is_none() {
            self.names.insert(found.id(), found.path.to_owned());
        }
        first
    }

    /// An ordinary user's container has one id, root's, and it stands for that user.
    fn owner(&mut self, user: u32, group: u32) -> (u32, u32) {
        if self.options.owners == Owners::Keep {
            return (user, group);
        }
        let (me, my_group) = (geteuid().as_raw(), nix::unistd::getegid().as_raw());
        self.report.owners_changed |= user != me || group != my_group;
        (if user == me { 0 } else { user }, if group == my_group { 0 } else { group })
    }

    fn time(&self, seconds: i64, nanoseconds: i64) -> TimeSpec {
        match self.options.latest {
            Some(latest) if latest <= seconds => TimeSpec::new(latest, 0),
            _ => TimeSpec::new(seconds, nanoseconds),
        }
    }
}

/// "./" for the top, and a "/" behind every other directory, as tar(1) writes them.
fn name_of(found: &Found<'_>) -> Vec<u8> {
    let mut name = if found.path.as_os_str().is_empty() { b".".to_vec() } else { bytes(found.path).to_vec() };
    if found.is(libc::S_IFDIR) {
        name.push(b'/');
    }
    name
}

fn kind(found: &Found<'_>) -> EntryType {
    match found.about.st_mode & libc::S_IFMT {
        libc::S_IFDIR => EntryType::Directory,
        libc::S_IFLNK => EntryType::Symlink,
        libc::S_IFCHR => EntryType::Char,
        libc::S_IFBLK => EntryType::Block,
        libc::S_IFIFO => EntryType::Fifo,
        _ => EntryType::Regular,
    }
}

/// The name that says that `path` is gone.
fn hidden(path: &Path) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec([WHITEOUT, bytes(Path::new(path.file_name().unwrap_or_default()))].concat())
}

/// True for an attribute that means the same on another host.
fn travels(name: &OsString) -> bool {
    use std::os::unix::ffi::OsStrExt;
    !is_overlays_own(name.as_bytes()) && !HOST_BOUND.iter().any(|bound| name == bound)
}
