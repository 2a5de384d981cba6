//! One file as a tar archive writes it: a header of 512 bytes, before it what does not fit there, after it the content.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::unistd::{Whence, lseek64};
use tar::{Builder, EntryType, Header};

use crate::pax;
use crate::sparse::Map;

/// What a header says.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) kind: EntryType,
    pub(crate) mode: u32,
    pub(crate) user: u32,
    pub(crate) group: u32,
    pub(crate) modified: TimeSpec,
    /// The text of a symbolic link, or the first name of a file that has several.
    pub(crate) link: &'a [u8],
    pub(crate) device: (u64, u64),
    pub(crate) attributes: &'a [(std::ffi::OsString, Vec<u8>)],
}

/// The most that a field for a name holds.
const SHORT: usize = 100;
/// Holes smaller than this in all are written as zeros, which every reader of archives understands.
const WORTH_A_MAP: u64 = 1 << 20;
/// One read(2) for this much; most files are smaller.
const BUFFER: usize = 64 << 10;

// ANCHOR: append
/// Writes a file without content.
pub(crate) fn append(archive: &mut Builder<impl Write>, record: &Record<'_>) -> Result<()> {
    append_sized(archive, record, 0, Vec::new())
}

/// Writes a file and its content.
pub(crate) fn append_file(
    archive: &mut Builder<impl Write>,
    record: &Record<'_>,
    file: &File,
    size: u64,
) -> Result<()> {
    // Where no hole can be large enough, nobody looks for one.
    let pieces = if size < WORTH_A_MAP { vec![(0, size)] } else { pieces(file, size)? };
    let map = Map { pieces, size };
    let stored: u64 = map.pieces.iter().map(|(_, length)| length).sum();
    if size - stored < WORTH_A_MAP {
        append_sized(archive, record, size, Vec::new())?;
        return append_content(archive.get_mut(), file, &[(0, size)]);
    }
    // "PAX format, version 1.0" of GNU tar, which Go's archive/tar reads too.
    let before = map.before_data();
    let more = [("major", "1".to_owned()), ("minor", "0".to_owned()), ("realsize", size.to_string())]
        .map(|(key, value)| (format!("GNU.sparse.{key}"), value.into_bytes()));
    let name = ("GNU.sparse.name".to_owned(), record.name.to_vec());
    append_sized(archive, record, stored + before.len() as u64, more.into_iter().chain([name]).collect())?;
    archive.get_mut().write_all(&before)?;
    append_content(archive.get_mut(), file, &map.pieces)
}
// ANCHOR_END: append

fn append_sized(
    archive: &mut Builder<impl Write>,
    record: &Record<'_>,
    size: u64,
    more: Vec<(String, Vec<u8>)>,
) -> Result<()> {
    let records = record.in_pax(more)?;
    archive.append_pax_extensions(records.iter().map(|(key, value)| (key.as_str(), &value[..])))?;
    let mut header = record.header();
    header.set_size(size);
    header.set_cksum();
    archive.get_mut().write_all(header.as_bytes()).context("cannot write the archive")
}

impl Record<'_> {
    fn header(&self) -> Header {
        let mut header = Header::new_ustar();
        let fields = header.as_old_mut();
        for (field, value) in [(&mut fields.name, self.name), (&mut fields.linkname, self.link)] {
            let most = value.len().min(SHORT);
            field[..most].copy_from_slice(&value[..most]);
        }
        header.set_entry_type(self.kind);
        header.set_mode(self.mode & 0o7777);
        header.set_uid(self.user.into());
        header.set_gid(self.group.into());
        header.set_mtime(u64::try_from(self.modified.tv_sec()).unwrap_or(0));
        if let Some(fields) = header.as_ustar_mut() {
            fields.set_device_major(u32::try_from(self.device.0).unwrap_or_default());
            fields.set_device_minor(u32::try_from(self.device.1).unwrap_or_default());
        }
        header
    }

    /// What the header has no room for, sorted by key as Go writes it.
    fn in_pax(&self, mut records: Vec<(String, Vec<u8>)>) -> Result<Vec<(String, Vec<u8>)>> {
        if self.name.len() > SHORT {
            records.push(("path".to_owned(), self.name.to_vec()));
        }
        if self.link.len() > SHORT {
            records.push(("linkpath".to_owned(), self.link.to_vec()));
        }
        if self.modified.tv_nsec() != 0 || self.modified.tv_sec() < 0 {
            records.push(("mtime".to_owned(), pax::spell_time(self.modified).into_bytes()));
        }
        for (name, value) in self.attributes {
            let name = name.to_str().with_context(|| format!("an attribute named {name:?}, which is not UTF-8"))?;
            records.push((format!("{}{name}", pax::ATTRIBUTE), value.clone()));
        }
        records.sort();
        Ok(records)
    }
}

/// Where a file holds data: the rest are holes. See SEEK_DATA in lseek(2).
fn pieces(file: &File, size: u64) -> Result<Vec<(u64, u64)>> {
    let mut pieces = Vec::new();
    let mut end = 0;
    while end < size {
        let start = match lseek64(file, end.cast_signed(), Whence::SeekData) {
            Ok(start) => start.cast_unsigned(),
            // GNU tar makes a file as long as its last piece reaches: a hole at the end needs one too, of no bytes.
            Err(Errno::ENXIO) => {
                pieces.push((size, 0));
                break;
            }
            // A file system that does not know its holes has none.
            Err(Errno::EINVAL) => return Ok(vec![(0, size)]),
            Err(errno) => return Err(errno).context("lseek(SEEK_DATA)"),
        };
        end = lseek64(file, start.cast_signed(), Whence::SeekHole).context("lseek(SEEK_HOLE)")?.cast_unsigned();
        if start < size {
            pieces.push((start, end.min(size) - start));
        }
    }
    Ok(pieces)
}

fn append_content(out: &mut impl Write, file: &File, pieces: &[(u64, u64)]) -> Result<()> {
    let stored: u64 = pieces.iter().map(|(_, length)| length).sum();
    let mut buffer = vec![0; usize::try_from(stored).unwrap_or(BUFFER).min(BUFFER)];
    let mut written = 0_usize;
    for (start, length) in pieces {
        let (mut at, end) = (*start, start + length);
        while at < end {
            let most = buffer.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
            let count = file.read_at(&mut buffer[..most], at).context("cannot read")?;
            // Its size is already written: an archive with another one would be broken from here on.
            ensure!(count > 0, "it became shorter while it was read; pause the container, or stop it");
            out.write_all(&buffer[..count]).context("cannot write the archive")?;
            (at, written) = (at + count as u64, written + count);
        }
    }
    out.write_all(&[0; 512][..written.next_multiple_of(512) - written]).context("cannot write the archive")
}
