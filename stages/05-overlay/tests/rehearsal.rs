//! What each program intends to ask of the kernel. Needs no privilege: nothing is asked.
//!
//! Root and an ordinary user mark an opaque directory differently, and only root makes devices.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

/// A layer with one of each kind, at a fixed time.
fn layer() -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    let mut add = |kind, name: &str, mode, link: &str, content: &str| {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(42);
        header.set_mtime(1_000_000_000);
        header.set_size(content.len() as u64);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_link_name_literal(link).unwrap();
        header.set_device_major(1).unwrap();
        header.set_device_minor(3).unwrap();
        header.set_cksum();
        archive.append(&header, content.as_bytes()).unwrap();
    };
    add(EntryType::Directory, "./", 0o755, "", "");
    add(EntryType::Directory, "bin/", 0o755, "", "");
    add(EntryType::Regular, "bin/su", 0o4755, "", "#!/bin/sh\n");
    add(EntryType::Symlink, "sbin", 0o777, "bin", "");
    add(EntryType::Regular, "sbin/init", 0o755, "", "");
    add(EntryType::Link, "bin/also-su", 0o4755, "bin/su", "");
    add(EntryType::Regular, "implied/parent", 0o644, "", "");
    add(EntryType::Char, "null", 0o666, "", "");
    add(EntryType::Fifo, "run.fifo", 0o600, "", "");
    add(EntryType::Regular, ".wh.gone", 0, "", "");
    add(EntryType::Regular, "bin/.wh..wh..opq", 0, "", "");
    archive.into_inner().unwrap()
}

fn place() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("layer.tar"), layer()).unwrap();
    fs::create_dir_all(place.path().join("state/upper/etc")).unwrap();
    fs::create_dir_all(place.path().join("state/init")).unwrap();
    fs::write(place.path().join("state/upper/etc/hosts"), "127.0.0.1 localhost\n").unwrap();
    place
}

/// The transcript of a rehearsal; of one in a user namespace of ids that /etc/subuid grants, what is done inside.
fn rehearse(mut program: Command, place: &Path, arguments: &[&str]) -> String {
    let before = everything_in(place);
    program.env_clear().current_dir(place).arg("--rehearse").args(arguments);
    let output = program.output().unwrap();
    let name = Path::new(program.get_program()).file_name().unwrap().display().to_string();
    let told = String::from_utf8(output.stderr).unwrap();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let inside = told.lines().map(indent).max().unwrap_or(0);
    let lines = told.lines().filter(|line| indent(line) == inside || line.starts_with("left out: "));
    // The way into a user namespace, which one user goes with two processes and another alone, is no matter here.
    let is_led_in = told.contains("unshare(CLONE_NEWUSER)");
    let lines =
        lines.map(str::trim_start).skip_while(|line| is_led_in && !line.contains("a signal that ended us would leave"));
    let body: String = lines.map(|line| format!("{line}\n")).collect();
    assert_eq!(everything_in(place), before, "a rehearsal has left something");
    format!("$ {name} --rehearse {}\n{body}exit status: {}\n", arguments.join(" "), output.status.code().unwrap())
}

fn everything_in(place: &Path) -> Vec<String> {
    let mut found = vec![place.to_owned()];
    let mut at = 0;
    while let Some(path) = found.get(at).cloned() {
        if path.is_dir() {
            found.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
        at += 1;
    }
    found.iter().map(|path| path.display().to_string()).collect()
}

macro_rules! check {
    ($name:literal, $program:literal, $place:expr, $arguments:expr) => {
        let transcript = rehearse(cargo_bin_cmd!($program), $place, &$arguments);
        let is_root = nix::unistd::geteuid().is_root() && !unshare::user::is_needed();
        insta::with_settings!({
            snapshot_suffix => if is_root { "root" } else { "user" },
            omit_expression => true,
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!($name, transcript);
        });
    };
}

/// Descriptors as fixed words, so that a rehearsal, which opens nothing, can be compared.
fn without_descriptors(told: &str) -> String {
    let mut words = told.split('<');
    let mut fixed = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (_, rest) = word.split_once('>').unwrap_or_default();
        fixed.truncate(fixed.trim_end_matches(|letter: char| letter.is_ascii_digit()).len());
        fixed = fixed + "FD" + rest;
    }
    let marker = "/proc/self/fd/";
    let mut parts = fixed.split(marker);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| {
        told + marker + "FD" + part.trim_start_matches("FD").trim_start_matches(|letter: char| letter.is_ascii_digit())
    })
}

#[test]
fn a_rehearsal_tells_what_an_explanation_tells() {
    for arguments in [["layer.tar", "layer", "--mine"], ["layer.tar", "layer", "--apply"]] {
        if arguments[2] == "--apply" && !nix::unistd::geteuid().is_root() {
            // Two processes then tell their parts, in the order that chance gives.
            continue;
        }
        let place = place();
        let told = |manner| {
            let mut program = cargo_bin_cmd!("unpack-layer");
            let output = program.env_clear().current_dir(place.path()).arg(manner).args(arguments).output().unwrap();
            assert!(output.status.success());
            without_descriptors(&String::from_utf8(output.stderr).unwrap())
        };
        let rehearsed = told("--rehearse");
        assert_eq!(told("--explain"), rehearsed);
        assert!(rehearsed.lines().count() > 50);
    }
}

#[test]
fn each_entry_is_placed_by_descriptors() {
    check!("unpack-layer-mine", "unpack-layer", place().path(), ["--mine", "layer.tar", "layer"]);
}

#[test]
fn owners_are_given_before_modes() {
    // An ordinary user without a grant in /etc/subuid would rehearse what --mine does.
    if nix::unistd::geteuid().is_root() {
        check!("unpack-layer", "unpack-layer", place().path(), ["layer.tar", "layer"]);
    }
}

#[test]
fn deletions_are_carried_out_in_a_tree() {
    let place = place();
    fs::create_dir_all(place.path().join("root/bin")).unwrap();
    for file in ["root/gone", "root/bin/old"] {
        fs::write(place.path().join(file), "").unwrap();
    }
    check!("unpack-layer-apply", "unpack-layer", place.path(), ["--mine", "--apply", "layer.tar", "root"]);
}

#[test]
fn an_archive_is_written_beside_its_place() {
    check!("commit-layer", "commit-layer", place().path(), ["state", "out.tar"]);
}
