//! The programs as a person meets them: pipes, wrong arguments, Ctrl-C.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

const UNPACK: &str = env!("CARGO_BIN_EXE_unpack-layer");
const COMMIT: &str = env!("CARGO_BIN_EXE_commit-layer");
const USAGE: &str = env!("CARGO_BIN_EXE_layer-usage");

/// A container that has written one file, in a directory of its own.
fn place() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir_all(place.path().join("state/upper/etc")).unwrap();
    fs::create_dir_all(place.path().join("base/bin")).unwrap();
    fs::write(place.path().join("state/upper/etc/motd"), "hello\n").unwrap();
    fs::write(place.path().join("base/bin/tool"), [b'x'; 1000]).unwrap();
    place
}

fn run(place: &Path, program: &str, arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(place)
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // A program that refuses its arguments reads nothing.
    let _ = input.write_all(stdin);
    drop(input);
    child.wait_with_output().unwrap()
}

/// What a person sees of a failure.
fn fails(place: &Path, program: &str, arguments: &[&str], stdin: &[u8]) -> String {
    let output = run(place, program, arguments, stdin);
    assert_eq!(output.status.code(), Some(125), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

fn succeeds(place: &Path, program: &str, arguments: &[&str], stdin: &[u8]) -> Vec<u8> {
    let output = run(place, program, arguments, stdin);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_layer_goes_from_one_program_to_the_other_through_a_pipe() {
    let place = place();
    for arguments in [&["state", "-"][..], &["--gzip", "state", "-"]] {
        let archive = succeeds(place.path(), COMMIT, arguments, b"");
        assert_eq!(archive.starts_with(b"\x1f\x8b"), arguments.len() == 3);
        succeeds(place.path(), UNPACK, &["--mine", "-", "layer"], &archive);
        assert_eq!(fs::read_to_string(place.path().join("layer/etc/motd")).unwrap(), "hello\n");
        fs::remove_dir_all(place.path().join("layer")).unwrap();
    }
}

#[test]
fn the_same_layer_gives_the_same_archive_and_replaces_the_old_one() {
    let place = place();
    fs::write(place.path().join("out.tar"), "an older one").unwrap();
    fs::write(place.path().join(".out.tar.unfinished"), "left by a process that was killed").unwrap();
    succeeds(place.path(), COMMIT, &["--gzip", "state", "out.tar"], b"");
    let first = fs::read(place.path().join("out.tar")).unwrap();
    succeeds(place.path(), COMMIT, &["--gzip", "state", "out.tar"], b"");
    assert!(fs::read(place.path().join("out.tar")).unwrap() == first);
    assert!(!place.path().join(".out.tar.unfinished").exists());
}

#[test]
fn wrong_arguments_are_answered_with_what_to_do() {
    let place = place();
    let said = |program, arguments: &[&str], stdin: &[u8]| fails(place.path(), program, arguments, stdin);
    for (told, expected) in [
        (said(UNPACK, &["missing.tar", "layer"], b""), "unpack-layer: cannot open missing.tar: "),
        (said(UNPACK, &["base", "layer"], b""), "unpack-layer: base: "),
        (said(UNPACK, &["-", "no/such/layer"], b""), "there is no directory no/such"),
        (said(UNPACK, &["-", "base/bin/tool"], b""), "base/bin/tool is not a directory"),
        (said(UNPACK, &["-", "layer"], b""), "the archive is cut short"),
        (said(UNPACK, &["-", "layer"], b"not a tar archive"), "the archive is cut short in the middle of a header"),
        (said(UNPACK, &["-", "layer"], b"\x28\xb5\x2f\xfd"), "zstd -dc"),
        (said(UNPACK, &["--max-size", "1x", "-", "layer"], b""), "unknown unit \"x\""),
        (said(COMMIT, &["base", "out.tar"], b""), "base has no upper layer; name the --state of enter-overlay"),
        (said(COMMIT, &["state", "no/such/out.tar"], b""), "`mkdir -p no/such`"),
        (said(COMMIT, &["state", "base"], b""), "base is a directory; name the archive in it"),
        (said(COMMIT, &["--mtime", "now", "state", "out.tar"], b""), "invalid value 'now'"),
        (said(USAGE, &[], b""), "name a layer, or a container with --state"),
        (said(USAGE, &["missing"], b""), "missing is not a directory"),
        (said(USAGE, &["--state", "base"], b""), "base has no upper layer"),
    ] {
        assert!(told.contains(expected), "{told:?} does not say {expected:?}");
    }
    let mut left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["base", "state"]);
}

#[test]
fn a_signal_in_the_middle_leaves_nothing_behind() {
    let place = place();
    let archive = succeeds(place.path(), COMMIT, &["state", "-"], b"");
    let in_the_file = archive.windows(6).position(|bytes| bytes == b"hello\n").unwrap() + 2;
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let mut child = Command::new(UNPACK)
            .args(["--explain", "--mine", "-", "layer"])
            .current_dir(place.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(&archive[..in_the_file]).unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
        // The file is being filled, and the rest of it has not come.
        assert!(told.any(|line| line.unwrap().contains("\"motd\"")));
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        told.for_each(drop);
        assert_eq!(child.wait().unwrap().code(), Some(status));
        drop(input);
        let mut left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["base", "state"]);
    }
}

#[test]
fn a_container_has_a_size_and_a_virtual_size() {
    let place = place();
    let table = succeeds(place.path(), USAGE, &["base", "--state", "state", "--state", "state"], b"");
    let table = String::from_utf8(table).unwrap();
    let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{table}"));
    assert!(row("base").contains("1000 B"));
    assert!(row("state").contains("6 B") && row("state").ends_with("1006 B"));
    assert!(table.contains("stored once for 2 containers"));
    let json = succeeds(place.path(), USAGE, &["--json", "base", "--state", "state"], b"");
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["image"]["seen"]["size"], 1000);
    assert_eq!(json["containers"][0]["usage"]["seen"]["size"], 1006);
}

#[test]
fn help_teaches() {
    for program in [UNPACK, COMMIT, USAGE] {
        let help = succeeds(Path::new("/"), program, &["--help"], b"");
        let help = String::from_utf8(help).unwrap();
        assert!(help.contains("Examples:") && help.contains("What to know:") && help.contains("See also:"), "{help}");
    }
}
