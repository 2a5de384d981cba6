//! Ways out of a container that a path can take, through descriptors and the links of /proc.

use std::fs;
use std::os::unix::fs::symlink;

use crate::harness::{Ran, Room, program, rootfs};

use super::{background, run};

/// A shell starts boxwright with a directory of the host open as number 9.
fn with_a_directory_open(room: &Room, words: &[&str]) -> Ran {
    let outside = room.folder("outside");
    fs::write(outside.join("secret"), "of the host").unwrap();
    let script = format!("exec 9<{}; exec \"$0\" \"$@\"", outside.display());
    let boxwright = program("boxwright").to_str().unwrap();
    room.run("/bin/sh", ["-c", &script, boxwright].iter().chain(words))
}

#[test]
fn no_directory_that_is_open_outside_is_a_place_to_start() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    for number in 3..16 {
        let place = format!("/proc/self/fd/{number}");
        let words = ["run", "--rm", "--workdir", &place, root, "--", "sh", "-c", "cat ./secret ../etc/hostname; pwd"];
        with_a_directory_open(&room, &words).fails_with(125);
    }
}

#[test]
fn an_image_cannot_name_one_by_a_link() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let (root, layer) = (rootfs().to_str().unwrap(), room.folder("layer"));
    for number in 3..16 {
        symlink(format!("/proc/self/fd/{number}"), layer.join(format!("app{number}"))).unwrap();
    }
    let layer = layer.to_str().unwrap();
    for number in 3..16 {
        let place = format!("/app{number}");
        let words = ["run", "--rm", "--workdir", &place, root, layer, "--", "sh", "-c", "cat ./secret"];
        with_a_directory_open(&room, &words).fails_with(125);
        let file = format!("/app{number}/../../../../../../../../bin/true");
        let ran = with_a_directory_open(&room, &["run", "--rm", root, layer, "--", &file]);
        assert!([125, 126, 127].contains(&ran.status()), "{}", ran.transcript());
    }
}

#[test]
fn our_own_program_is_not_the_containers() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let (root, layer) = (rootfs().to_str().unwrap(), room.folder("layer"));
    symlink("/proc/self/exe", layer.join("link")).unwrap();
    fs::write(layer.join("script"), "#!/proc/self/exe --version\n").unwrap();
    fs::set_permissions(layer.join("script"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let layer = layer.to_str().unwrap();
    for command in ["/proc/self/exe", "/link", "/script"] {
        let refused = room.run("boxwright", ["run", "--rm", root, layer, "--", command, "--version"]).fails_with(125);
        assert!(refused.contains("leads out of the container"), "{command}: {refused}");
    }
}

#[test]
fn who_enters_brings_nothing_along() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = background(&room, "entered", &["--rm"]);
    with_a_directory_open(&room, &["exec", "--workdir", "/proc/self/fd/9", &name, "--", "cat", "secret"])
        .fails_with(125);
    let ran = with_a_directory_open(&room, &["exec", &name, "--", "sh", "-c", "cat /proc/self/fd/9/secret"]);
    assert_eq!((ran.status(), ran.stdout().as_str()), (1, ""));
    let boxwright = program("boxwright").to_str().unwrap();
    let masked = ["-c", "umask 077; exec \"$0\" \"$@\"", boxwright, "exec", &name, "--", "sh", "-c", "umask"];
    assert_eq!(room.run("/bin/sh", masked).ok(), "0022\n");
    room.run("boxwright", ["rm", "--force", &name]).ok();
}

#[test]
fn signals_that_we_block_are_heard_inside() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    let boxwright = program("boxwright").to_str().unwrap();
    for options in [&["run", "--rm"][..], &["run", "--rm", "--init"]] {
        let words = ["--block-signal=INT,QUIT,TERM,USR1,CHLD", boxwright].into_iter().chain(options.iter().copied());
        let ran = room.run("/usr/bin/env", words.chain([root, "--", "grep", "SigBlk", "/proc/self/status"]));
        assert_eq!(ran.ok().trim_start_matches("SigBlk:").trim(), "0000000000000000", "{options:?}");
    }
}

#[test]
fn in_the_background_nothing_of_the_caller_stays_open() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let (root, name) = (rootfs().to_str().unwrap(), room.name("closed"));
    let boxwright = program("boxwright").to_str().unwrap();
    // cat ends when the last copy of number 9 is closed.
    let script = "\"$0\" \"$@\" 9>&1 >/dev/null | cat";
    let words =
        ["-c", script, boxwright, "run", "-d", "--name", &name, root, "--", "sh", "-c", "while :; do sleep 1; done"];
    room.run("/bin/sh", words).ok();
    assert!(run(&room, &[], "true").ok().is_empty());
    room.run("boxwright", ["rm", "--force", &name]).ok();
}

#[test]
fn one_that_is_paused_is_not_entered() {
    needs!(UserNamespaces, PivotRoot, Overlayfs, Freeze);
    let room = room!();
    let name = background(&room, "paused", &["--rm"]);
    room.run("boxwright", ["pause", &name]).ok();
    let refused = room.run("boxwright", ["exec", &name, "--", "true"]).fails_with(125);
    assert!(refused.contains("unpause"), "{refused}");
    room.run("boxwright", ["unpause", &name]).ok();
    room.run("boxwright", ["exec", &name, "--", "true"]).ok();
    room.run("boxwright", ["rm", "--force", &name]).ok();
}
