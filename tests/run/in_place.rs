//! A root in place: nothing is laid over it.

use std::fs;
use std::path::Path;

use crate::harness::{Ran, Room};

/// `boxwright run --rm --in-place OPTIONS ROOT -- sh -c WORDS`.
fn run(room: &Room, options: &[&str], root: &Path, words: &str) -> Ran {
    let root = root.to_str().expect("paths are UTF-8");
    let options = ["run", "--rm", "--in-place"].into_iter().chain(options.iter().copied());
    room.run("boxwright", options.chain([root, "--", "sh", "-c", words]))
}

#[test]
fn what_is_written_goes_to_the_root_itself() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let root = room.root(&[]);
    // Its files are links to another's: they are replaced, and not written to.
    let hosts = root.join("etc/hosts");
    let _ = fs::remove_file(&hosts);
    fs::write(&hosts, "of the image\n").unwrap();
    fs::write(root.join("gone"), "").unwrap();
    let seen = run(&room, &[], &root, "cat /etc/hosts; echo new > /new; rm /gone; echo $HOSTNAME > /etc/hosts").ok();
    assert_eq!(seen, "of the image\n");
    assert_eq!(fs::read_to_string(root.join("new")).unwrap(), "new\n");
    assert!(!root.join("gone").exists());
    assert!(fs::read_to_string(&hosts).unwrap().starts_with("box-"));
    // What was mounted in it was mounted in the container alone.
    assert_eq!(fs::read_dir(root.join("dev")).map_or(0, Iterator::count), 0);
}

#[test]
fn to_read_only_it_stays_as_it_is() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let root = room.root(&[]);
    let seen =
        run(&room, &["--read-only", "--tmpfs", "/tmp"], &root, "echo x > /new || echo x > /tmp/new; cat /tmp/new").ok();
    assert_eq!(seen, "x\n");
    assert!(!root.join("new").exists());
}

#[test]
fn it_is_listed_and_has_nothing_to_commit() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let (root, name) = (room.root(&[]), room.name("placed"));
    let root = root.to_str().unwrap();
    room.run("boxwright", ["run", "--name", &name, "--in-place", root, "--", "sh", "-c", "exit 3"]).fails_with(3);
    let listed = room.run("boxwright", ["ps", "--all", "--size"]).ok();
    assert!(listed.contains(&name) && listed.contains("ended (3)"), "{listed}");
    let refused = room.run("boxwright", ["commit", &name, "-"]).fails_with(125);
    assert!(refused.contains("--in-place"), "{refused}");
    room.run("boxwright", ["rm", &name]).ok();
}

#[test]
fn there_is_one_place() {
    let room = room!();
    let (one, other) = (room.folder("one"), room.folder("other"));
    for layers in [&[][..], &[one, other][..]] {
        let layers = layers.iter().map(|layer| layer.to_str().unwrap());
        let words = ["run", "--rm", "--in-place"].into_iter().chain(layers).chain(["--", "true"]);
        let refused = room.run("boxwright", words).fails_with(125);
        assert!(refused.contains("--in-place takes one ROOTFS"), "{refused}");
    }
}
