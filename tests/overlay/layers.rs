//! Layers over each other, and shared by many.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::harness::{Room, program, rootfs};

use super::tree::tree;
use super::{enter, enter_keeping, listening, upper};

/// A layer of an archive whose files have these names; what ends with a slash is a directory.
fn unpacked(room: &Room, name: &str, files: &[&str]) -> PathBuf {
    let (content, archive, layer) =
        (room.folder(format!("{name}-files")), room.path(format!("{name}.tar")), room.path(name));
    for file in files {
        let path = content.join(file);
        fs::create_dir_all(if file.ends_with('/') { &path } else { path.parent().unwrap() }).unwrap();
        if !file.ends_with('/') {
            fs::write(&path, if file.contains(".wh.") { String::new() } else { format!("{name}\n") }).unwrap();
        }
    }
    let words = [
        Path::new("--owner=0"),
        Path::new("--group=0"),
        Path::new("-cf"),
        &archive,
        Path::new("-C"),
        &content,
        Path::new("."),
    ];
    room.run("/bin/tar", words).ok();
    room.run("unpack-layer", [&archive, &layer]).ok();
    layer
}

#[test]
fn later_layers_lie_on_earlier_ones() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let one = unpacked(&room, "one", &["a", "b", "c", "gone", "d/old", "d/e/deep", "turns/into/file", "becomes"]);
    let two = unpacked(&room, "two", &["b", "c", ".wh.gone", "d/.wh..wh..opq", "d/new", "turns", "becomes/directory"]);
    let three = unpacked(&room, "three", &["c", "d/newest"]);
    let words = "cat /a /b /c; ls /gone; ls /d; cat /turns; ls /becomes";
    let seen = |layers: &[&Path]| enter(&room, layers, &[], words).stdout();
    let all = "one\ntwo\nthree\nnew\nnewest\ntwo\ndirectory\n";
    assert_eq!(seen(&[&one, &two, &three]), all);
    // The order is what was said, and not what they are called. Deletions that come first delete nothing.
    assert_eq!(seen(&[&three, &two, &one]), "one\none\none\n/gone\ne\nnew\nold\n/becomes\n");
}

#[test]
fn several_containers_share_layers_at_once() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = room.folder("layer");
    fs::write(layer.join("shared"), "of all\n").unwrap();
    let before = tree(&layer);
    let states = ["one", "two"].map(|name| room.path(name).to_str().unwrap().to_owned());
    let [mut one, mut two] = states.each_ref().map(|state| listening(&room, &[&layer], &["--state", state]));
    let mut third = listening(&room, &[&layer], &[]);
    assert_eq!(one.say("echo of one > /shared; cat /shared\n").line(), "of one");
    assert_eq!(two.say("cat /shared; rm /shared; echo > /two\n").line(), "of all");
    two.line();
    assert_eq!(third.say("cat /shared; ls /two 2>/dev/null\n").line(), "of all");
    one.line();
    assert_eq!(one.say("cat /shared\n").line(), "of one");
    for running in [one, two, third] {
        assert_eq!(running.end().status(), 0);
    }
    assert_eq!(tree(&layer), before);
    assert_eq!(fs::read_to_string(upper(&room, "one").join("shared")).unwrap(), "of one\n");
    assert!(super::is_whiteout(&upper(&room, "two").join("shared")));
}

#[test]
fn layers_need_not_be_writable() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let layer = room.folder("layer");
    fs::create_dir(layer.join("d")).unwrap();
    fs::write(layer.join("d/file"), "fixed\n").unwrap();
    for path in ["d/file", "d", ""] {
        let mode = if path == "d/file" { 0o444 } else { 0o555 };
        fs::set_permissions(layer.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    let words = "chmod u+w /d && echo more >> /d/new && rm -f /d/file && ls /d";
    assert_eq!(enter_keeping(&room, "box", &[&layer], words).ok(), "new\n");
    // Nor need its file system be: here the layer is seen through a mount that nobody can write to.
    let words = format!(
        "mount --bind {0} {0} && mount -o remount,bind,ro {0} && ! touch {0}/d/x 2>/dev/null && \
         {1} --layer {2} --layer {0} -- sh -c 'echo changed > /d/file; cat /d/file'",
        layer.display(),
        program("enter-overlay").display(),
        rootfs().display()
    );
    assert_eq!(room.run("unshare-mount", ["--", "sh", "-c", &words]).ok(), "changed\n");
    assert_eq!(fs::read_to_string(layer.join("d/file")).unwrap(), "fixed\n");
}

#[test]
fn a_layer_of_another_user_can_be_read_and_the_rest_is_explained() {
    needs!(OrdinaryUser, UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let about = |path: &Path| {
        fs::metadata(path).map(|about| (about.is_dir(), std::os::unix::fs::MetadataExt::uid(&about))).ok()
    };
    let is_of_root =
        |path: &PathBuf| about(path) == Some((true, 0)) && !rootfs().join(path.file_name().unwrap()).exists();
    let inside = |folder: &str| fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let found = ["/usr/share", "/usr/lib", "/usr"].into_iter().flat_map(inside).find(is_of_root);
    let found = found.expect("root has a directory that our root file system has not");
    let (share, name) = (found.parent().unwrap(), found.file_name().unwrap().to_str().unwrap());
    let ran = enter(&room, &[share], &[], &format!("ls -d /{name} && touch /{name}/new; touch /of-ours"));
    assert_eq!(ran.ok(), format!("/{name}\n"));
    let said = ran.stderr();
    let beginning = format!("note: {} belongs to user 0, who is nobody inside", share.display());
    assert!(said.starts_with(&beginning), "{said}");
    assert!(said.contains("Permission denied") || said.contains("too large"), "{said}");
    assert!(!enter(&room, &[], &[], "true").stderr().contains("note:"), "one's own layers need no word");
}

#[test]
fn what_cannot_be_a_layer_is_refused_before_anything_is_made() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let (good, file) = (room.folder("good"), room.file("file", ""));
    fs::create_dir(good.join("inner")).unwrap();
    let state = room.path("box");
    for (layers, word) in [
        (&[room.path("missing")][..], "there is no such directory"),
        (&[file], "is not a directory"),
        (&[good.clone(), good.clone()], "given twice"),
        (&[good.clone(), good.join("inner")], "one lies in the other"),
    ] {
        let layers: Vec<_> = layers.iter().map(PathBuf::as_path).collect();
        let ran = enter(&room, &layers, &["--state", state.to_str().unwrap()], "echo it ran");
        let said = ran.fails_with(125);
        assert!(said.contains(word) && ran.stdout().is_empty(), "{word}: {said}");
        assert!(!state.exists(), "{word}");
    }
    let nested = good.join("box");
    let ran = enter(&room, &[&good], &["--state", nested.to_str().unwrap()], "echo it ran");
    assert!(ran.fails_with(125).contains("lies in the layer") && !nested.exists());
}

#[test]
fn a_root_without_mount_points_gets_them_in_a_layer_of_its_own() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let bare = room.root(&[]);
    for name in ["proc", "sys", "dev"] {
        fs::remove_dir(bare.join(name)).unwrap();
    }
    let (data, state) = (room.folder("data"), room.path("box"));
    let volume = format!("{}:/no/such/place", data.display());
    let words = [
        "--layer",
        bare.to_str().unwrap(),
        "--state",
        state.to_str().unwrap(),
        "--volume",
        &volume,
        "--tmpfs",
        "/nor/this",
    ];
    let words = words.into_iter().chain([
        "--",
        "sh",
        "-c",
        "echo $$ > /no/such/place/pid; ls -d /proc/1 /sys/kernel /dev/null /nor/this",
    ]);
    assert_eq!(room.run("enter-overlay", words).ok(), "/dev/null\n/nor/this\n/proc/1\n/sys/kernel\n");
    assert_eq!(fs::read_to_string(data.join("pid")).unwrap(), "1\n");
    assert_eq!(super::tree::names(&upper(&room, "box")), [""; 0]);
    assert!(state.join("init/no/such/place").is_dir() && state.join("init/proc").is_dir());
    assert!(!bare.join("proc").exists() && !bare.join("no").exists());
}
