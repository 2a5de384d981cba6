//! A tar archive, read entry by entry: tar(5).
//!
//! The tar crate knows the fields of a header, and those are read with it. How entries follow each other is read here.
//! Its own iterator (0.4.46) ends a pax record at the first newline, so that a file capability with that byte in it
//! hides the owner in the next record; and it takes a long name of any length into memory.

use std::io::{BufRead, ErrorKind, Read};

use anyhow::{Context, Result, bail, ensure};
use tar::{EntryType, Header};

use crate::entry::{Announced, Entry, until_nul};
use crate::pax::Records;
use crate::sparse::Map;

const BLOCK: u64 = 512;

/// Names, links and lists of records longer than this are not honest. Go's archive/tar draws the same line.
const LONGEST_ANNOUNCEMENT: u64 = 1 << 20;

/// Records for all entries, which are looked through at each of them: git-archive(1) writes one of 52 bytes.
const LONGEST_GLOBAL: usize = 16 << 10;

/// An archive; read from it, it gives the content of the entry that [`Archive::next_entry`] gave last.
pub(crate) struct Archive<R> {
    reader: R,
    /// How much of that content is left.
    pub(crate) unread: u64,
    /// How much fills its last block.
    padding: u64,
    /// Records that hold for all entries to come.
    global: Records,
    /// How many entries were given.
    pub(crate) count: u64,
}

impl<R: BufRead> Archive<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, unread: 0, padding: 0, global: Records::default(), count: 0 }
    }

    // ANCHOR: next
    /// The next entry; nothing after the last one, when the archive says so itself.
    ///
    /// # Errors
    /// The archive is cut short, damaged, or says what no file system can do.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>> {
        let mut announced = Announced::default();
        let mut is_announced = false;
        loop {
            self.skip(self.unread + self.padding)?;
            let Some(header) = self.header()? else {
                ensure!(!is_announced, "the archive announces an entry and then ends");
                return Ok(None);
            };
            is_announced = true;
            match header.entry_type() {
                EntryType::GNULongName => announced.name = Some(until_nul(&self.announcement(&header)?)),
                EntryType::GNULongLink => announced.link = Some(until_nul(&self.announcement(&header)?)),
                EntryType::XHeader => announced.records = Records::parse(&self.announcement(&header)?)?,
                EntryType::XGlobalHeader => {
                    let records = Records::parse(&self.announcement(&header)?)?;
                    self.global = self.global.and(records);
                    ensure!(
                        self.global.size() <= LONGEST_GLOBAL,
                        "more records for all entries than an honest archive has"
                    );
                    is_announced = false;
                }
                _ => return self.entry(&header, announced).map(Some),
            }
        }
    }
    // ANCHOR_END: next

    fn entry(&mut self, header: &Header, mut announced: Announced) -> Result<Entry> {
        self.count += 1;
        announced.records = self.global.and(announced.records);
        let size = announced.records.number("size")?.map_or_else(|| header.entry_size(), Ok)?;
        let kind = header.entry_type();
        let size = if has_no_content(kind) { 0 } else { size };
        let mut map = None;
        if kind.is_gnu_sparse() {
            map = Some(Map::from_header(header, size, &mut self.reader)?);
        }
        self.begin_content(size)?;
        if map.is_none() && kind.is_file() {
            map = Map::from_records(&announced.records, size, self)?;
        }
        Entry::new(header, &announced, map)
    }

    fn begin_content(&mut self, size: u64) -> Result<()> {
        self.unread = size;
        self.padding = size.checked_next_multiple_of(BLOCK).context("an entry larger than any file")? - size;
        Ok(())
    }

    /// One header that is none: the mark of the end.
    fn header(&mut self) -> Result<Option<Header>> {
        let Some(header) = self.block()? else {
            bail!("the archive is cut short: it ends without the blocks of zeros that mark its end");
        };
        if header.as_bytes().iter().any(|byte| *byte != 0) {
            check_sum(&header)?;
            return Ok(Some(header));
        }
        let second = self.block()?;
        let is_end = second.is_none_or(|block| block.as_bytes().iter().all(|byte| *byte == 0));
        ensure!(is_end, "the archive goes on behind a block of zeros, which marks its end");
        Ok(None)
    }

    /// The next block, if there is one.
    fn block(&mut self) -> Result<Option<Header>> {
        let mut block = Header::new_old();
        let mut rest = &mut block.as_mut_bytes()[..];
        while !rest.is_empty() {
            match self.reader.read(rest) {
                Ok(0) if rest.len() == BLOCK as usize => return Ok(None),
                Ok(0) => bail!("the archive is cut short in the middle of a header"),
                Ok(count) => rest = &mut rest[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("cannot read the archive"),
            }
        }
        Ok(Some(block))
    }

    /// The content of an entry that only speaks of the next one.
    fn announcement(&mut self, header: &Header) -> Result<Vec<u8>> {
        let size = header.entry_size()?;
        ensure!(size <= LONGEST_ANNOUNCEMENT, "a name or a list of attributes of {size} bytes is no honest one");
        self.begin_content(size)?;
        let mut content = Vec::new();
        self.take(size).read_to_end(&mut content)?;
        Ok(content)
    }

    fn skip(&mut self, count: u64) -> Result<()> {
        let skipped = std::io::copy(&mut (&mut self.reader).take(count), &mut std::io::sink())?;
        ensure!(skipped == count, "the archive is cut short in the content of entry {}", self.count);
        (self.unread, self.padding) = (0, 0);
        Ok(())
    }

    /// Reads what is behind the mark of the end: the checksum of gzip stands there, and a pipe wants to be emptied.
    pub(crate) fn finish(mut self) -> Result<()> {
        std::io::copy(&mut self.reader, &mut std::io::sink()).context("behind the end of the archive").map(drop)
    }
}

impl<R: BufRead> Read for Archive<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let mut content = self.fill_buf()?;
        let count = content.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

/// The content of the present entry, as it lies in the buffer: it is written from there, and copied nowhere else.
impl<R: BufRead> BufRead for Archive<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.unread == 0 {
            return Ok(&[]);
        }
        let buffered = self.reader.fill_buf()?;
        if buffered.is_empty() {
            let said = format!("the archive is cut short in the content of entry {}", self.count);
            return Err(std::io::Error::new(ErrorKind::UnexpectedEof, said));
        }
        let most = buffered.len().min(usize::try_from(self.unread).unwrap_or(usize::MAX));
        Ok(&buffered[..most])
    }

    fn consume(&mut self, count: usize) {
        self.unread -= count as u64;
        self.reader.consume(count);
    }
}

/// Links, directories and devices have no content whatever their size says, as for Go's archive/tar. Were it skipped, the
/// same bytes would be other files here than in other runtimes.
fn has_no_content(kind: EntryType) -> bool {
    let is_link = kind.is_hard_link() || kind.is_symlink();
    is_link || kind.is_dir() || kind.is_fifo() || kind.is_character_special() || kind.is_block_special()
}

/// The sum of the bytes, with blanks where it stands itself. Some old programs add signed bytes.
fn check_sum(header: &Header) -> Result<()> {
    let bytes = header.as_bytes().iter().enumerate();
    let counted = bytes.map(|(at, byte)| if (148..156).contains(&at) { b' ' } else { *byte });
    let (plain, signed) = counted.fold((0_u32, 0_i32), |(plain, signed), byte| {
        (plain + u32::from(byte), signed + i32::from(byte.cast_signed()))
    });
    let stated = header.cksum().ok();
    let is_right = stated.is_some_and(|stated| stated == plain || i64::from(stated) == i64::from(signed));
    ensure!(is_right, "no tar archive, or a damaged one: the checksum of a header is wrong");
    Ok(())
}
