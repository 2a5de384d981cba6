//! What enter-pivot intends to ask of the kernel, and what it says before it asks anything. Needs no privilege.
//!
//! Root, an ordinary user and one with sub-ids ask differently, so each has snapshots of their own.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use assert_cmd::cargo::cargo_bin_cmd;
use unshare::user::{self, Maps};

/// A root file system, as small as a plan needs it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = Self(std::env::temp_dir().join(format!("pivot-{name}-{}", std::process::id())));
        for directory in ["root/proc", "root/sys", "root/dev", "root/tmp", "root/bin", "data/inner"] {
            fs::create_dir_all(place.0.join(directory)).unwrap();
        }
        for file in ["root/bin/true", "file"] {
            fs::write(place.0.join(file), "").unwrap();
            fs::set_permissions(place.0.join(file), fs::Permissions::from_mode(0o755)).unwrap();
        }
        place
    }

    /// The whole transcript, each process for itself: who of two comes first is chance.
    fn run(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        let arguments: Vec<_> = arguments.iter().map(|word| self.filled_in(word.as_ref())).collect();
        let mut program = cargo_bin_cmd!("enter-pivot");
        let output = program.env_clear().env("PATH", "/usr/bin:/bin").args(&arguments).output().unwrap();
        let words: Vec<_> = arguments.iter().map(|word| word.display().to_string()).collect();
        let told = String::from_utf8_lossy(&output.stderr);
        let mut transcript = format!("$ enter-pivot {}\n", words.join(" "));
        for depth in 0..4 {
            transcript.extend(told.lines().filter(|line| indent(line) / 4 == depth).map(|line| format!("{line}\n")));
        }
        transcript
            + &String::from_utf8(output.stdout).unwrap()
            + &format!("exit status: {}\n", output.status.code().unwrap())
    }

    fn filled_in(&self, word: &OsStr) -> OsString {
        let bytes = word.as_bytes();
        let Some(at) = bytes.windows(5).position(|part| part == b"PLACE") else { return word.to_owned() };
        OsString::from_vec([&bytes[..at], self.0.as_os_str().as_bytes(), &bytes[at + 5..]].concat())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Root, an ordinary user, or one to whom subuid(5) grants ids.
fn who() -> &'static str {
    match user::is_needed() {
        false => "root",
        true if Maps::widest().are_mine() => "user",
        true => "granted",
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn check(name: &str, suffix: &str, place: &Place, transcript: &str) {
    let real = place.0.canonicalize().unwrap();
    let filters = [
        // Where this run keeps its things.
        (real.display().to_string(), "PLACE".to_owned()),
        (place.0.display().to_string(), "PLACE".to_owned()),
        // Whoever runs the tests: their id, and how long it makes the line.
        (r#""0 \d+ 1\\n", \d+\) = \d+"#.to_owned(), r#""0 ID 1\n", SIZE) = SIZE"#.to_owned()),
        // The same where subuid(5) grants them more.
        (
            r#"("new[ug]idmap", "PID", "0"), "\d+", "1", "1", "\d+", "\d+""#.to_owned(),
            r#"$1, "ID", "1", "1", "GRANTED", "COUNT""#.to_owned(),
        ),
    ];
    insta::with_settings!({
        snapshot_suffix => suffix,
        omit_expression => true,
        prepend_module_to_snapshot => false,
        filters => filters.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect::<Vec<_>>(),
    }, {
        insta::assert_snapshot!(name, transcript);
    });
}

#[test]
fn the_old_root_goes_before_dev_comes() {
    let place = Place::new("plain");
    check("enter-pivot", who(), &place, &place.run(&["--rehearse", "PLACE/root", "--", "true"]));
}

#[test]
fn additions_are_held_before_the_pivot_and_attached_outer_ones_first() {
    let place = Place::new("additions");
    let words = [
        "--rehearse",
        "--read-only",
        "--volume",
        "PLACE/file:/dev/below/file",
        "--volume",
        "PLACE/data:/tmp/deep/data:ro",
        "--tmpfs",
        "/tmp",
        "--tmpfs",
        "/dev/shm",
        "--tmpfs",
        "/tmp/deep/data/inner",
        "PLACE/root",
        "--",
        "true",
    ];
    check("enter-pivot-additions", who(), &place, &place.run(&words));
}

#[test]
fn without_a_pivot_the_new_root_is_moved_onto_the_old_one() {
    let place = Place::new("no-pivot");
    let told = place.run(&["--rehearse", "--no-pivot", "PLACE/root", "--", "true"]);
    let at = |call: &str| told.find(call).unwrap_or_else(|| panic!("{call}\n{told}"));
    assert!(!told.contains("pivot_root(\""), "{told}");
    assert!(at("\"/proc\"") < at("MS_MOVE"), "{told}");
    assert!(at("mount(\".\", \"/\", NULL, MS_MOVE, NULL)") < at("chroot(\".\")"), "{told}");
    assert!(at("chroot(\".\")") < at("chdir(\"/\")"), "{told}");
}

#[test]
fn a_rehearsal_makes_nothing() {
    let place = Place::new("nothing");
    let list = || fs::read_dir(place.0.join("root")).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let before = list();
    let told = place.run(&["--rehearse", "--tmpfs", "/dev/x", "PLACE/root", "--", "true"]);
    assert!(told.contains("exit status: 0"), "{told}");
    assert_eq!(list(), before);
    assert_eq!(fs::read_dir(place.0.join("root/dev")).unwrap().count(), 0);
}

// Each is refused before the kernel is asked for anything.
#[test]
fn what_cannot_work_is_said_first() {
    let place = Place::new("bad-input");
    for directory in ["empty", "linked/sys", "linked/dev", "linked/etc", "loop/proc", "loop/sys"] {
        fs::create_dir_all(place.0.join(directory)).unwrap();
    }
    symlink("/etc", place.0.join("linked/proc")).unwrap();
    symlink("../../..", place.0.join("loop/dev")).unwrap();
    let cases: [&[&[u8]]; 20] = [
        &[],
        &[b"PLACE/missing"],
        &[b"PLACE/file"],
        &[b"/"],
        &[b"PLACE/empty"],
        &[b"PLACE/linked"],
        &[b"PLACE/loop"],
        &[b"PLACE/root", b"true"],
        &[b"--volume", b"data", b"PLACE/root"],
        &[b"--volume", b"data:inside", b"PLACE/root"],
        &[b"--volume", b"PLACE/data:/tmp:rx", b"PLACE/root"],
        &[b"--volume", b"PLACE/data:/tmp/../etc", b"PLACE/root"],
        &[b"--volume", b"PLACE/missing:/tmp", b"PLACE/root"],
        &[b"--volume", b"PLACE/data:/missing", b"PLACE/root"],
        &[b"--volume", b"PLACE/file:/some/where", b"PLACE/root"],
        &[b"--volume", b"PLACE/file:/tmp", b"PLACE/root"],
        &[b"--volume", b"PLACE/data:/tmp", b"--volume", b"PLACE/file:/tmp/missing", b"PLACE/root"],
        &[b"--tmpfs", b"/", b"PLACE/root"],
        &[b"--tmpfs", b"/a b", b"PLACE/root"],
        &[b"PLACE/\xff"],
    ];
    let transcript: String = cases
        .iter()
        .map(|words| place.run(&words.iter().map(|word| OsStr::from_bytes(word)).collect::<Vec<_>>()) + "\n")
        .collect();
    check("bad-input", "", &place, &transcript);
}
