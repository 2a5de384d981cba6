//! What a container has changed, as a layer for others.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Room, is_root};

use super::tree::{names, tree};
use super::{enter, enter_keeping, is_opaque, is_whiteout, upper};

/// A layer with things to change.
fn layer(room: &Room) -> PathBuf {
    let layer = room.folder("layer");
    fs::create_dir_all(layer.join("d/sub")).unwrap();
    fs::create_dir_all(layer.join("gone/below")).unwrap();
    for file in ["file", "removed", "d/one", "d/sub/two", "gone/below/three"] {
        fs::write(layer.join(file), format!("{file}\n")).unwrap();
    }
    layer
}

/// Changes of every kind.
const CHANGES: &str = "set -e; echo more >> /file; rm /removed; rm -r /gone; rm -r /d; mkdir /d; echo new > /d/new; \
                       mkdir -m 2750 /own; echo x > /own/x; chmod 4751 /own/x; ln /own/x /own/hard; ln -s ../file /own/link; \
                       mkfifo /own/fifo; touch -d '2001-02-03 04:05:06.789' /own/x; truncate -s 5M /own/hollow; echo begins > /own/tail; truncate -s 5M /own/tail; \
                       echo odd > '/own/a b\\c'; echo more >> /etc/hosts; echo mine > /etc/hostname; echo > /etc/motd";

/// Commits `state`, and unpacks that again under this name.
fn commit_and_unpack(room: &Room, state: &str, again: &str) -> PathBuf {
    let (archive, again) = (room.path(format!("{again}.tar")), room.path(again));
    room.run("commit-layer", [&room.path(state), &archive]).ok();
    room.run("unpack-layer", [&archive, &again]).ok();
    again
}

#[test]
fn a_commit_is_a_standard_archive_of_the_changes_and_of_nothing_else() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    enter_keeping(&room, "box", &[&layer(&room)], CHANGES).ok();
    let archive = room.path("layer.tar");
    room.run("commit-layer", [&room.path("box"), &archive]).ok();
    let listed = room.run("/bin/tar", ["-tf", archive.to_str().unwrap()]);
    let mut listed_names: Vec<_> =
        listed.stdout().lines().map(|name| name.trim_start_matches("./").to_owned()).collect();
    let expected = [
        "",
        ".wh.gone",
        ".wh.removed",
        "d/",
        "d/.wh..wh..opq",
        "d/new",
        "etc/",
        "etc/motd",
        "file",
        "own/",
        "own/a b\\\\c",
        "own/fifo",
        "own/hard",
        "own/hollow",
        "own/link",
        "own/tail",
        "own/x",
    ];
    listed_names.sort();
    assert_eq!(listed_names, expected, "{}", listed.transcript());
    assert_eq!(listed.stderr(), "", "tar has nothing to complain of");
    // As tar(1) makes files of it: modes, times, links, holes.
    let (there, words) = (room.folder("there"), ["--numeric-owner", "-xpf", archive.to_str().unwrap(), "-C"]);
    room.run("/bin/tar", words.into_iter().chain([there.to_str().unwrap()])).ok();
    let about = "%y %m %n %s %l %Ty-%Tm-%Td\n";
    let find = |file: &str| room.run("/usr/bin/find", [there.join(file).to_str().unwrap(), "-printf", about]).ok();
    assert_eq!(find("own/x"), "f 4751 2 2  01-02-03\n");
    assert!(find("own").starts_with("d 2750 "), "{}", find("own"));
    for (file, word) in [
        ("own/link", " ../file "),
        ("own/fifo", "p "),
        ("own/hollow", " 5242880 "),
        ("own/tail", " 5242880 "),
        ("own/a b\\c", " 4 "),
    ] {
        assert!(find(file).contains(word), "{file}: {}", find(file));
    }
    assert_eq!(fs::read_to_string(there.join("file")).unwrap(), "file\nmore\n");
}

#[test]
fn unpacked_again_it_is_the_same_tree_and_committed_again_the_same_bytes() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    enter_keeping(&room, "box", &[&layer(&room)], CHANGES).ok();
    let again = commit_and_unpack(&room, "box", "again");
    let of_the_init_layer = ["etc/hosts", "etc/hostname"].map(PathBuf::from);
    let comparable = |top: &Path| {
        let mut tree = tree(top);
        tree.retain(|path, _| !of_the_init_layer.contains(path));
        // Nobody can see when something was deleted, or by whom.
        tree.iter_mut().filter(|(path, _)| is_whiteout(&top.join(path))).for_each(|(_, file)| file.modified = (0, 0));
        tree
    };
    let (kept, unpacked) = (comparable(&upper(&room, "box")), comparable(&again));
    for (path, file) in &kept {
        assert_eq!(unpacked.get(path), Some(file), "{}", path.display());
    }
    assert_eq!(unpacked.len(), kept.len(), "{:?}", names(&again));
    assert!(is_opaque(&again.join("d")) && is_whiteout(&again.join("gone")));
    fs::create_dir(room.path("second")).unwrap();
    fs::rename(&again, room.path("second/upper")).unwrap();
    room.run("commit-layer", [&room.path("second"), &room.path("second.tar")]).ok();
    assert!(fs::read(room.path("again.tar")).unwrap() == fs::read(room.path("second.tar")).unwrap());
}

/// All files of a root but the kernel's, and the three that belong to each container.
const EVERYTHING: &str = "find / -xdev ! -path / ! -path /etc/hosts ! -path /etc/hostname ! -path /etc/resolv.conf \
                          ! -path '/proc*' ! -path '/sys*' ! -path '/dev*' -printf '%p %y %m %U:%G %s %T@ %l\\n' | \
                          grep -v '^/etc d' | sed 's/^\\(.* d [0-9]* [0-9:]*\\) [0-9]*/\\1/' | sort; find /own -printf '%p %n\\n' | sort; \
                          find /d /own /file /etc -type f ! -name hosts ! -name hostname ! -name resolv.conf -exec md5sum {} + | sort -k2";

#[test]
fn the_layer_shows_others_what_the_container_showed() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = layer(&room);
    enter_keeping(&room, "box", &[&layer], CHANGES).ok();
    let shown = enter_keeping(&room, "box", &[&layer], EVERYTHING).ok();
    let again = commit_and_unpack(&room, "box", "again");
    let others = enter(&room, &[&layer, &again], &[], EVERYTHING).ok();
    assert!(shown.lines().count() > 250, "{shown}");
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let differences: Vec<_> = lines(&shown).symmetric_difference(&lines(&others)).cloned().collect();
    assert!(
        differences.is_empty(),
        "{} differences, such as {:#?}",
        differences.len(),
        &differences[..differences.len().min(8)]
    );
    assert_eq!(others, shown);
    // A change on top of it is a third layer, and the deletions of the second go on being true below it.
    enter_keeping(&room, "next", &[&layer, &again], "echo back > /removed; rm /d/new").ok();
    let third = commit_and_unpack(&room, "next", "third");
    let words = "cat /removed /file; ls -A /d; ls /gone";
    assert_eq!(enter(&room, &[&layer, &again, &third], &[], words).stdout(), "back\nfile\nmore\n");
}

#[test]
fn mount_points_and_what_is_mounted_stay_behind() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let (state, data) = (room.path("box"), room.folder("data"));
    let volume = format!("{}:/made/for/it", data.display());
    let options = ["--state", state.to_str().unwrap(), "--volume", &volume, "--tmpfs", "/scratch"];
    let words = "echo x > /made/for/it/x; echo y > /scratch/y; echo z > /made/own; chmod 711 /made/for; touch /dev/new";
    enter(&room, &[], &options, words).ok();
    let again = commit_and_unpack(&room, "box", "again");
    let left: Vec<_> = names(&again).into_iter().filter(|name| !name.starts_with("made/for")).collect();
    assert_eq!(left, ["made/", "made/own"]);
    assert!(!again.join("made/for/it").exists());
}

#[test]
fn owners_are_those_that_the_container_sees() {
    needs!(UserNamespaces, PivotRoot, Overlayfs, SubordinateIds);
    let room = room!();
    enter_keeping(&room, "box", &[], "for id in 0 1 1000 65534; do echo > /of-$id; chown $id:$id /of-$id; done").ok();
    let archive = room.path("layer.tar");
    room.run("commit-layer", [&room.path("box"), &archive]).ok();
    let listed = room.run("/bin/tar", ["--numeric-owner", "-tvf", archive.to_str().unwrap()]).ok();
    for id in [0, 1, 1000, 65534] {
        let line = listed.lines().find(|line| line.ends_with(&format!("of-{id}"))).unwrap();
        assert!(line.contains(&format!(" {id}/{id} ")), "{line}");
    }
    room.run("unpack-layer", [&archive, &room.path("again")]).ok();
    let seen = enter(&room, &[&room.path("again")], &[], "stat -c '%u:%g' /of-*").ok();
    assert_eq!(seen.lines().collect::<Vec<_>>(), ["0:0", "1:1", "1000:1000", "65534:65534"]);
    // On the host each is another id, unless root asked.
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(room.path("again/of-1000")).unwrap());
    assert_eq!(owner == 1000, is_root());
}
