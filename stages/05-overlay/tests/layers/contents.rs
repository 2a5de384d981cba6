//! What is in files, and what they have besides.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;

use overlay::UnpackOptions;

use crate::archive::{TIME, archive, records_of};
use crate::place::{Place, is_root, refused, unpacked};
use crate::tree::attributes;

#[test]
fn an_empty_archive_gives_an_empty_directory() {
    let layer = unpacked(|_| {});
    assert_eq!(layer.names(), [""; 0]);
    assert_eq!(layer.mode(""), 0o755);
}

#[test]
fn a_file_has_its_content_mode_and_time() {
    let layer = unpacked(|archive| {
        archive.file("etc/motd", "hello\n").entry(b'0', "run.sh", 0o751, b"#!/bin/sh\n", |_| {});
    });
    assert_eq!(layer.text("etc/motd"), "hello\n");
    assert_eq!(layer.mode("run.sh"), 0o751);
    assert_eq!(fs::metadata(layer.at("run.sh")).unwrap().mtime(), TIME);
    assert_eq!((layer.report.entries, layer.report.bytes), (2, 16));
}

#[test]
fn a_large_file_arrives_whole() {
    let content: Vec<u8> = (0..3_000_001_u32).map(|number| (number % 251) as u8).collect();
    let layer = unpacked(|archive| {
        archive.entry(b'0', "large", 0o644, &content, |_| {}).file("after", "it");
    });
    assert!(fs::read(layer.at("large")).unwrap() == content);
    assert_eq!(layer.text("after"), "it");
}

#[test]
fn a_directory_keeps_its_time_although_files_were_put_in_it() {
    let layer = unpacked(|archive| {
        archive.directory("./").directory("d").directory("d/e").file("d/e/f", "").file("d/g", "");
    });
    for path in ["", "d", "d/e"] {
        assert_eq!(fs::metadata(layer.at(path)).unwrap().mtime(), TIME, "{path:?}");
    }
}

#[test]
fn a_directory_that_is_closed_in_the_end_is_filled_first() {
    let layer = unpacked(|archive| {
        archive.entry(b'5', "closed", 0o555, b"", |_| {}).file("closed/in", "x");
        archive.entry(b'5', "shut", 0, b"", |_| {}).file("shut/in", "x");
    });
    assert_eq!((layer.mode("closed"), layer.mode("shut")), (0o555, 0));
    fs::set_permissions(layer.at("shut"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!((layer.text("closed/in"), layer.text("shut/in")), ("x".to_owned(), "x".to_owned()));
}

#[test]
fn missing_parents_are_made_and_open() {
    let layer = unpacked(|archive| {
        archive.file("a/b/c", "").directory("x/y/z/");
    });
    assert_eq!(layer.names(), ["a", "a/b", "a/b/c", "x", "x/y", "x/y/z"]);
    assert_eq!((layer.mode("a"), layer.mode("a/b"), layer.mode("x/y")), (0o755, 0o755, 0o755));
}

#[test]
fn the_root_of_a_layer_can_have_a_mode() {
    assert_eq!(unpacked(|archive| archive.entry(b'5', "./", 0o700, b"", |_| {}).done()).mode(""), 0o700);
}

#[test]
fn set_user_id_set_group_id_and_sticky_survive() {
    let layer = unpacked(|archive| {
        archive.entry(b'0', "su", 0o4755, b"x", |_| {}).entry(b'0', "wall", 0o2755, b"x", |_| {});
        archive.entry(b'5', "tmp", 0o1777, b"", |_| {}).entry(b'5', "mail", 0o2775, b"", |_| {});
    });
    assert_eq!(["su", "wall", "tmp", "mail"].map(|path| layer.mode(path)), [0o4755, 0o2755, 0o1777, 0o2775]);
}

#[test]
fn owners_are_kept_for_root_and_said_for_others() {
    let layer = unpacked(|archive| {
        for (kind, name) in [(b'0', "file"), (b'5', "directory"), (b'6', "fifo")] {
            archive.entry(kind, name, 0o755, b"", |header| {
                header.set_uid(1234);
                header.set_gid(42);
            });
        }
    });
    for path in ["file", "directory", "fifo"] {
        let about = fs::symlink_metadata(layer.at(path)).unwrap();
        let expected =
            if is_root() { (1234, 42) } else { (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw()) };
        assert_eq!((about.uid(), about.gid()), expected, "{path}");
    }
    assert_eq!(layer.report.owners_changed, !is_root());
}

#[test]
fn an_owner_beyond_octal_is_read() {
    let layer = unpacked(|archive| {
        archive.entry(b'0', "high", 0o644, b"", |header| header.set_uid(4_000_000_000));
        archive.pax(&[("uid", b"3000000000"), ("gid", b"7")]).file("higher", "");
    });
    if is_root() {
        assert_eq!(fs::metadata(layer.at("high")).unwrap().uid(), 4_000_000_000);
        assert_eq!(fs::metadata(layer.at("higher")).unwrap().uid(), 3_000_000_000);
    }
}

#[test]
fn times_have_nanoseconds_and_may_lie_before_1970() {
    let layer = unpacked(|archive| {
        archive.pax(&[("mtime", b"1.000000002"), ("atime", b"77")]).file("fine", "");
        archive.pax(&[("mtime", b"-1.5")]).file("old", "");
        archive.pax(&[("mtime", b"5.25")]).symlink("link", "nowhere");
        archive.entry(b'0', "binary", 0o644, b"", |header| header.as_old_mut().mtime = [0xff; 12]);
    });
    let times = |path: &str| {
        let about = fs::symlink_metadata(layer.at(path)).unwrap();
        (about.mtime(), about.mtime_nsec())
    };
    assert_eq!(times("fine"), (1, 2));
    assert_eq!(fs::symlink_metadata(layer.at("fine")).unwrap().atime(), 77);
    assert_eq!(times("old"), (-2, 500_000_000));
    assert_eq!(times("link"), (5, 250_000_000));
    assert_eq!(times("binary"), (-1, 0));
}

#[test]
fn attributes_are_kept_whatever_bytes_they_hold() {
    let value = b"\0\n20 path=../escaped\n\xff";
    let layer = unpacked(|archive| {
        archive.pax(&[("SCHILY.xattr.user.odd", value), ("SCHILY.xattr.user.empty", b"")]).file("file", "");
        archive.pax(&[("SCHILY.xattr.user.on", b"directory")]).directory("directory");
    });
    let file = attributes(&layer.at("file"));
    assert_eq!(file[std::ffi::OsStr::new("user.odd")], value);
    assert_eq!(file[std::ffi::OsStr::new("user.empty")], b"");
    assert_eq!(attributes(&layer.at("directory"))[std::ffi::OsStr::new("user.on")], b"directory");
    assert_eq!(layer.names(), ["directory", "file"]);
}

/// cap_net_bind_service+ep, as in the layers of many servers. Its flags word holds a newline here.
const CAPABILITY: [u8; 20] = [1, 0, 0, 2, 0, 4 + 8, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn a_capability_with_a_newline_in_it_hides_neither_owner_nor_name() {
    let records: [(&str, &[u8]); 3] =
        [("SCHILY.xattr.security.capability", &CAPABILITY), ("path", b"bin/server"), ("uid", b"0")];
    let layer = unpacked(|archive| {
        archive.pax(&records).entry(b'0', "wrong", 0o755, b"x", |header| header.set_uid(99));
    });
    assert_eq!(layer.names(), ["bin", "bin/server"]);
    if is_root() {
        assert_eq!(fs::metadata(layer.at("bin/server")).unwrap().uid(), 0);
        assert_eq!(attributes(&layer.at("bin/server")).into_keys().collect::<Vec<_>>(), ["security.capability"]);
    } else {
        assert!(layer.said().contains("bin/server: its attribute security.capability"), "{}", layer.said());
    }
}

#[test]
fn an_attribute_that_cannot_be_set_is_said() {
    let layer = unpacked(|archive| archive.pax(&[("SCHILY.xattr.user.x", b"1")]).symlink("link", "nowhere").done());
    assert!(layer.said().contains("link: its attribute user.x"), "{}", layer.said());
    assert_eq!(layer.names(), ["link"]);
}

#[test]
fn attributes_of_overlayfs_are_refused() {
    for name in ["trusted.overlay.opaque", "user.overlay.redirect", "user.overlay.metacopy"] {
        let key = format!("SCHILY.xattr.{name}");
        let said = refused(|archive| archive.pax(&[(&key, b"y")]).directory("d").done());
        assert!(said.contains("overlayfs speaking to itself"), "{said}");
    }
}

#[test]
fn records_for_all_entries_hold_for_all_entries() {
    let layer = unpacked(|archive| {
        let all = records_of(&[("comment", b"0123456789abcdef"), ("mtime", b"42")]);
        archive.entry(b'g', "pax_global_header", 0o644, &all, |_| {});
        archive.file("one", "").pax(&[("mtime", b"43")]).file("two", "").file("three", "");
    });
    let time = |path: &str| fs::metadata(layer.at(path)).unwrap().mtime();
    assert_eq!(["one", "two", "three"].map(time), [42, 43, 42]);
    assert_eq!(layer.report.entries, 3);
}

#[test]
fn gzip_is_seen_by_its_content_in_one_stream_or_several() {
    let plain = archive(|archive| archive.file("a", "first").file("b", "second").done());
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let (begin, end) = plain.split_at(700);
    for compressed in [gzip(&plain), [gzip(begin), gzip(end)].concat()] {
        let place = Place::new();
        place.unpack(&compressed, &UnpackOptions::default()).unwrap();
        assert_eq!(fs::read_to_string(place.layer().join("b")).unwrap(), "second");
    }
}
