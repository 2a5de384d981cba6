//! Every kind of file that a layer can have, and how old and new programs write it.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use crate::archive::Archive;
use crate::place::{Unpacked, is_root, refused, unpacked};

#[test]
fn a_symbolic_link_is_only_text() {
    let targets = ["/etc/passwd", "../../../../outside", "nowhere", ".", "a/../b//c"];
    let layer = unpacked(|archive| {
        for (number, target) in targets.iter().enumerate() {
            archive.symlink(&format!("l{number}"), target);
        }
    });
    for (number, target) in targets.iter().enumerate() {
        assert_eq!(fs::read_link(layer.at(&format!("l{number}"))).unwrap(), Path::new(target));
    }
}

#[test]
fn a_fifo_is_made() {
    let layer = unpacked(|archive| archive.entry(b'6', "run/fifo", 0o620, b"", |_| {}).done());
    assert!(fs::symlink_metadata(layer.at("run/fifo")).unwrap().file_type().is_fifo());
    assert_eq!(layer.mode("run/fifo"), 0o620);
}

#[test]
fn a_device_is_made_by_root_and_said_for_others() {
    let layer = unpacked(|archive| {
        archive.device(b'3', "dev/null", 1, 3).device(b'4', "dev/loop0", 7, 0).file("after", "");
    });
    if is_root() && layer.said().is_empty() {
        let null = fs::symlink_metadata(layer.at("dev/null")).unwrap();
        assert!(null.file_type().is_char_device());
        assert_eq!(null.rdev(), nix::sys::stat::makedev(1, 3));
        assert!(fs::symlink_metadata(layer.at("dev/loop0")).unwrap().file_type().is_block_device());
    } else {
        assert_eq!(layer.report.left_out_count, 2);
        assert!(layer.said().contains("left out: dev/null: a device"), "{}", layer.said());
    }
    assert_eq!(layer.text("after"), "");
}

#[test]
fn a_device_that_overlayfs_would_take_for_a_whiteout_is_refused() {
    let said = refused(|archive| archive.device(b'3', "gone", 0, 0).done());
    assert!(said.contains("0:0, with which overlayfs marks deletions"), "{said}");
}

#[test]
fn before_there_was_a_letter_directories_were_files_with_a_slash() {
    let layer = unpacked(|archive| {
        archive.entry(b'\0', "old/", 0o750, b"", |_| {}).entry(b'\0', "old/file", 0o644, b"x", |_| {});
    });
    assert!(layer.at("old").is_dir());
    assert_eq!((layer.mode("old"), layer.text("old/file")), (0o750, "x".to_owned()));
}

#[test]
fn a_contiguous_file_is_a_file() {
    assert_eq!(unpacked(|archive| archive.entry(b'7', "f", 0o644, b"x", |_| {}).done()).text("f"), "x");
}

#[test]
fn a_kind_that_no_layer_has_is_left_out_and_said() {
    let layer = unpacked(|archive| {
        archive.entry(b'V', "label", 0o644, b"content", |_| {}).file("after", "x");
    });
    assert!(layer.said().contains("left out: label: an entry of the kind 'V'"), "{}", layer.said());
    assert_eq!(layer.names(), ["after"]);
}

#[test]
fn links_and_directories_have_no_content_whatever_their_size_says() {
    let layer = unpacked(|archive| {
        archive.entry(b'5', "d", 0o755, b"", |header| header.set_size(512)).file("f", "x");
        archive.entry(b'2', "l", 0o777, b"", |header| {
            header.set_size(99);
            header.set_link_name_literal("f").unwrap();
        });
        archive.file("g", "y");
    });
    assert_eq!(layer.names(), ["d", "f", "g", "l"]);
}

/// "ab", 2 MiB of nothing, "cd", 1 MiB of nothing.
const LENGTH: u64 = (3 << 20) + 4;
const SECOND: u64 = (2 << 20) + 2;

fn assert_sparse(layer: &Unpacked) {
    let content = fs::read(layer.at("sparse")).unwrap();
    assert_eq!(content.len() as u64, LENGTH);
    assert_eq!((&content[..2], &content[SECOND as usize..][..2]), (&b"ab"[..], &b"cd"[..]));
    assert_eq!(content.iter().filter(|byte| **byte != 0).count(), 4);
    assert!(fs::metadata(layer.at("sparse")).unwrap().blocks() * 512 < 1 << 20, "the holes are filled");
    assert_eq!(layer.text("after"), "x");
}

fn octal(value: u64) -> [u8; 12] {
    let mut field = [0; 12];
    field[..11].copy_from_slice(format!("{value:011o}").as_bytes());
    field
}

/// An old GNU sparse file of which `pieces` are in the header, and `more` in blocks behind it.
fn gnu_sparse(archive: &mut Archive, pieces: &[(u64, u64)], more: &[&[(u64, u64)]], content: &[u8]) {
    let table = |pieces: &[(u64, u64)]| -> Vec<u8> {
        pieces.iter().flat_map(|(offset, length)| [octal(*offset), octal(*length)].concat()).collect()
    };
    archive.entry(b'S', "sparse", 0o644, b"", |header| {
        header.set_size(content.len() as u64);
        let bytes = header.as_mut_bytes();
        bytes[257..265].copy_from_slice(b"ustar  \0");
        bytes[345..482].fill(0);
        bytes[386..386 + pieces.len() * 24].copy_from_slice(&table(pieces));
        bytes[482] = u8::from(!more.is_empty());
        bytes[483..495].copy_from_slice(&octal(LENGTH));
    });
    for (number, pieces) in more.iter().enumerate() {
        let mut block = table(pieces);
        block.resize(512, 0);
        block[504] = u8::from(number + 1 < more.len());
        archive.raw(&block);
    }
    archive.content(content);
}

#[test]
fn an_old_gnu_sparse_file_keeps_its_holes() {
    assert_sparse(&unpacked(|archive| {
        gnu_sparse(archive, &[(0, 2), (SECOND, 2), (LENGTH, 0)], &[], b"abcd");
        archive.file("after", "x");
    }));
}

#[test]
fn a_map_that_goes_on_behind_the_header_is_read() {
    assert_sparse(&unpacked(|archive| {
        let one = |at| (at, 1);
        gnu_sparse(archive, &[one(0)], &[&[one(1)], &[one(SECOND), one(SECOND + 1)], &[(LENGTH, 0)]], b"abcd");
        archive.file("after", "x");
    }));
}

#[test]
fn sparse_files_with_pax_records_keep_their_holes() {
    let (length, second) = (LENGTH.to_string(), SECOND.to_string());
    let map = format!("0,2,{second},2");
    let size = ("GNU.sparse.size", length.as_bytes());
    let pair = |offset, count| [("GNU.sparse.offset", offset), ("GNU.sparse.numbytes", count)];
    let oldest = [&[size][..], &pair(&b"0"[..], &b"2"[..]), &pair(second.as_bytes(), b"2")].concat();
    let older = vec![size, ("GNU.sparse.map", map.as_bytes()), ("GNU.sparse.name", b"sparse")];
    for records in [oldest, older] {
        assert_sparse(&unpacked(|archive| {
            archive.pax(&records).file("sparse", "abcd").file("after", "x");
        }));
    }
    let newest: [(&str, &[u8]); 4] = [
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"sparse"),
        ("GNU.sparse.realsize", length.as_bytes()),
    ];
    let mut content = format!("2\n0\n2\n{second}\n2\n").into_bytes();
    content.resize(512, 0);
    content.extend(b"abcd");
    assert_sparse(&unpacked(|archive| {
        archive.pax(&newest).entry(b'0', "GNUSparseFile.0/sparse", 0o644, &content, |_| {}).file("after", "x");
    }));
}
