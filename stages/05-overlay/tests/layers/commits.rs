//! What of a container becomes a layer, and what stays.

use std::fs::{self, File};
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use groundwork::Kernel;
use nix::sys::stat::{Mode, SFlag, mknod};
use overlay::{CommitOptions, Report, UnpackOptions};
use rustix::fs::{XattrFlags, setxattr};
use tempfile::TempDir;

fn upper() -> (TempDir, std::path::PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let upper = place.path().join("upper");
    fs::create_dir(&upper).unwrap();
    (place, upper)
}

fn write(upper: &Path, name: &str, content: &str) {
    fs::create_dir_all(upper.join(name).parent().unwrap()).unwrap();
    fs::write(upper.join(name), content).unwrap();
}

fn commit(upper: &Path, options: &CommitOptions) -> (Vec<u8>, Report) {
    let mut archive = Vec::new();
    let report = overlay::commit(upper, &mut archive, options).unwrap_or_else(|error| panic!("{error:#}"));
    (archive, report)
}

/// The names in an archive, in their order.
fn names(archive: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(archive);
    archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().to_str().unwrap().to_owned()).collect()
}

fn mark_opaque(directory: &Path) {
    setxattr(directory, "user.overlay.opaque", b"y", XattrFlags::empty()).unwrap();
}

#[test]
fn deletions_are_said_with_names() {
    let (_place, upper) = upper();
    write(&upper, "d/new", "");
    mark_opaque(&upper.join("d"));
    mknod(&upper.join("d/gone"), SFlag::S_IFCHR, Mode::empty(), 0).unwrap();
    mknod(&upper.join("a"), SFlag::S_IFCHR, Mode::empty(), 0).unwrap();
    let (archive, report) = commit(&upper, &CommitOptions::default());
    assert_eq!(names(&archive), ["./", ".wh.a", "d/", "d/.wh..wh..opq", "d/.wh.gone", "d/new"]);
    assert_eq!((report.entries, report.left_out_count), (6, 0));
}

#[test]
fn a_deletion_marked_by_an_attribute_is_one_too() {
    let (_place, upper) = upper();
    write(&upper, "gone", "");
    setxattr(upper.join("gone"), "user.overlay.whiteout", b"", XattrFlags::empty()).unwrap();
    setxattr(&upper, "user.overlay.opaque", b"x", XattrFlags::empty()).unwrap();
    assert_eq!(names(&commit(&upper, &CommitOptions::default()).0), ["./", ".wh.gone"]);
}

#[test]
fn what_belongs_to_the_container_stays_with_it() {
    let (place, upper) = upper();
    for file in overlay::INIT_LAYER_FILES {
        write(&upper, file, "this container's own");
    }
    write(&upper, "etc/motd", "changed");
    let (archive, report) = commit(&upper, &CommitOptions::default());
    assert_eq!(names(&archive), ["./", "etc/", "etc/motd"]);
    assert_eq!(report.left_out_count, 3);
    drop(place);
}

#[test]
fn mount_points_of_the_init_layer_stay_as_long_as_they_are_empty() {
    let (place, upper) = upper();
    let init = place.path().join("init");
    for directory in ["proc", "data", "used"] {
        fs::create_dir_all(init.join(directory)).unwrap();
        fs::create_dir_all(upper.join(directory)).unwrap();
    }
    write(&init, "file", "");
    write(&upper, "file", "");
    write(&upper, "used/by", "somebody");
    fs::create_dir(upper.join("own")).unwrap();
    let options = CommitOptions { init: Some(init), ..CommitOptions::default() };
    assert_eq!(names(&commit(&upper, &options).0), ["./", "own/", "used/", "used/by"]);
}

#[test]
fn sockets_and_names_that_would_be_instructions_are_left_out_and_said() {
    let (_place, upper) = upper();
    let _listener = UnixListener::bind(upper.join("socket")).unwrap();
    write(&upper, ".wh.etc", "a container made this to delete /etc of whoever unpacks its image");
    write(&upper, ".wh..wh..opq", "");
    let (archive, report) = commit(&upper, &CommitOptions::default());
    assert_eq!(names(&archive), ["./"]);
    let said = report.left_out_in_words();
    assert!(said.contains("left out: socket: a socket") && said.contains("left out: .wh.etc: its name"), "{said}");
}

#[test]
fn a_reference_to_a_layer_below_is_refused() {
    for (name, value) in [("user.overlay.redirect", &b"/elsewhere"[..]), ("user.overlay.metacopy", b"")] {
        let (_place, upper) = upper();
        write(&upper, "d/file", "");
        setxattr(upper.join("d/file"), name, value, XattrFlags::empty()).unwrap();
        let error = overlay::commit(&upper, Vec::new(), &CommitOptions::default()).unwrap_err();
        let said = format!("{error:#}");
        assert!(said.contains("d/file: overlayfs has stored only a reference"), "{said}");
        assert!(said.contains("redirect_dir=off,metacopy=off"), "{said}");
    }
}

#[test]
fn overlays_bookkeeping_does_not_travel() {
    let (_place, upper) = upper();
    write(&upper, "f", "");
    for name in ["user.overlay.origin", "user.overlay.impure", "user.own"] {
        setxattr(upper.join("f"), name, b"x", XattrFlags::empty()).unwrap();
    }
    let (archive, _) = commit(&upper, &CommitOptions::default());
    let text = String::from_utf8_lossy(&archive);
    assert!(text.contains("SCHILY.xattr.user.own=x") && !text.contains("overlay"));
}

#[test]
fn holes_stay_holes_all_the_way() {
    let (place, upper) = upper();
    let mut file = File::create(upper.join("hollow")).unwrap();
    for (at, text) in [(0, "begin"), (5 << 20, "middle"), (1 << 30, "end")] {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
    file.set_len(2 << 30).unwrap();
    let (archive, _) = commit(&upper, &CommitOptions::default());
    assert!(archive.len() < 1 << 20, "{} bytes for a file that is almost nothing", archive.len());
    let again = place.path().join("again");
    overlay::unpack(&Kernel::quiet(), Cursor::new(archive), &again, &UnpackOptions::default()).unwrap();
    let about = fs::metadata(again.join("hollow")).unwrap();
    assert_eq!(about.len(), 2 << 30);
    assert!(about.blocks() * 512 < 1 << 20);
    let mut file = File::open(again.join("hollow")).unwrap();
    file.seek(SeekFrom::Start((1 << 30) - 1)).unwrap();
    let mut text = [1; 5];
    file.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"\0end\0");
}

#[test]
fn the_same_files_give_the_same_bytes_whatever_the_order_they_were_made_in() {
    let archives = [["b", "a", "d/c"], ["d/c", "a", "b"]].map(|order| {
        let (_place, upper) = upper();
        order.iter().for_each(|name| write(&upper, name, name));
        commit(&upper, &CommitOptions { latest: Some(7), ..CommitOptions::default() }).0
    });
    assert!(archives[0] == archives[1]);
}

#[test]
fn no_time_is_later_than_asked() {
    let (_place, upper) = upper();
    write(&upper, "new", "");
    write(&upper, "old", "");
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(5);
    File::options().write(true).open(upper.join("old")).unwrap().set_modified(old).unwrap();
    let (archive, _) = commit(&upper, &CommitOptions { latest: Some(1000), ..CommitOptions::default() });
    let mut archive = tar::Archive::new(&archive[..]);
    let times = archive.entries().unwrap().map(|entry| entry.unwrap().header().mtime().unwrap());
    assert_eq!(times.collect::<Vec<_>>(), [1000, 1000, 5]);
}

#[test]
fn a_link_is_committed_and_not_what_it_leads_to() {
    let (place, upper) = upper();
    fs::write(place.path().join("secret"), "not in the layer").unwrap();
    symlink(place.path().join("secret"), upper.join("link")).unwrap();
    symlink(place.path(), upper.join("directory")).unwrap();
    let (archive, _) = commit(&upper, &CommitOptions::default());
    assert_eq!(names(&archive), ["./", "directory", "link"]);
    assert!(!String::from_utf8_lossy(&archive).contains("not in the layer"));
}
