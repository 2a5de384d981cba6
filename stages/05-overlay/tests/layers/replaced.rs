//! Of two entries with the same name, the later one counts, whatever both are.

use std::fs;

use crate::place::{Unpacked, flattened, unpacked};

#[test]
fn the_later_file_counts() {
    let layer = unpacked(|archive| archive.file("a", "first").entry(b'0', "a", 0o600, b"second", |_| {}).done());
    assert_eq!((layer.text("a"), layer.mode("a")), ("second".to_owned(), 0o600));
}

#[test]
fn another_name_of_a_replaced_file_keeps_the_content() {
    let layer = unpacked(|archive| archive.file("a", "first").link("b", "a").file("a", "second").done());
    assert_eq!((layer.text("a"), layer.text("b")), ("second".to_owned(), "first".to_owned()));
}

#[test]
fn a_file_replaces_a_directory_with_all_that_is_in_it() {
    let layer = unpacked(|archive| {
        archive.directory("a/b/c").file("a/b/d", "").entry(b'5', "a/shut", 0, b"", |_| {}).file("a/shut/e", "");
        archive.file("a", "x");
    });
    assert_eq!(layer.names(), ["a"]);
    assert_eq!(layer.text("a"), "x");
}

#[test]
fn a_directory_replaces_a_file() {
    let layer = unpacked(|archive| {
        archive.file("a", "x").directory("a").file("a/b", "y").file("c", "").file("c/d", "z").done()
    });
    assert_eq!(layer.names(), ["a", "a/b", "c", "c/d"]);
    assert_eq!((layer.text("a/b"), layer.text("c/d")), ("y".to_owned(), "z".to_owned()));
}

#[test]
fn a_directory_that_comes_twice_keeps_what_is_in_it() {
    let layer = unpacked(|archive| {
        archive.directory("a").file("a/b", "x").entry(b'5', "a", 0o711, b"", |_| {});
    });
    assert_eq!((layer.names(), layer.mode("a")), (vec!["a".to_owned(), "a/b".to_owned()], 0o711));
}

#[test]
fn a_directory_replaces_a_symbolic_link_to_one() {
    let layer = unpacked(|archive| {
        archive.directory("real").file("real/kept", "x").symlink("a", "real");
        archive.entry(b'5', "a", 0o700, b"", |_| {}).file("a/new", "y");
    });
    assert_eq!(layer.names(), ["a", "a/new", "real", "real/kept"]);
    assert_eq!((layer.mode("real"), layer.mode("a")), (0o755, 0o700));
}

#[test]
fn a_file_replaces_a_symbolic_link_and_not_what_it_leads_to() {
    let layer = unpacked(|archive| archive.file("target", "kept").symlink("a", "target").file("a", "x").done());
    assert_eq!((layer.text("target"), layer.text("a")), ("kept".to_owned(), "x".to_owned()));
    assert!(!fs::symlink_metadata(layer.at("a")).unwrap().is_symlink());
}

#[test]
fn a_file_replaces_a_fifo_without_waiting_for_a_reader() {
    let layer = unpacked(|archive| archive.entry(b'6', "a", 0o644, b"", |_| {}).file("a", "x").done());
    assert_eq!(layer.text("a"), "x");
}

#[test]
fn a_link_replaces_what_is_there() {
    let layer = unpacked(|archive| {
        archive.file("f", "x").directory("d/e").link("d", "f").file("s", "").symlink("s", "f");
    });
    assert_eq!((layer.text("d"), layer.text("s")), ("x".to_owned(), "x".to_owned()));
}

#[test]
fn names_below_a_replaced_directory_are_looked_up_anew() {
    let layer = unpacked(|archive| {
        archive.directory("a").file("a/old", "").directory("other").symlink("a", "other").file("a/new", "x");
    });
    assert_eq!(layer.names(), ["a", "other", "other/new"]);
}

#[test]
fn a_layer_is_applied_onto_the_one_below() {
    let layer: Unpacked = flattened(
        |archive| archive.file("kept", "1").file("changed", "1").file("d/kept", "1").file("to-directory", "1").done(),
        |archive| {
            archive.file("changed", "2").entry(b'5', "d", 0o700, b"", |_| {}).file("d/new", "2");
            archive.file("to-directory/in", "2");
        },
    );
    let names = ["changed", "d", "d/kept", "d/new", "kept", "to-directory", "to-directory/in"];
    assert_eq!(layer.names(), names);
    assert_eq!((layer.text("changed"), layer.text("d/kept"), layer.mode("d")), ("2".into(), "1".into(), 0o700));
}
