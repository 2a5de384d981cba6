//! Names, short and long, and where they lead.

use std::os::unix::ffi::OsStrExt;

use crate::place::{refused, unpacked};

#[test]
fn names_are_taken_below_the_root() {
    let layer = unpacked(|archive| {
        archive.file("./a", "").file("/b", "").file(".//c///d", "").file("e/./f", "").directory("//g//");
    });
    assert_eq!(layer.names(), ["a", "b", "c", "c/d", "e", "e/f", "g"]);
}

#[test]
fn names_may_hold_any_byte_but_two() {
    let names = ["with space", "new\nline", "tab\t", "back\\slash", "...", "..a", "-rf", "*", "\u{e9}", "\u{1}"];
    let layer = unpacked(|archive| {
        names.iter().for_each(|name| archive.file(name, name).done());
        archive.pax(&[("path", b"\xff\xfe")]).file("x", "not UTF-8");
    });
    for name in names {
        assert_eq!(layer.text(name), name);
    }
    let odd = layer.place.layer().join(std::ffi::OsStr::from_bytes(b"\xff\xfe"));
    assert_eq!(std::fs::read_to_string(odd).unwrap(), "not UTF-8");
}

#[test]
fn long_names_come_in_three_ways() {
    let name = |letter: &str| format!("{}/{}", letter.repeat(120), letter.repeat(200));
    let layer = unpacked(|archive| {
        archive.gnu_long(b'L', &name("g")).file(&name("g")[..100], "by GNU tar");
        archive.pax(&[("path", name("p").as_bytes())]).file("short", "by pax");
        archive.entry(b'0', "file", 0o644, b"by POSIX", |header| {
            header.as_ustar_mut().unwrap().prefix[..120].fill(b'u');
        });
    });
    assert_eq!(layer.text(&name("g")), "by GNU tar");
    assert_eq!(layer.text(&name("p")), "by pax");
    assert_eq!(layer.text(&format!("{}/file", "u".repeat(120))), "by POSIX");
}

#[test]
fn long_links_come_in_two_ways() {
    let (gnu, pax) = (format!("/{}", "g".repeat(300)), format!("/{}", "p".repeat(300)));
    let layer = unpacked(|archive| {
        archive.gnu_long(b'K', &gnu).symlink("one", "cut off");
        archive.pax(&[("linkpath", pax.as_bytes())]).symlink("two", "cut off");
        archive.gnu_long(b'K', &gnu).gnu_long(b'L', "three").symlink("cut off", "cut off");
    });
    let target = |path: &str| std::fs::read_link(layer.at(path)).unwrap().into_os_string().into_string().unwrap();
    assert_eq!(["one", "two", "three"].map(target), [gnu.clone(), pax, gnu]);
    assert_eq!(layer.names(), ["one", "three", "two"]);
}

#[test]
fn a_name_longer_than_the_file_system_takes_is_an_error() {
    let said = refused(|archive| archive.pax(&[("path", "n".repeat(256).as_bytes())]).file("x", "").done());
    assert!(said.contains("ENAMETOOLONG"), "{said}");
    let deep = format!("{}/", "d".repeat(40)).repeat(101);
    let said = refused(|archive| archive.pax(&[("path", deep.as_bytes())]).directory("x").done());
    assert!(said.contains("ENAMETOOLONG"), "{said}");
}

#[test]
fn a_header_without_a_magic_has_no_prefix() {
    let layer = unpacked(|archive| {
        archive.entry(b'0', "file", 0o644, b"x", |header| {
            header.as_mut_bytes()[257..265].fill(0);
            header.as_mut_bytes()[345..350].copy_from_slice(b"noise");
        });
    });
    assert_eq!(layer.names(), ["file"]);
}

#[test]
fn numbers_may_be_blank_and_checksums_signed() {
    let layer = unpacked(|archive| {
        archive.entry(b'0', "blank", 0o644, b"", |header| {
            header.as_old_mut().uid = *b"        ";
            header.as_old_mut().gid = [0; 8];
            header.as_old_mut().mtime = *b"            ";
        });
        let before = archive.0.len();
        archive.pax(&[("path", b"signed")]).entry(b'0', "\u{ff}", 0o644, b"", |_| {});
        // The last header again, with the sum that a program with signed bytes would write.
        let header = archive.0.len() - 512;
        let blanked = archive.0[header..].iter().enumerate();
        let sum: i64 =
            blanked.map(|(at, byte)| i64::from(if (148..156).contains(&at) { 32 } else { byte.cast_signed() })).sum();
        archive.0[header + 148..header + 156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert!(before < header);
    });
    assert_eq!(layer.names(), ["blank", "signed"]);
}
