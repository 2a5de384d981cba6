//! From one verb to the next: what is kept, what is taken away, and whose it is.

use crate::harness::{Ran, Room, program, rootfs};

/// `boxwright` below a shell that has given its streams away as `streams` says.
fn with_streams(room: &Room, streams: &str, words: &[&str]) -> Ran {
    let script = format!("exec \"$0\" \"$@\" {streams}");
    let boxwright = program("boxwright").to_str().expect("paths are UTF-8");
    room.run("/bin/sh", ["-c", &script, boxwright].into_iter().chain(words.iter().copied()))
}

#[test]
fn what_was_written_survives_a_failure_of_ours() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = room.name("precious");
    let root = rootfs().to_str().unwrap();
    let words = "echo precious >/data; echo hello; exec sleep 1000";
    let ran =
        with_streams(&room, "</dev/null >/dev/full", &["run", "--name", &name, "-t", root, "--", "sh", "-c", words]);
    assert!(ran.fails_with(125).contains("ENOSPC") || ran.stderr().contains("No space"), "{}", ran.stderr());
    let data = room.boxes().join("containers").join(&name).join("upper/data");
    assert_eq!(std::fs::read_to_string(data).unwrap(), "precious\n");
    assert!(room.run("boxwright", ["ps", "--all"]).ok().contains(&name));
    room.run("boxwright", ["rm", &name]).ok();
}

#[test]
fn a_name_that_cannot_be_printed_is_no_reason_to_lose_a_container() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    for options in [&["-d"][..], &["-d", "--rm"]] {
        let name = room.name("nameless");
        let words = ["run", "--name", &name].into_iter().chain(options.iter().copied());
        let words: Vec<_> = words.chain([root, "--", "sleep", "1000"]).collect();
        assert!(with_streams(&room, ">/dev/full", &words).fails_with(125).contains("print the name"));
        assert!(room.run("boxwright", ["ps"]).ok().contains(&name), "{options:?}");
        room.run("boxwright", ["rm", "--force", &name]).ok();
    }
}
