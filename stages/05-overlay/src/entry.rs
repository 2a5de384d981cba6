//! One entry of an archive, as plain data: what should be where, and whose.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use nix::libc;
use nix::sys::time::TimeSpec;
use tar::{EntryType, Header};

use crate::name;
use crate::pax::{ATTRIBUTE, Records};
use crate::sparse::Map;

/// What an archive asks for.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Where, below the root of the layer; empty for the root itself.
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) about: About,
}

/// What it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file with as many bytes as the entry holds; with holes if there is a map.
    File(Option<Map>),
    Directory,
    /// A symbolic link, with its text.
    Symlink(PathBuf),
    /// Another name for what is at this path, taken below the root too.
    Link(PathBuf),
    /// A device: major, minor.
    Character(u32, u32),
    Block(u32, u32),
    Fifo,
    /// Something that no layer has, with the letter that stands for it.
    Other(u8),
}

impl Kind {
    /// The file type bits of what it becomes: see inode(7).
    pub(crate) fn file_type(&self) -> u32 {
        match self {
            Self::Directory => libc::S_IFDIR,
            Self::Symlink(_) => libc::S_IFLNK,
            Self::Character(..) => libc::S_IFCHR,
            Self::Block(..) => libc::S_IFBLK,
            Self::Fifo => libc::S_IFIFO,
            // Another name may be that of a link, too; to whoever asks, both are something that is not a directory.
            Self::File(_) | Self::Link(_) | Self::Other(_) => libc::S_IFREG,
        }
    }
}

/// What it has besides its content.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub(crate) mode: u32,
    pub(crate) user: u32,
    pub(crate) group: u32,
    pub(crate) accessed: Option<TimeSpec>,
    pub(crate) modified: Option<TimeSpec>,
    pub(crate) attributes: Vec<(PathBuf, Vec<u8>)>,
}

/// What the entries before one say about it.
#[derive(Debug, Default)]
pub(crate) struct Announced {
    pub(crate) name: Option<Vec<u8>>,
    pub(crate) link: Option<Vec<u8>>,
    pub(crate) records: Records,
}

// ANCHOR: entry
impl Entry {
    /// Reads what `header` says, and what was `announced` of it and counts more.
    ///
    /// # Errors
    /// A name that climbs, a number that is none, an owner that no file can have.
    pub(crate) fn new(header: &Header, announced: &Announced, map: Option<Map>) -> Result<Self> {
        let records = &announced.records;
        let name = announced.name.as_deref().or_else(|| records.get("GNU.sparse.name")).or_else(|| records.get("path"));
        let name = name.map_or_else(|| name_in(header), <[u8]>::to_vec);
        let path = name::below_root(&name)?;
        let link = announced.link.as_deref().or_else(|| records.get("linkpath"));
        let link = link.map_or_else(|| until_nul(&header.as_old().linkname), <[u8]>::to_vec);
        let kind = kind(header, &name, &link, map).with_context(|| path.display().to_string())?;
        let about = About::new(header, records).with_context(|| path.display().to_string())?;
        ensure!(
            !path.as_os_str().is_empty() || kind == Kind::Directory,
            "the root of a layer is a directory, and the archive would make it something else"
        );
        Ok(Self { path, kind, about })
    }
}
// ANCHOR_END: entry

fn kind(header: &Header, name: &[u8], link: &[u8], map: Option<Map>) -> Result<Kind> {
    let device = || -> Result<(u32, u32)> {
        Ok((header.device_major()?.unwrap_or_default(), header.device_minor()?.unwrap_or_default()))
    };
    Ok(match header.entry_type() {
        // Before there was a letter for directories, they were files whose name ends so.
        EntryType::Regular if name.ends_with(b"/") => Kind::Directory,
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Kind::File(map),
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => {
            ensure!(!link.is_empty() && !link.contains(&0), "a symbolic link to nothing");
            Kind::Symlink(PathBuf::from(OsStr::from_bytes(link)))
        }
        EntryType::Link => {
            let target = name::below_root(link).context("a hard link")?;
            ensure!(!target.as_os_str().is_empty(), "a hard link to the root of the layer; directories have one name");
            ensure!(!target.iter().any(name::is_instruction), "a hard link to a whiteout, {}", target.display());
            Kind::Link(target)
        }
        EntryType::Char => device().map(|(major, minor)| Kind::Character(major, minor))?,
        EntryType::Block => device().map(|(major, minor)| Kind::Block(major, minor))?,
        EntryType::Fifo => Kind::Fifo,
        other => Kind::Other(other.as_byte()),
    })
}

impl About {
    fn new(header: &Header, records: &Records) -> Result<Self> {
        let old = header.as_old();
        let user = records.number("uid")?.map_or_else(|| or_zero(&old.uid, header.uid()), Ok)?;
        let group = records.number("gid")?.map_or_else(|| or_zero(&old.gid, header.gid()), Ok)?;
        let modified = or_zero(&old.mtime, header.mtime())?;
        Ok(Self {
            mode: u32::try_from(or_zero(&old.mode, header.mode().map(u64::from))?)? & 0o7777,
            user: id(user)?,
            group: id(group)?,
            accessed: records.time("atime")?,
            // GNU tar writes times before 1970 in binary, and the crate reads their two's complement.
            modified: Some(records.time("mtime")?.unwrap_or(TimeSpec::new(modified.cast_signed(), 0))),
            attributes: attributes(records)?,
        })
    }
}

fn attributes(records: &Records) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let named = records.iter().filter_map(|(key, value)| Some((key.strip_prefix(ATTRIBUTE.as_bytes())?, value)));
    named
        .map(|(name, value)| {
            let shown = String::from_utf8_lossy(name);
            ensure!(!name.is_empty() && !name.contains(&0), "an extended attribute cannot be named {shown:?}");
            // With these, a directory could say that it stands for another one, or a file that its content is elsewhere.
            ensure!(
                !is_overlays_own(name),
                "an attribute {shown}: that is overlayfs speaking to itself; a layer says .wh. instead"
            );
            Ok((PathBuf::from(OsStr::from_bytes(name)), value.to_vec()))
        })
        .collect()
}

/// True for the attributes in which overlayfs keeps its books.
pub(crate) fn is_overlays_own(attribute: &[u8]) -> bool {
    attribute.starts_with(b"trusted.overlay.") || attribute.starts_with(b"user.overlay.")
}

/// An id that a file can have; the highest one means "leave it" to chown(2).
fn id(number: u64) -> Result<u32> {
    let id = u32::try_from(number).ok().filter(|id| *id != u32::MAX);
    id.with_context(|| format!("no file can belong to id {number}"))
}

/// Some programs leave a number blank that they mean to be zero.
fn or_zero(field: &[u8], number: std::io::Result<u64>) -> Result<u64> {
    let blank = field.iter().all(|byte| matches!(byte, 0 | b' '));
    if blank { Ok(0) } else { Ok(number?) }
}

/// The name in the header; POSIX headers have a second field that stands before it.
fn name_in(header: &Header) -> Vec<u8> {
    let bytes = header.as_bytes();
    let (name, prefix, magic) = (until_nul(&bytes[..100]), until_nul(&bytes[345..500]), &bytes[257..263]);
    if magic == b"ustar\0" && !prefix.is_empty() { [&prefix[..], &name[..]].join(&b'/') } else { name }
}

pub(crate) fn until_nul(field: &[u8]) -> Vec<u8> {
    field.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}
