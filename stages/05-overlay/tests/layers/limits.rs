//! Bombs: a small archive that would fill a disk, a memory or an evening.

use std::io::Write;
use std::time::Instant;

use overlay::UnpackOptions;

use crate::archive::{archive, records_of};
use crate::place::{Place, refused, refused_bytes};

fn at_most(bytes: u64) -> UnpackOptions {
    UnpackOptions { max_size: bytes, ..UnpackOptions::default() }
}

#[test]
fn an_archive_within_the_limit_is_unpacked() {
    let bytes = archive(|archive| archive.file("a", &"x".repeat(1000)).done());
    Place::new().unpack(&bytes, &at_most(bytes.len() as u64)).unwrap();
    let said = refused_bytes(&bytes, &at_most(bytes.len() as u64 - 1));
    assert!(said.contains("allow more with --max-size"), "{said}");
}

#[test]
fn a_gzip_bomb_is_refused_at_the_limit() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let head = archive(|archive| {
        archive.entry(b'0', "zeros", 0o644, b"", |header| header.set_size(2 << 20));
    });
    encoder.write_all(&head[..512]).unwrap();
    encoder.write_all(&vec![0; 2 << 20]).unwrap();
    encoder.write_all(&[0; 1024]).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 25_000);
    assert!(refused_bytes(&bomb, &at_most(1 << 18)).contains("more than 262144 bytes"));
    Place::new().unpack(&bomb, &at_most(3 << 20)).unwrap();
}

#[test]
fn a_size_beyond_the_limit_is_refused_before_it_is_read() {
    let said = refused(|archive| {
        archive.entry(b'0', "huge", 0o644, b"", |header| header.set_size(1 << 62));
    });
    assert!(said.contains("--max-size"), "{said}");
}

#[test]
fn holes_count_as_what_they_claim_to_be() {
    let size = (1_u64 << 62).to_string();
    let records = [("GNU.sparse.size", size.as_bytes()), ("GNU.sparse.map", b"0,3")];
    let said = refused(|archive| archive.pax(&records).file("hollow", "abc").done());
    assert!(said.contains("--max-size"), "{said}");
}

#[test]
fn many_sizes_that_overflow_are_still_too_much() {
    let said = refused(|archive| {
        for name in ["a", "b", "c"] {
            let size = u64::MAX.to_string();
            let records = [("GNU.sparse.size", size.as_bytes()), ("GNU.sparse.map", b"0,3")];
            archive.pax(&records).file(name, "abc");
        }
    });
    assert!(said.contains("--max-size"), "{said}");
}

#[test]
fn too_many_entries_are_refused() {
    let bytes = archive(|archive| (0..100).for_each(|number| archive.file(&number.to_string(), "").done()));
    let few = UnpackOptions { max_entries: 99, ..UnpackOptions::default() };
    let said = refused_bytes(&bytes, &few);
    assert!(said.contains("more than 99 entries"), "{said}");
}

#[test]
fn a_name_or_a_list_of_records_without_end_is_refused() {
    for kind in [b'L', b'K', b'x', b'g'] {
        let said = refused(|archive| {
            archive.entry(kind, "long", 0o644, b"", |header| header.set_size(10 << 30));
        });
        assert!(said.contains("is no honest one"), "{said}");
    }
}

#[test]
fn records_for_all_entries_do_not_pile_up() {
    let said = refused(|archive| {
        for number in 0..100 {
            let record = records_of(&[(&format!("key{number}"), &[b'v'; 1000])]);
            archive.entry(b'g', "global", 0o644, &record, |_| {});
        }
    });
    assert!(said.contains("more records for all entries"), "{said}");
}

#[test]
fn a_map_of_too_many_holes_is_refused() {
    let content = b"99999999999\n".to_vec();
    let said = refused(|archive| {
        let records: [(&str, &[u8]); 1] = [("GNU.sparse.realsize", b"9")];
        archive.pax(&records).entry(b'0', "f", 0o644, &[content, vec![0; 500]].concat(), |_| {});
    });
    assert!(said.contains("pieces"), "{said}");
}

#[test]
fn links_to_links_do_not_take_an_evening() {
    let started = Instant::now();
    let said = refused(|archive| {
        for number in 0..60 {
            let next = format!("l{}/l{}", number + 1, number + 1);
            archive.symlink(&format!("l{number}"), &next);
        }
        archive.symlink("l60", ".").file("l0/x", "");
    });
    assert!(said.contains("ELOOP"), "{said}");
    assert!(started.elapsed().as_secs() < 10);
}
