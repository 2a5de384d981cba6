//! A layer like those of images, made from a seed: the same one everywhere.

use std::fs::{self, File};
use std::io::{BufWriter, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

/// How many files there are, and how many to a directory.
const FILES: usize = 20_000;
const IN_A_DIRECTORY: usize = 25;
const SEED: u64 = 0x626f_7877_7269_6768;

/// The archive, twice.
pub(super) struct Layer {
    pub(super) plain: PathBuf,
    pub(super) gzip: PathBuf,
    /// How large it is, in words.
    pub(super) words: String,
}

/// Of about this many megabytes.
pub(super) fn make(directory: &Path, megabytes: usize) -> Result<Layer> {
    let plain = directory.join("layer.tar");
    write(&plain, megabytes * 1_000_000)?;
    let gzip = directory.join("layer.tar.gz");
    let mut packer = Command::new("gzip");
    packer.args(["--no-name", "--stdout"]).stdin(File::open(&plain)?).stdout(File::create(&gzip)?);
    ensure!(packer.stderr(Stdio::inherit()).status()?.success(), "gzip failed");
    let size = |path: &Path| Ok::<_, std::io::Error>(fs::metadata(path)?.len() / 1_000_000);
    let words = format!("{FILES} files, {} MB, {} MB with gzip", size(&plain)?, size(&gzip)?);
    Ok(Layer { plain, gzip, words })
}

fn write(path: &Path, bytes: usize) -> Result<()> {
    let mut archive = tar::Builder::new(BufWriter::new(File::create(path)?));
    let mut random = Random(SEED);
    for number in 0..FILES {
        let folder = format!("usr/lib/package-{:03}", number / IN_A_DIRECTORY);
        if number % IN_A_DIRECTORY == 0 {
            archive.append_data(
                &mut header(tar::EntryType::Directory, 0o755, 0),
                format!("{folder}/"),
                std::io::empty(),
            )?;
        }
        let size = size(&mut random, bytes / FILES);
        let mode = if number % 10 == 0 { 0o755 } else { 0o644 };
        let content = Content { random: Random(random.next() | 1), kind: number % 10, left: size as u64 };
        archive.append_data(
            &mut header(tar::EntryType::Regular, mode, size as u64),
            format!("{folder}/file-{number:05}"),
            content,
        )?;
    }
    archive.into_inner()?.into_inner()?;
    Ok(())
}

fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(1_700_000_000);
    header
}

/// Half of the files have less than an eighth of the mean, and one in 32 has 16 times of it: as in images, small ones are
/// many and large ones weigh. The mean of all is `mean`.
fn size(random: &mut Random, mean: usize) -> usize {
    let part = match random.next() % 32 {
        0 => mean * 16,
        1..=5 => mean,
        6..=15 => mean / 2,
        _ => mean / 8,
    };
    // 16 + 5 + 5 + 2 parts of 32, and each of them between a half and one and a half.
    part * 32 / 28 / 2 + (random.next() as usize) % (part * 32 / 28).max(1)
}

/// xorshift64: numbers that look like chance, and are the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// The bytes of a file: of ten, five are like text, three like programs, two like what is packed already.
struct Content {
    random: Random,
    kind: usize,
    left: u64,
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        for chunk in buffer[..count].chunks_mut(8) {
            let next = self.random.next();
            let bytes = match self.kind {
                0..=4 => WORDS[(next % 64) as usize % WORDS.len()],
                5..=7 => (next & 0x0000_0f00_00ff_000f).to_le_bytes(),
                _ => next.to_le_bytes(),
            };
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        self.left -= count as u64;
        Ok(count)
    }
}

const WORDS: [[u8; 8]; 32] = [
    *b"package ",
    *b"version ",
    *b"depends\n",
    *b"struct {",
    *b"return; ",
    *b"include ",
    *b"license ",
    *b"kernel, ",
    *b"process ",
    *b"the name",
    *b"of mount",
    *b"and then",
    *b"library ",
    *b"default ",
    *b"section ",
    *b"if there",
    *b" is none",
    *b" install",
    *b" archive",
    *b" a file ",
    *b"\tlocale ",
    *b"English ",
    *b"Chinese ",
    *b"written ",
    *b"between ",
    *b"another ",
    *b"through ",
    *b"without ",
    *b"0x00ff00",
    *b"12345678",
    *b"        ",
    *b"\n\n# note",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layer_is_the_same_each_time_and_about_as_large_as_it_should_be() {
        let home = tempfile::tempdir().unwrap();
        let (one, other) = (home.path().join("one"), home.path().join("other"));
        write(&one, 20_000_000).unwrap();
        write(&other, 20_000_000).unwrap();
        let (one, other) = (fs::read(one).unwrap(), fs::read(other).unwrap());
        assert!(one == other);
        // Each file has a header and is filled up to 512: 20000 of them weigh, when they are small.
        let content = one.len() - FILES * 768 - FILES / IN_A_DIRECTORY * 512;
        assert!((18_000_000..22_000_000).contains(&content), "{content}");
    }

    #[test]
    fn kinds_differ_in_what_can_be_packed() {
        let of = |kind| {
            let mut bytes = Vec::new();
            Content { random: Random(7), kind, left: 10_000 }.read_to_end(&mut bytes).unwrap();
            bytes.iter().collect::<std::collections::BTreeSet<_>>().len()
        };
        assert!(of(0) < 64 && of(8) > 250, "{} {}", of(0), of(8));
        assert_eq!(of(9), 256);
    }
}
