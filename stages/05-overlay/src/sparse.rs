//! Sparse files: only the pieces that hold data are stored, with a map of where they belong. GNU tar, "Sparse Formats".

use std::io::Read;

use anyhow::{Context, Result, ensure};
use tar::{GnuExtSparseHeader, GnuSparseHeader, Header};

use crate::pax::{Records, number};

/// Where the stored bytes of a file belong, and how long it is with its holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Map {
    /// Offset and length of each piece, in order.
    pub(crate) pieces: Vec<(u64, u64)>,
    /// The size of the file.
    pub(crate) size: u64,
}

/// A map of more pieces than this is a bomb for our memory, and no file.
const MOST_PIECES: usize = 1 << 20;

impl Map {
    /// A map in which each piece comes after the one before, and which is true of `stored` bytes.
    fn checked(pieces: Vec<(u64, u64)>, size: u64, stored: u64) -> Result<Self> {
        let (mut end, mut sum) = (0, 0_u64);
        for (offset, length) in &pieces {
            ensure!(*offset >= end, "the pieces of a sparse file overlap, or are out of order");
            end = offset.checked_add(*length).context("a piece of a sparse file ends nowhere")?;
            sum = sum.checked_add(*length).context("a sparse file holds more than a file can")?;
        }
        ensure!(end <= size, "a sparse file of {size} bytes has a piece that ends at byte {end}");
        ensure!(sum == stored, "the pieces of a sparse file are {sum} bytes, and {stored} are stored");
        Ok(Self { pieces, size })
    }

    /// The old GNU form: four pieces in the header, and more in blocks that follow it.
    ///
    /// # Errors
    /// A number that is none, or a map that contradicts itself or the size of the entry.
    pub(crate) fn from_header(header: &Header, stored: u64, reader: &mut impl Read) -> Result<Self> {
        let gnu = header.as_gnu().context("a sparse file in a header that has no room for its map")?;
        let mut pieces = Vec::new();
        add_pieces(&mut pieces, &gnu.sparse)?;
        let mut goes_on = gnu.is_extended();
        while goes_on {
            let mut more = GnuExtSparseHeader::new();
            reader.read_exact(more.as_mut_bytes()).context("the archive is cut short in the map of a sparse file")?;
            add_pieces(&mut pieces, more.sparse())?;
            goes_on = more.is_extended();
        }
        Self::checked(pieces, gnu.real_size()?, stored)
    }

    /// The three forms with pax records, if these records have one: 0.0, 0.1, and 1.0 with the map before the data.
    ///
    /// Of the last one, the map is taken from `data`, whose length `stored` is.
    ///
    /// # Errors
    /// As for [`Map::from_header`].
    pub(crate) fn from_records(records: &Records, stored: u64, data: &mut impl Read) -> Result<Option<Self>> {
        if let Some(size) = records.number("GNU.sparse.realsize")? {
            let (pieces, read) = pieces_before_data(data)?;
            let stored = stored.checked_sub(read).context("the map of a sparse file is longer than its entry")?;
            return Self::checked(pieces, size, stored).map(Some);
        }
        let Some(size) = records.number("GNU.sparse.size")? else { return Ok(None) };
        let numbers: Vec<u64> = match records.get("GNU.sparse.map") {
            Some(map) => map.split(|byte| *byte == b',').map(number).collect::<Option<_>>(),
            None => {
                let of_the_map = |key: &[u8]| key == b"GNU.sparse.offset" || key == b"GNU.sparse.numbytes";
                records.iter().filter(|(key, _)| of_the_map(key)).map(|(_, value)| number(value)).collect()
            }
        }
        .context("the map of a sparse file holds something else than numbers")?;
        ensure!(numbers.len().is_multiple_of(2), "the map of a sparse file ends in the middle of a pair");
        Self::checked(numbers.chunks(2).map(|pair| (pair[0], pair[1])).collect(), size, stored).map(Some)
    }

    /// The map of form 1.0, filled up to whole blocks: how many pieces, then the numbers of each, one a line.
    pub(crate) fn before_data(&self) -> Vec<u8> {
        let mut text = format!("{}\n", self.pieces.len());
        for (offset, length) in &self.pieces {
            text.push_str(&format!("{offset}\n{length}\n"));
        }
        let mut block = text.into_bytes();
        block.resize(block.len().next_multiple_of(512), 0);
        block
    }
}

fn add_pieces(pieces: &mut Vec<(u64, u64)>, listed: &[GnuSparseHeader]) -> Result<()> {
    for piece in listed.iter().filter(|piece| !piece.is_empty()) {
        ensure!(pieces.len() < MOST_PIECES, "a sparse file of more than {MOST_PIECES} pieces");
        pieces.push((piece.offset()?, piece.length()?));
    }
    Ok(())
}

/// The map, and how many bytes it took.
fn pieces_before_data(data: &mut impl Read) -> Result<(Vec<(u64, u64)>, u64)> {
    let mut lines = Lines { data, block: [0; 512], at: 512, read: 0 };
    let count = lines.number()?;
    ensure!(count <= MOST_PIECES as u64, "a sparse file of more than {MOST_PIECES} pieces");
    let pieces = (0..count).map(|_| Ok((lines.number()?, lines.number()?))).collect::<Result<_>>()?;
    Ok((pieces, lines.read))
}

/// Numbers, one a line, in blocks of 512 bytes.
struct Lines<'a, R> {
    data: &'a mut R,
    block: [u8; 512],
    at: usize,
    read: u64,
}

impl<R: Read> Lines<'_, R> {
    fn number(&mut self) -> Result<u64> {
        let mut digits = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => return number(&digits).context("the map of a sparse file holds something else than numbers"),
                digit => digits.push(digit),
            }
            ensure!(digits.len() <= 20, "the map of a sparse file holds a number of more than 20 digits");
        }
    }

    fn byte(&mut self) -> Result<u8> {
        if self.at == self.block.len() {
            self.data.read_exact(&mut self.block).context("the map of a sparse file is longer than its entry")?;
            (self.at, self.read) = (0, self.read + 512);
        }
        self.at += 1;
        Ok(self.block[self.at - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pax::record;

    fn from_records(records: &str, data: &[u8]) -> Result<Option<Map>> {
        Map::from_records(&Records::parse(records.as_bytes())?, data.len() as u64, &mut &data[..])
    }

    #[test]
    fn the_map_before_the_data_is_read_as_it_was_written() {
        let map = Map { pieces: vec![(0, 3), (1 << 40, 5), ((1 << 40) + 9, 0)], size: 1 << 41 };
        let data = [map.before_data(), b"abcdefgh".to_vec()].concat();
        assert_eq!(from_records(&record("GNU.sparse.realsize", "2199023255552"), &data).unwrap(), Some(map));
    }

    #[test]
    fn a_map_in_records_is_read() {
        let map = Map { pieces: vec![(1, 2), (6, 1)], size: 9 };
        let size = record("GNU.sparse.size", "9");
        let in_one = size.clone() + &record("GNU.sparse.map", "1,2,6,1");
        assert_eq!(from_records(&in_one, b"abc").unwrap(), Some(map.clone()));
        let in_many = [("offset", "1"), ("numbytes", "2"), ("offset", "6"), ("numbytes", "1")]
            .map(|(key, value)| record(&format!("GNU.sparse.{key}"), value));
        assert_eq!(from_records(&(size + &in_many.concat()), b"abc").unwrap(), Some(map));
        assert_eq!(from_records("", b"abc").unwrap(), None);
    }

    #[test]
    fn a_map_that_contradicts_itself_is_an_error() {
        let said = |map: &str| {
            let records = record("GNU.sparse.size", "9") + &record("GNU.sparse.map", map);
            from_records(&records, b"abc").unwrap_err().to_string()
        };
        assert!(said("5,2,1,1").contains("out of order"));
        assert!(said("0,2,1,1").contains("overlap"));
        assert!(said("8,3").contains("ends at byte 11"));
        assert!(said("0,2").contains("2 bytes, and 3 are stored"));
        assert!(said("1,2,6").contains("in the middle of a pair"));
        assert!(said("1,2,6,").contains("something else than numbers"));
        assert!(said("18446744073709551615,3").contains("ends nowhere"));
    }
}
