//! Hard links, and symbolic links on the way to a name.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::place::{Unpacked, refused, unpacked};

fn inode(layer: &Unpacked, path: &str) -> u64 {
    fs::symlink_metadata(layer.at(path)).unwrap().ino()
}

#[test]
fn a_hard_link_is_the_same_file() {
    let layer = unpacked(|archive| {
        archive.file("d/one", "x").link("e/two", "d/one").link("three", "/d/one").link("four", "./d//one");
    });
    for other in ["e/two", "three", "four"] {
        assert_eq!(inode(&layer, "d/one"), inode(&layer, other), "{other}");
    }
}

#[test]
fn a_hard_link_to_a_symbolic_link_is_the_link_itself() {
    let layer = unpacked(|archive| {
        archive.file("file", "x").symlink("soft", "file").link("hard", "soft");
    });
    assert_eq!(fs::read_link(layer.at("hard")).unwrap(), Path::new("file"));
    assert_eq!(inode(&layer, "soft"), inode(&layer, "hard"));
}

#[test]
fn a_hard_link_to_itself_loses_nothing() {
    let layer = unpacked(|archive| {
        archive.file("a", "x").link("a", "a").file("d/b", "y").symlink("e", "d").link("e/b", "d/b");
    });
    assert_eq!((layer.text("a"), layer.text("d/b")), ("x".to_owned(), "y".to_owned()));
}

#[test]
fn a_hard_link_to_nothing_is_an_error() {
    assert!(refused(|archive| archive.link("a", "missing").done()).contains("a hard link to missing"));
    assert!(refused(|archive| archive.link("a", "missing/b").done()).contains("ENOENT"));
    assert!(refused(|archive| archive.link("a", "later").file("later", "").done()).contains("ENOENT"));
}

#[test]
fn a_hard_link_to_a_directory_is_an_error() {
    assert!(refused(|archive| archive.directory("d").link("a", "d").done()).contains("EPERM"));
    assert!(refused(|archive| archive.link("a", ".").done()).contains("directories have one name"));
}

#[test]
fn names_behind_a_symbolic_link_land_where_it_leads() {
    let layer = unpacked(|archive| {
        archive.directory("usr/lib").symlink("lib", "usr/lib").symlink("lib64", "/usr/lib").file("lib/a", "x");
        archive.file("lib64/b", "y").directory("lib/sub").file("usr/lib/sub/c", "z");
    });
    assert_eq!((layer.text("usr/lib/a"), layer.text("usr/lib/b")), ("x".to_owned(), "y".to_owned()));
    assert_eq!(layer.text("usr/lib/sub/c"), "z");
    assert!(fs::symlink_metadata(layer.at("lib")).unwrap().is_symlink());
}

#[test]
fn a_link_that_climbs_stops_at_the_root() {
    let layer = unpacked(|archive| {
        archive.symlink("up", "../../../../../..").file("up/a", "x").directory("d").symlink("d/up", "../..");
        archive.file("d/up/b", "y");
    });
    assert_eq!(layer.names(), ["a", "b", "d", "d/up", "up"]);
}

#[test]
fn a_name_behind_a_link_to_nowhere_is_an_error() {
    assert!(refused(|archive| archive.symlink("l", "nowhere").file("l/a", "").done()).contains("ENOENT"));
    assert!(refused(|archive| archive.symlink("l", "l").file("l/a", "").done()).contains("ELOOP"));
    let said = refused(|archive| archive.file("f", "").symlink("l", "f").file("l/a", "").done());
    assert!(said.contains("ENOTDIR"), "{said}");
}
