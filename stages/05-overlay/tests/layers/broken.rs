//! Archives that are cut short or damaged: an error that says so, and no half layer.

use std::io::Write;

use overlay::UnpackOptions;

use crate::archive::{Archive, archive, records_of};
use crate::place::{Place, refused, refused_bytes, unpacked};

fn refused_raw(bytes: &[u8]) -> String {
    refused_bytes(bytes, &UnpackOptions::default())
}

fn sample() -> Vec<u8> {
    archive(|archive| {
        archive.directory("d").file("d/file", &"x".repeat(700)).gnu_long(b'L', &"n".repeat(150)).file("short", "y");
        archive.pax(&[("path", b"pax")]).file("z", "z").symlink("l", "d/file");
    })
}

#[test]
fn an_archive_that_is_cut_short_anywhere_is_refused() {
    let (place, whole) = (Place::new(), sample());
    // Up to the second block of the mark of the end, which old programs left out.
    for length in (0..whole.len() - 512).step_by(64) {
        let said = place.refuses(&whole[..length], &UnpackOptions::default());
        assert!(said.contains("cut short"), "{length}: {said}");
    }
}

#[test]
fn an_archive_without_the_second_block_of_its_end_is_whole() {
    let whole = sample();
    Place::new().unpack(&whole[..whole.len() - 512], &UnpackOptions::default()).unwrap();
}

#[test]
fn a_compressed_archive_that_is_cut_short_anywhere_is_refused() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&sample()).unwrap();
    let (place, whole) = (Place::new(), encoder.finish().unwrap());
    for length in 0..whole.len() {
        place.refuses(&whole[..length], &UnpackOptions::default());
    }
    let mut damaged = whole.clone();
    let crc = whole.len() - 8;
    damaged[crc] ^= 1;
    assert!(refused_raw(&damaged).contains("behind the end of the archive"), "the checksum of gzip is not looked at");
}

#[test]
fn what_is_no_archive_is_refused() {
    for bytes in [&b"just text, and not even a whole block"[..], &[b'x'; 2000], &[0xff; 512], b"PK\x03\x04 a zip file"]
    {
        let said = refused_raw(bytes);
        assert!(said.contains("no tar archive") || said.contains("cut short"), "{said}");
    }
}

#[test]
fn another_compression_is_named() {
    let said = refused_raw(b"\x28\xb5\x2f\xfd and so on");
    assert!(said.contains("zstd -dc"), "{said}");
}

#[test]
fn one_changed_bit_in_a_header_is_noticed() {
    let (place, whole) = (Place::new(), archive(|archive| archive.file("a", "x").done()));
    // One bit of each byte, another one each time.
    for bit in (0..512 * 8).step_by(9) {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        // A bit of the checksum itself may stand for the same number.
        if !(148..156).contains(&(bit / 8)) {
            assert!(place.refuses(&damaged, &UnpackOptions::default()).contains("checksum"), "bit {bit}");
        }
    }
}

#[test]
fn entries_behind_the_end_are_refused() {
    let said = refused(|archive| archive.file("a", "").raw(&[0; 512]).file("b", "").done());
    assert!(said.contains("goes on behind a block of zeros"), "{said}");
}

#[test]
fn what_follows_the_mark_of_the_end_is_not_looked_at() {
    let padded = [archive(|archive| archive.file("a", "").done()), vec![7; 9000]].concat();
    let place = Place::new();
    assert_eq!(place.unpack(&padded, &UnpackOptions::default()).unwrap().entries, 1);
}

#[test]
fn an_announcement_of_nothing_is_refused() {
    let announce: [fn(&mut Archive); 2] =
        [|archive| archive.gnu_long(b'L', "name").done(), |archive| archive.pax(&[("path", b"name")]).done()];
    for write in announce {
        let said = refused(write);
        assert!(said.contains("announces an entry and then ends"), "{said}");
    }
}

#[test]
fn a_broken_record_is_refused() {
    for content in [&b"12 path=name"[..], b"x path=name\n", b"99 path=name\n", b"9 pathname\n"] {
        let said = refused(|archive| archive.entry(b'x', "pax", 0o644, content, |_| {}).file("f", "").done());
        assert!(said.contains("a pax record"), "{said}");
    }
    for (key, value) in [("size", "x"), ("mtime", "now"), ("uid", "root"), ("atime", "1.2.3")] {
        let said = refused(|archive| archive.pax(&[(key, value.as_bytes())]).file("f", "").done());
        assert!(said.contains(&format!("the pax record {key} is no")), "{said}");
    }
}

#[test]
fn a_number_that_is_none_is_refused() {
    let said = refused(|archive| {
        archive.entry(b'0', "f", 0o644, b"", |header| header.as_old_mut().mode = *b"rwxr-xr-").done()
    });
    assert!(said.contains("not a number") && said.contains("entry 1: f"), "{said}");
    refused(|archive| archive.entry(b'0', "f", 0o644, b"", |header| header.as_old_mut().size = [0xff; 12]).done());
    refused(|archive| archive.entry(b'0', "f", 0o644, b"", |header| header.as_old_mut().uid = *b"99999999").done());
    refused(|archive| archive.entry(b'0', "f", 0o644, b"", |header| header.as_old_mut().uid = [0xff; 8]).done());
}

#[test]
fn a_size_in_a_record_counts_more_than_the_one_in_the_header() {
    let layer = unpacked(|archive| {
        archive.pax(&[("size", b"3")]).entry(b'0', "f", 0o644, b"", |header| header.set_size(0)).content(b"abc");
        archive.file("g", "x");
    });
    assert_eq!((layer.text("f"), layer.text("g")), ("abc".to_owned(), "x".to_owned()));
}

#[test]
fn a_map_of_holes_that_lies_is_refused() {
    let sparse = |map: &str, size: &str| {
        let records = [("GNU.sparse.size", size.as_bytes()), ("GNU.sparse.map", map.as_bytes())];
        refused(|archive| archive.pax(&records).file("f", "abc").done())
    };
    assert!(sparse("0,4", "9").contains("are stored"));
    assert!(sparse("8,3", "9").contains("ends at byte 11"));
    assert!(sparse("4,2,0,1", "9").contains("out of order"));
    assert!(sparse("18446744073709551615,3", "9").contains("ends nowhere"));
    let said = refused(|archive| archive.pax(&[("GNU.sparse.realsize", b"9")]).file("f", "abc").done());
    assert!(said.contains("map of a sparse file is longer"), "{said}");
    let said = refused(|archive| archive.entry(b'S', "f", 0o644, b"", |_| {}).done());
    assert!(said.contains("no room for its map"), "{said}");
}

#[test]
fn a_failure_says_which_entry_it_was() {
    let said = refused(|archive| archive.file("a", "").file("b", "").link("c", "missing").done());
    assert!(said.starts_with("entry 3: c: a hard link to missing: linkat("), "{said}");
}

#[test]
fn a_failure_in_a_tree_says_what_is_left() {
    let place = Place::new();
    let good = archive(|archive| archive.file("old", "").done());
    place.unpack(&good, &UnpackOptions::default()).unwrap();
    let bad = archive(|archive| archive.file("new", "").file("../x", "").done());
    let said = format!("{:#}", place.unpack(&bad, &UnpackOptions::default()).unwrap_err());
    assert!(said.contains("is left with a part of the layer"), "{said}");
}

#[test]
fn a_place_that_is_no_directory_is_refused() {
    let place = Place::new();
    let good = archive(|archive| archive.file("old", &String::from_utf8(records_of(&[])).unwrap()).done());
    std::fs::write(place.layer(), "a file").unwrap();
    let said = format!("{:#}", place.unpack(&good, &UnpackOptions::default()).unwrap_err());
    assert!(said.contains("is not a directory"), "{said}");
}
