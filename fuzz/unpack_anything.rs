//! Whatever the bytes are: unpacking them ends, does not panic, changes nothing outside, and leaves no half layer.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use groundwork::Kernel;
use overlay::{CommitOptions, UnpackOptions, Whiteouts};
use tempfile::TempDir;

/// A folder with files in it that nothing may change. One serves for any number of archives: the next one finds it as it
/// was, or the one before has failed.
pub(crate) struct Place {
    folder: TempDir,
    outside: [PathBuf; 3],
    before: [Seen; 3],
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        let outside = [outside.clone(), outside.join("sub"), outside.join("secret")];
        fs::create_dir_all(&outside[1]).unwrap();
        fs::write(&outside[2], "untouched").unwrap();
        let before = seen_all(&outside);
        Self { folder, outside, before }
    }

    /// The first byte says how to unpack, the rest is the archive.
    pub(crate) fn unpack_anything(&self, bytes: &[u8]) {
        let Some((how, archive)) = bytes.split_first() else { return };
        let layer = self.folder.path().join("layer");
        let options = UnpackOptions {
            whiteouts: if how & 1 == 0 { Whiteouts::Mark } else { Whiteouts::Apply },
            max_size: 1 << 20,
            max_entries: 200,
            ..UnpackOptions::default()
        };
        let kernel = Kernel::quiet();
        let is_there = how & 2 != 0;
        if is_there {
            fs::create_dir_all(layer.join("d/sub")).unwrap();
            fs::write(layer.join("d/file"), "there before").unwrap();
        }
        // Most mutations would only break a checksum: without this bit, they are made right.
        let repaired = if how & 4 == 0 { with_checksums(archive) } else { archive.to_vec() };
        let unpacked = overlay::unpack(&kernel, Cursor::new(repaired), &layer, &options);
        assert!(seen_all(&self.outside) == self.before, "outside has changed");
        let expected = if unpacked.is_ok() || is_there { &["layer", "outside"][..] } else { &["outside"] };
        assert_eq!(self.names(), *expected, "{unpacked:?}");
        if unpacked.is_ok() {
            self.commit_and_unpack_again(&kernel, &layer);
            let measured = overlay::usage(std::slice::from_ref(&layer));
            let is_root = self.before[0].owner == 0;
            assert!(measured.is_ok() || !is_root, "{measured:?}");
        }
        if layer.exists() {
            overlay::remove_tree(&kernel, &layer).unwrap();
        }
    }

    /// A committed layer can be read again, unless its owner may not read it, or it holds a socket's like.
    fn commit_and_unpack_again(&self, kernel: &Kernel, layer: &Path) {
        let (mut archive, again) = (Vec::new(), self.folder.path().join("again"));
        if overlay::commit(layer, &mut archive, &CommitOptions::default()).is_ok() {
            overlay::unpack(kernel, Cursor::new(archive), &again, &UnpackOptions::default()).unwrap();
            overlay::remove_tree(kernel, &again).unwrap();
        }
    }

    fn names(&self) -> Vec<std::ffi::OsString> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }
}

/// All that an escape could change of a file.
#[derive(PartialEq, Eq)]
struct Seen {
    content: Vec<u8>,
    mode: u32,
    owner: u32,
    names: u64,
    changed: (i64, i64),
}

fn seen(path: &PathBuf) -> Seen {
    let about = fs::symlink_metadata(path).unwrap();
    let content = if about.is_file() { fs::read(path).unwrap() } else { Vec::new() };
    let changed = (about.ctime(), about.ctime_nsec());
    Seen { content, mode: about.mode(), owner: about.uid(), names: about.nlink(), changed }
}

fn seen_all(paths: &[PathBuf; 3]) -> [Seen; 3] {
    paths.each_ref().map(seen)
}

/// The same with a right checksum in every block that may be a header.
fn with_checksums(archive: &[u8]) -> Vec<u8> {
    let mut archive = archive.to_vec();
    for block in archive.chunks_exact_mut(512).filter(|block| block[257..262] == *b"ustar") {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    archive
}
