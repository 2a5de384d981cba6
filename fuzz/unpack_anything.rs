//! Whatever the bytes are: unpacking them ends, does not panic, changes nothing outside, and leaves no half layer.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use groundwork::Kernel;
use overlay::{CommitOptions, UnpackOptions, Whiteouts};

/// The first byte says how to unpack, the rest is the archive.
pub(crate) fn unpack_anything(bytes: &[u8]) {
    let Some((how, archive)) = bytes.split_first() else { return };
    let place = tempfile::tempdir().unwrap();
    let (outside, layer) = (place.path().join("outside"), place.path().join("layer"));
    fs::create_dir_all(outside.join("sub")).unwrap();
    fs::write(outside.join("secret"), "untouched").unwrap();
    let before = [seen(&outside), seen(&outside.join("sub")), seen(&outside.join("secret"))];
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
    // Most mutations would only break a checksum: with this bit, they are made right.
    let repaired = if how & 4 == 0 { with_checksums(archive) } else { archive.to_vec() };
    let unpacked = overlay::unpack(&kernel, &repaired[..], &layer, &options);
    assert!(
        [seen(&outside), seen(&outside.join("sub")), seen(&outside.join("secret"))] == before,
        "outside has changed"
    );
    let mut left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    let expected = if unpacked.is_ok() || is_there { &["layer", "outside"][..] } else { &["outside"] };
    assert_eq!(left, *expected, "{unpacked:?}");
    if unpacked.is_ok() {
        // A committed layer can be read again, unless its owner may not read it, or it holds a socket's like.
        let mut again = Vec::new();
        if overlay::commit(&layer, &mut again, &CommitOptions::default()).is_ok() {
            let options = UnpackOptions::default();
            overlay::unpack(&kernel, &again[..], &place.path().join("again"), &options).unwrap();
            let _ = overlay::remove_tree(&kernel, &place.path().join("again"));
        }
        let measured = overlay::usage(std::slice::from_ref(&layer));
        let is_root = seen(place.path()).2 == 0;
        assert!(measured.is_ok() || !is_root, "{measured:?}");
    }
    if layer.exists() {
        overlay::remove_tree(&kernel, &layer).unwrap();
    }
}

/// Content, mode, owner, number of names, and when any of it was changed.
fn seen(path: &Path) -> (Vec<u8>, u32, u32, u64, i64, i64) {
    let about = fs::symlink_metadata(path).unwrap();
    let content = if about.is_file() { fs::read(path).unwrap() } else { Vec::new() };
    (content, about.mode(), about.uid(), about.nlink(), about.ctime(), about.ctime_nsec())
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
