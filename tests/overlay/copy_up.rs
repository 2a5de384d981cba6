//! What is written, and what stays as it was.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::harness::{Room, rootfs};

use super::tree::{attribute, names, set_attribute, tree};
use super::{enter_keeping, is_opaque, is_whiteout, overlay_attribute, upper};

/// A layer of all kinds of files: `file`, `other`, `d/one`, `d/two`, `d/sub/three`, `link`, and `twin`, which is `d/one` too.
fn layer(room: &Room) -> std::path::PathBuf {
    let layer = room.folder("layer");
    fs::create_dir_all(layer.join("d/sub")).unwrap();
    for (name, content) in
        [("file", "of the layer\n"), ("other", "other\n"), ("d/one", "1\n"), ("d/two", "2\n"), ("d/sub/three", "3\n")]
    {
        fs::write(layer.join(name), content).unwrap();
    }
    std::os::unix::fs::symlink("file", layer.join("link")).unwrap();
    fs::hard_link(layer.join("d/one"), layer.join("twin")).unwrap();
    fs::set_permissions(layer.join("file"), fs::Permissions::from_mode(0o640)).unwrap();
    layer
}

#[test]
fn layers_below_never_change() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = layer(&room);
    // Other judges live in this root meanwhile, and mount(8) keeps notes in /run/mount of it.
    let image = || tree(rootfs()).into_iter().filter(|(path, _)| !path.starts_with("run")).collect::<Vec<_>>();
    let (before, image_before) = (tree(&layer), image());
    let words = "set -e; echo more >> /file; rm /other; chmod 700 /d; touch -d @0 /d/sub; mv /d/two /moved; mv /d/sub /sub; \
                 ln /d/one /third; echo x > /twin; rm -r /d; mkdir /d; rm /link; mkdir /link; truncate -s 0 /etc/passwd; \
                 chown 0:0 /etc/group; chmod 0 /usr/bin/cat; rm -r /var; find / -xdev -newer /file -name none; ls -A / | wc -l";
    enter_keeping(&room, "box", &[&layer], words).ok();
    assert_eq!(tree(&layer), before);
    assert!(image() == image_before, "the root below has changed");
    assert!(names(&upper(&room, "box")).len() > 10, "all that was written somewhere else");
}

#[test]
fn a_file_is_copied_up_whole_before_its_first_change_and_nothing_else_is() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = layer(&room);
    set_attribute(&layer.join("file"), "user.judge", b"kept");
    let below = fs::metadata(layer.join("file")).unwrap();
    // Reading copies nothing; appending one line copies all that is before it.
    enter_keeping(&room, "read", &[&layer], "cat /file /d/* /link; ls -lR /d; exec 3</file").assert();
    assert_eq!(names(&upper(&room, "read")), [""; 0]);
    enter_keeping(&room, "append", &[&layer], "echo more >> /link").ok();
    let copy = upper(&room, "append").join("file");
    assert_eq!(names(&upper(&room, "append")), ["file"]);
    assert_eq!(fs::read_to_string(&copy).unwrap(), "of the layer\nmore\n");
    let above = fs::metadata(&copy).unwrap();
    assert_eq!((above.mode(), above.uid(), above.gid()), (below.mode(), below.uid(), below.gid()));
    assert_eq!(attribute(&copy, "user.judge").as_deref(), Some(&b"kept"[..]));
    // A mode is part of the file, and takes its content along; its time stays.
    enter_keeping(&room, "mode", &[&layer], "chmod 600 /file").ok();
    let copy = upper(&room, "mode").join("file");
    assert_eq!(fs::read_to_string(&copy).unwrap(), "of the layer\n");
    let above = fs::metadata(&copy).unwrap();
    assert_eq!((above.mode() & 0o777, above.mtime(), above.mtime_nsec()), (0o600, below.mtime(), below.mtime_nsec()));
}

#[test]
fn what_is_deleted_leaves_a_whiteout_and_what_was_never_below_leaves_nothing() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = layer(&room);
    let words = "rm /other /link; rm -r /d/sub; echo x > /new; rm /new; mkdir /fresh; rmdir /fresh";
    enter_keeping(&room, "box", &[&layer], words).ok();
    let upper = upper(&room, "box");
    assert_eq!(names(&upper), ["d/", "d/sub", "link", "other"]);
    for gone in ["d/sub", "link", "other"] {
        assert!(is_whiteout(&upper.join(gone)), "{gone}");
        assert!(fs::symlink_metadata(layer.join(gone)).is_ok(), "{gone}");
    }
    assert!(!is_opaque(&upper.join("d")), "the rest of it is still seen");
    let seen = enter_keeping(&room, "box", &[&layer], "ls -d /other /link /d/* 2>/dev/null").stdout();
    assert_eq!(seen, "/d/one\n/d/two\n");
}

#[test]
fn a_directory_that_was_made_again_hides_what_it_was() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = layer(&room);
    enter_keeping(&room, "box", &[&layer], "rm -r /d && mkdir /d && echo new > /d/new").ok();
    let upper = upper(&room, "box");
    assert!(is_opaque(&upper.join("d")));
    assert_eq!(names(&upper), ["d/", "d/new"]);
    assert_eq!(enter_keeping(&room, "box", &[&layer], "ls /d").ok(), "new\n");
    // A file in its stead needs no mark, and something made again is no whiteout.
    enter_keeping(&room, "other", &[&layer], "rm -r /d; echo file > /d; rm /other; mkdir /other").ok();
    let upper = super::upper(&room, "other");
    assert!(upper.join("d").is_file() && is_opaque(&upper.join("other")) && !is_whiteout(&upper.join("other")));
}

#[test]
fn a_directory_is_moved_by_copying_so_that_others_can_read_the_layer() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = layer(&room);
    let words =
        "mv /d /moved && cat /moved/sub/three && mkdir /own && echo x > /own/x && mv /own /renamed && ls /renamed";
    assert_eq!(enter_keeping(&room, "box", &[&layer], words).ok(), "3\nx\n");
    let upper = upper(&room, "box");
    let expected = ["d", "moved/", "moved/one", "moved/sub/", "moved/sub/three", "moved/two", "renamed/", "renamed/x"];
    assert_eq!(names(&upper), expected);
    assert!(is_whiteout(&upper.join("d")));
    assert!(
        ["moved", "moved/sub", "renamed"].iter().all(|name| overlay_attribute(&upper.join(name), "redirect").is_none())
    );
    assert_eq!(enter_keeping(&room, "box", &[&layer], "cat /moved/sub/three; test -e /d").stdout(), "3\n");
}

#[test]
fn a_copied_up_file_parts_from_its_other_names_and_new_ones_stay_together() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = layer(&room);
    assert_eq!(fs::metadata(layer.join("twin")).unwrap().nlink(), 2);
    // Without an index, which would make the layer this kernel's own, two names below are two files once one is written.
    let words = "echo more >> /twin; cat /twin /d/one; ln /file /again; echo both >> /again; cat /file";
    let seen = enter_keeping(&room, "box", &[&layer], words).ok();
    assert_eq!(seen, "1\nmore\n1\nof the layer\nboth\n");
    let upper = upper(&room, "box");
    let inode = |name: &str| fs::metadata(upper.join(name)).unwrap().ino();
    assert_eq!(inode("file"), inode("again"));
    assert_eq!(names(&upper), ["again", "file", "twin"]);
    assert_eq!(fs::metadata(layer.join("twin")).unwrap().nlink(), 2);
    assert_eq!(enter_keeping(&room, "box", &[&layer], "cat /d/one; stat -c %h /again").ok(), "1\n2\n");
}

#[test]
fn a_file_keeps_its_holes_and_its_links() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = layer(&room);
    fs::File::create(layer.join("hollow")).unwrap().set_len(64 << 20).unwrap();
    enter_keeping(&room, "box", &[&layer], "echo end >> /hollow; touch -h -d @1 /link").ok();
    let about = fs::metadata(upper(&room, "box").join("hollow")).unwrap();
    assert_eq!(about.len(), (64 << 20) + 4);
    assert!(about.blocks() * 512 < 1 << 20, "{} blocks", about.blocks());
    assert_eq!(fs::read_link(upper(&room, "box").join("link")).unwrap(), Path::new("file"));
}
