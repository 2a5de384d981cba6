//! The bytes of an archive, plain or compressed, and no more of them than allowed.

use std::io::{BufRead, BufReader, Cursor, Error, Read};

use anyhow::{Context, Result, bail};
use flate2::bufread::MultiGzDecoder;

use crate::ahead::Ahead;

/// One read(2) for this much: fewer calls than with the 8 KiB of std. With more, what was read has left the nearer caches
/// of the processor by the time it is written.
const BUFFER: usize = 64 << 10;

// ANCHOR: decompressed
/// The archive that `reader` holds; decompressed if it begins like gzip(1)'s output, whatever it is called.
///
/// # Errors
/// It begins like the output of another compressor.
pub(crate) fn decompressed(reader: impl Read + Send + 'static, most: u64) -> Result<Box<dyn BufRead>> {
    let (beginning, reader) = peek(reader)?;
    Ok(match beginning[..] {
        // Several gzip streams in a row are one, says RFC 1952; pigz and eStargz write them so. The decoder that stops
        // after the first would lose the rest without a word.
        [0x1f, 0x8b, ..] => {
            let plain = MultiGzDecoder::new(BufReader::with_capacity(BUFFER, reader));
            Box::new(Ahead::of(Limited { reader: plain, left: most, most })?)
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => bail!("the archive is compressed with zstd; pass it through `zstd -dc` first"),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => bail!("the archive is compressed with xz; pass it through `xz -dc` first"),
        [b'B', b'Z', b'h', ..] => bail!("the archive is compressed with bzip2; pass it through `bzip2 -dc` first"),
        _ => Box::new(BufReader::with_capacity(BUFFER, Limited { reader, left: most, most })),
    })
}
// ANCHOR_END: decompressed

/// The first six bytes, and a reader that still has them.
fn peek<R: Read>(mut reader: R) -> Result<(Vec<u8>, impl Read + use<R>)> {
    let mut beginning = Vec::with_capacity(6);
    // A pipe may give a single byte at first, so that one read(2) would not do.
    reader.by_ref().take(6).read_to_end(&mut beginning).context("cannot read the archive")?;
    Ok((beginning.clone(), Cursor::new(beginning).chain(reader)))
}

/// A reader that fails when there is more than allowed: a few kilobytes can decompress to a full disk.
struct Limited<R> {
    reader: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(into)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| Error::other(too_much(self.most)))?;
        Ok(count)
    }
}

/// What to say when there is more than allowed.
pub(crate) fn too_much(most: u64) -> String {
    format!("the archive unpacks to more than {most} bytes; if you trust it, allow more with --max-size")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8], most: u64) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        decompressed(Cursor::new(bytes.to_vec()), most)?.read_to_end(&mut text)?;
        Ok(text)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::read::GzEncoder::new(bytes, flate2::Compression::fast());
        let mut compressed = Vec::new();
        gzip.read_to_end(&mut compressed).unwrap();
        compressed
    }

    #[test]
    fn all_members_of_a_gzip_file_are_read() {
        let twice = [gzip(b"one, "), gzip(b"two")].concat();
        assert_eq!(text_of(&twice, 100).unwrap(), b"one, two");
    }

    #[test]
    fn a_cut_gzip_file_is_an_error() {
        let whole = gzip(&[7; 1000]);
        for length in 2..whole.len() {
            assert!(text_of(&whole[..length], 10_000).is_err(), "{length} of {}", whole.len());
        }
    }

    #[test]
    fn more_than_allowed_is_an_error() {
        assert_eq!(text_of(b"12345678", 8).unwrap(), b"12345678");
        assert!(text_of(b"123456789", 8).unwrap_err().to_string().contains("more than 8 bytes"));
        assert!(text_of(&gzip(&vec![0; 1 << 20]), 1 << 19).is_err());
    }

    #[test]
    fn other_compressors_are_named() {
        let said = |bytes: &[u8]| text_of(bytes, 100).unwrap_err().to_string();
        assert!(said(b"\x28\xb5\x2f\xfd....").contains("zstd -dc"));
        assert!(said(b"\xfd7zXZ\0....").contains("xz -dc"));
        assert!(said(b"BZh9....").contains("bzip2 -dc"));
    }
}
