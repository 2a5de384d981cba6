//! Deletions: as marks for overlayfs, and carried out.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use overlay::{UnpackOptions, Whiteouts};

use crate::archive::{Archive, archive};
use crate::place::{Place, Unpacked, flattened, is_root, unpacked};
use crate::tree::attributes;

type Write<'a> = &'a dyn Fn(&mut Archive);

fn is_whiteout(layer: &Unpacked, path: &str) -> bool {
    let about = fs::symlink_metadata(layer.at(path)).unwrap();
    about.file_type().is_char_device() && about.rdev() == 0
}

fn is_opaque(layer: &Unpacked, path: &str) -> bool {
    let name = if is_root() { "trusted.overlay.opaque" } else { "user.overlay.opaque" };
    attributes(&layer.at(path)).get(OsStr::new(name)).is_some_and(|value| value == b"y")
}

#[test]
fn a_whiteout_becomes_device_0_0() {
    let layer =
        unpacked(|archive| archive.file(".wh.a", "").directory("d").file("d/.wh.b", "").file("e/f/.wh.g", "").done());
    assert_eq!(layer.names(), ["a", "d", "d/b", "e", "e/f", "e/f/g"]);
    for path in ["a", "d/b", "e/f/g"] {
        assert!(is_whiteout(&layer, path), "{path}");
    }
}

#[test]
fn an_opaque_directory_is_marked() {
    let layer = unpacked(|archive| {
        archive.directory("d").file("d/.wh..wh..opq", "").file("d/new", "").file("missing/.wh..wh..opq", "");
    });
    assert_eq!(layer.names(), ["d", "d/new", "missing"]);
    assert!(is_opaque(&layer, "d") && is_opaque(&layer, "missing"));
    assert!(!is_opaque(&layer, ""));
}

#[test]
fn the_root_can_be_opaque() {
    let layer = unpacked(|archive| archive.file(".wh..wh..opq", "").file("only", "").done());
    assert!(is_opaque(&layer, ""));
    assert_eq!(layer.names(), ["only"]);
}

#[test]
fn a_file_beside_its_own_whiteout_is_there_in_either_order() {
    for order in [["a", ".wh.a"], [".wh.a", "a"]] {
        let layer = unpacked(|archive| order.iter().for_each(|name| archive.file(name, "new").done()));
        assert_eq!((layer.names(), layer.text("a")), (vec!["a".to_owned()], "new".to_owned()));
    }
}

#[test]
fn a_directory_beside_its_own_whiteout_begins_anew_in_either_order() {
    let hidden = |archive: &mut Archive| archive.file(".wh.a", "").done();
    let made = |archive: &mut Archive| archive.directory("a").file("a/b", "").done();
    let implied = |archive: &mut Archive| archive.file("a/b", "").done();
    let orders: [[Write<'_>; 2]; 3] = [[&hidden, &made], [&made, &hidden], [&hidden, &implied]];
    for order in orders {
        let layer = unpacked(|archive| order.iter().for_each(|write| write(archive)));
        assert_eq!(layer.names(), ["a", "a/b"]);
        assert!(is_opaque(&layer, "a"));
    }
}

#[test]
fn a_whiteout_that_comes_twice_is_one() {
    let layer = unpacked(|archive| archive.file(".wh.a", "").file(".wh.a", "").done());
    assert!(is_whiteout(&layer, "a"));
}

#[test]
fn notes_of_aufs_are_left_out_and_said() {
    let layer = unpacked(|archive| {
        archive.file(".wh..wh.aufs", "").directory(".wh..wh.plnk").file(".wh..wh.plnk/1.2", "").file("a", "");
    });
    assert_eq!(layer.names(), ["a"]);
    assert_eq!(layer.report.left_out_count, 3);
}

#[test]
fn a_deletion_is_carried_out() {
    let layer = flattened(
        |archive| {
            archive
                .file("file", "")
                .file("d/e/f", "")
                .file("target", "kept")
                .symlink("link", "target")
                .file("rest", "");
        },
        |archive| archive.file(".wh.file", "").file(".wh.d", "").file(".wh.link", "").done(),
    );
    assert_eq!(layer.names(), ["rest", "target"]);
}

#[test]
fn a_deletion_of_nothing_makes_nothing() {
    let layer = flattened(
        |archive| archive.file("a", "").symlink("l", "nowhere").done(),
        |archive| {
            archive.file(".wh.missing", "").file("no/such/.wh.place", "").file("no/.wh..wh..opq", "");
            archive.file("a/.wh.b", "").file("l/.wh.b", "").file("l/.wh..wh..opq", "");
        },
    );
    assert_eq!(layer.names(), ["a", "l"]);
}

#[test]
fn a_deletion_spares_what_the_same_layer_brings() {
    for order in [["a", ".wh.a"], [".wh.a", "a"]] {
        let layer = flattened(
            |archive| archive.file("a", "old").done(),
            |archive| order.iter().for_each(|name| archive.file(name, "new").done()),
        );
        assert_eq!(layer.text("a"), "new");
    }
}

#[test]
fn an_opaque_directory_loses_what_layers_below_brought_in_either_order() {
    let opaque = |archive: &mut Archive| archive.file("d/.wh..wh..opq", "").done();
    let files = |archive: &mut Archive| archive.file("d/new", "").file("d/both/new", "").directory("d").done();
    let orders: [[Write<'_>; 2]; 2] = [[&opaque, &files], [&files, &opaque]];
    for order in orders {
        let layer = flattened(
            |archive| archive.file("d/old", "").file("d/both/old", "").file("d/sub/old", "").file("kept", "").done(),
            |archive| order.iter().for_each(|write| write(archive)),
        );
        assert_eq!(layer.names(), ["d", "d/both", "d/both/new", "d/new", "kept"]);
    }
}

#[test]
fn an_opaque_root_empties_the_tree() {
    let layer = flattened(
        |archive| archive.file("a", "").file("d/b", "").done(),
        |archive| archive.file("new", "").file(".wh..wh..opq", "").done(),
    );
    assert_eq!(layer.names(), ["new"]);
}

#[test]
fn a_mark_replaces_what_an_earlier_layer_left_in_the_directory() {
    let Unpacked { place, .. } = unpacked(|archive| archive.file("a", "").file("d/b", "").file("e/c", "").done());
    let upper = archive(|archive| archive.file(".wh.a", "").file(".wh.d", "").file("e/.wh..wh..opq", "").done());
    let report = place.unpack(&upper, &UnpackOptions::default()).unwrap();
    let layer = Unpacked { place, report };
    assert_eq!(layer.names(), ["a", "d", "e"]);
    assert!(is_whiteout(&layer, "a") && is_whiteout(&layer, "d") && is_opaque(&layer, "e"));
}

#[test]
fn the_content_of_a_whiteout_is_of_no_account() {
    let place = Place::new();
    let bytes = archive(|archive| archive.file(".wh.a", "not empty").link(".wh.b", "hardlinked").file("c", "x").done());
    place.unpack(&bytes, &UnpackOptions { whiteouts: Whiteouts::Apply, ..UnpackOptions::default() }).unwrap();
    assert_eq!(fs::read_dir(place.layer()).unwrap().count(), 1);
}
