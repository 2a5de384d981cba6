//! Archives that want out. Each helper also looks whether anything around the layer has changed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use overlay::{UnpackOptions, Whiteouts};

use crate::archive::{Archive, archive};
use crate::place::{Place, refused, unpacked};

/// An archive that knows where the tree is that it wants to change, unpacked in every way.
///
/// Whether it is refused or unpacked, nothing outside may change; this says which.
fn attacked(write: impl Fn(&mut Archive, &str)) -> Vec<Result<Vec<String>, String>> {
    let ways = [(Whiteouts::Mark, false), (Whiteouts::Apply, false), (Whiteouts::Mark, true), (Whiteouts::Apply, true)];
    let attack = |(whiteouts, into_a_tree)| {
        let place = Place::new();
        if into_a_tree {
            place.unpack(&archive(|archive| archive.file("there", "").done()), &UnpackOptions::default()).unwrap();
        }
        let outside = place.outside().to_str().unwrap().to_owned();
        let options = UnpackOptions { whiteouts, ..UnpackOptions::default() };
        let unpacked = place.unpack(&archive(|archive| write(archive, &outside)), &options);
        unpacked.map_err(|error| format!("{error:#}")).map(|_| {
            let names = crate::tree::tree(&place.layer()).into_keys();
            names.map(|path| path.to_str().unwrap().to_owned()).filter(|path| path != "there").collect()
        })
    };
    ways.into_iter().map(attack).collect()
}

fn assert_refused(said: &str, write: impl Fn(&mut Archive, &str)) {
    for outcome in attacked(write) {
        let error = outcome.expect_err("this should be refused");
        assert!(error.contains(said), "{error}");
    }
}

fn assert_stays_inside(names: &[&str], write: impl Fn(&mut Archive, &str)) {
    for outcome in attacked(write) {
        assert_eq!(outcome.unwrap()[1..], *names);
    }
}

#[test]
fn a_name_that_climbs_is_refused() {
    for name in ["..", "../x", "a/../../x", "/../x", "a/..", "./../outside/secret", "a/../../../outside/secret"] {
        assert_refused("may not climb", |archive, _| archive.directory("a").file(name, "pwned").done());
    }
}

#[test]
fn a_long_name_that_climbs_is_refused() {
    assert_refused("may not climb", |archive, _| archive.gnu_long(b'L', "../../x").file("innocent", "pwned").done());
    assert_refused("may not climb", |archive, _| archive.pax(&[("path", b"../../x")]).file("innocent", "pwned").done());
    let sparse: [(&str, &[u8]); 3] =
        [("GNU.sparse.name", b"../../x"), ("GNU.sparse.size", b"5"), ("GNU.sparse.map", b"0,5")];
    assert_refused("may not climb", |archive, _| archive.pax(&sparse).file("innocent", "pwned").done());
    assert_refused("may not climb", |archive, _| {
        archive.entry(b'0', "x", 0o644, b"pwned", |header| {
            header.as_ustar_mut().unwrap().prefix[..6].copy_from_slice(b"../../");
        });
    });
}

#[test]
fn an_absolute_name_is_taken_below_the_root() {
    let place = Place::new();
    let name = place.outside().join("x").to_str().unwrap().to_owned();
    place.unpack(&archive(|archive| archive.file(&name, "inside").done()), &UnpackOptions::default()).unwrap();
    assert!(!Path::new(&name).exists());
    assert_eq!(fs::read_to_string(place.layer().join(&name[1..])).unwrap(), "inside");
}

#[test]
fn a_name_with_a_nul_byte_is_refused() {
    assert_refused("NUL byte", |archive, _| archive.pax(&[("path", b"a\0b")]).file("x", "").done());
    assert_refused("NUL byte", |archive, _| archive.pax(&[("linkpath", b"a\0b")]).link("x", "y").done());
    assert_refused("a symbolic link to nothing", |archive, _| {
        archive.pax(&[("linkpath", b"a\0b")]).symlink("x", "y").done();
    });
}

#[test]
fn a_file_through_an_absolute_link_stays_inside() {
    assert_refused("ENOENT", |archive, outside| archive.symlink("l", outside).file("l/secret", "pwned").done());
    assert_stays_inside(&["etc", "etc/x", "l"], |archive, _| {
        archive.directory("etc").symlink("l", "/etc").file("l/x", "").done();
    });
}

#[test]
fn a_file_through_a_climbing_link_stays_inside() {
    assert_refused("ENOENT", |archive, _| archive.symlink("l", "../../../outside").file("l/secret", "pwned").done());
    assert_stays_inside(&["l", "outside", "outside/secret"], |archive, _| {
        archive.directory("outside").symlink("l", "../../../outside").file("l/secret", "inside").done();
    });
}

#[test]
fn a_file_through_a_chain_of_links_stays_inside() {
    assert_refused("ENOENT", |archive, _| {
        archive.symlink("a", "..").directory("d").symlink("d/b", "../a/..").symlink("c", "d/b/outside");
        archive.file("c/secret", "pwned");
    });
}

#[test]
fn a_link_of_the_kernel_leads_nowhere() {
    for target in ["/proc/self/cwd", "/proc/self/root", "/proc/self/fd/3", "/proc/1/root"] {
        assert_refused("ENOENT", |archive, _| archive.symlink("l", target).file("l/x", "pwned").done());
    }
}

#[test]
fn a_file_over_a_link_replaces_the_link() {
    assert_stays_inside(&["l"], |archive, outside| {
        archive.symlink("l", &format!("{outside}/secret")).file("l", "pwned");
        archive.symlink("l", "../../../outside/secret").file("l", "pwned");
    });
}

#[test]
fn a_directory_over_a_link_replaces_the_link() {
    assert_stays_inside(&["l", "l/x"], |archive, outside| {
        archive.symlink("l", outside).entry(b'5', "l", 0o777, b"", |_| {}).file("l/x", "");
    });
}

#[test]
fn a_hard_link_to_the_outside_is_refused() {
    assert_refused("ENOENT", |archive, outside| archive.link("h", &format!("{outside}/secret")).done());
    assert_refused("may not climb", |archive, _| archive.link("h", "../../../outside/secret").done());
    assert_refused("may not climb", |archive, _| {
        archive.pax(&[("linkpath", b"../../../outside/secret")]).link("h", "x").done();
    });
    assert_refused("ENOENT", |archive, outside| archive.symlink("l", outside).link("h", "l/secret").done());
    assert_refused("ENOENT", |archive, _| archive.symlink("l", "../../../outside").link("h", "l/secret").done());
}

#[test]
fn a_file_over_a_hard_link_to_a_link_replaces_it() {
    assert_stays_inside(&["h", "l"], |archive, outside| {
        archive.symlink("l", &format!("{outside}/secret")).link("h", "l").file("h", "pwned");
    });
}

#[test]
fn a_mode_for_a_directory_that_became_a_link_is_given_to_nobody() {
    assert_stays_inside(&["d"], |archive, outside| {
        archive.entry(b'5', "d", 0o777, b"", |_| {}).symlink("d", outside);
    });
    assert_stays_inside(&["a", "b"], |archive, _| {
        archive.directory("a").symlink("b", "a").entry(b'5', "b/sub", 0o777, b"", |_| {});
        archive.symlink("b", "../../../outside").symlink("a", "../../../outside");
    });
}

#[test]
fn the_root_stays_a_directory() {
    for (kind, name) in [(b'2', "."), (b'0', "."), (b'2', "./"), (b'1', "/"), (b'6', ""), (b'0', "")] {
        assert_refused("the root of a layer is a directory", |archive, outside| {
            archive.entry(kind, name, 0o777, b"", |header| header.set_link_name_literal(outside).unwrap());
        });
    }
}

#[test]
fn a_whiteout_of_the_parent_is_refused() {
    for name in [".wh..", ".wh...", ".wh.", "d/.wh..", "d/.wh...", "d/.wh."] {
        assert_refused("must name one file beside it", |archive, _| archive.directory("d").file(name, "").done());
    }
    assert_refused("may not climb", |archive, _| archive.file("../.wh.layer", "").done());
}

#[test]
fn a_whiteout_through_a_link_deletes_nothing_outside() {
    for target in ["../../../outside", "OUTSIDE"] {
        let write = |archive: &mut Archive, outside: &str, name: &str| {
            archive.symlink("l", &target.replace("OUTSIDE", outside)).file(name, "");
        };
        for name in ["l/.wh.secret", "l/.wh..wh..opq", "l/sub/.wh.file"] {
            attacked(|archive, outside| write(archive, outside, name));
        }
    }
}

#[test]
fn a_whiteout_is_an_empty_file_beside_what_it_hides() {
    assert_refused("a whiteout is an empty file", |archive, _| archive.directory(".wh.a").done());
    assert_refused("a whiteout is an empty file", |archive, outside| archive.symlink(".wh.a", outside).done());
    assert_refused("a directory cannot be named like", |archive, _| archive.file(".wh.a/b", "").done());
    assert_refused("a hard link to a whiteout", |archive, _| archive.link("a", ".wh.b").done());
}

#[test]
fn an_id_that_chown_takes_for_none_is_refused() {
    for id in [&b"4294967295"[..], b"4294967296", b"18446744073709551615", b"-1", b"1x"] {
        let said = refused(|archive| archive.pax(&[("uid", id)]).file("f", "").done());
        assert!(said.contains("no file can belong to id") || said.contains("is no number"), "{said}");
    }
}

#[test]
fn the_directory_that_is_made_is_closed_until_it_is_whole() {
    // What stands there for a moment is seen by nobody: a set-user-ID file of root in an open directory would be a gift.
    let layer = unpacked(|archive| archive.entry(b'5', "./", 0o777, b"", |_| {}).file("f", "").done());
    assert_eq!(fs::metadata(layer.at("")).unwrap().permissions().mode() & 0o7777, 0o777);
    assert_eq!(fs::read_dir(layer.place.layer().parent().unwrap()).unwrap().count(), 1);
}
