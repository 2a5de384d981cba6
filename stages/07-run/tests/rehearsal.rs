//! What boxwright intends to ask of the kernel. Needs no privilege: nothing is asked, and nothing is made.
//!
//! Root, an ordinary user and one with sub-ids ask differently, so each has snapshots of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assert_cmd::cargo::cargo_bin_cmd;
use unshare::user::{self, Maps};

/// A home and a root file system, as small as a plan needs them.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = Self(std::env::temp_dir().join(format!("boxwright-{name}-{}", std::process::id())));
        fs::create_dir_all(place.0.join("root/bin")).unwrap();
        fs::create_dir_all(place.0.join("root/etc")).unwrap();
        fs::create_dir_all(place.0.join("data")).unwrap();
        fs::write(place.0.join("root/bin/true"), "").unwrap();
        fs::set_permissions(place.0.join("root/bin/true"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(place.0.join("root/etc/passwd"), "root:x:0:0\nbin:x:2:3\n").unwrap();
        place
    }

    fn rehearse(&self, arguments: &[&str]) -> String {
        let place = self.0.display().to_string();
        let arguments: Vec<_> = arguments.iter().map(|word| word.replace("PLACE", &place)).collect();
        let mut program = cargo_bin_cmd!("boxwright");
        let output = program.env_clear().env("BOXWRIGHT_HOME", &self.0).args(&arguments).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let mut transcript = format!("$ boxwright {}\n", arguments.join(" "));
        for depth in 0..4 {
            transcript.extend(told.lines().filter(|line| indent(line) == depth * 4).map(|line| format!("{line}\n")));
        }
        transcript
            + &String::from_utf8(output.stdout).unwrap()
            + &format!("exit status: {}\n", output.status.code().unwrap())
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

/// Without the line that writes the host's resolv.conf, and the reason above it: every host has another, and some have none.
fn without_resolvers(transcript: &str) -> String {
    let is_it = |line: &str| line.contains("/etc/resolv.conf>, ");
    let lines: Vec<_> = transcript.lines().collect();
    let kept = lines.iter().zip(lines[1..].iter().chain([&""])).filter(|(line, next)| !is_it(line) && !is_it(next));
    kept.map(|(line, _)| format!("{line}\n")).collect()
}

fn check(name: &str, place: &Place, transcript: &str) {
    let filters = [
        // Where this run keeps its things.
        (place.0.display().to_string(), "PLACE".to_owned()),
        // Whoever runs the tests: their id, and how long it makes the line.
        (r#""0 \d+ 1\\n", \d+\) = \d+"#.to_owned(), r#""0 ID 1\n", SIZE) = SIZE"#.to_owned()),
        // The same where subuid(5) grants them more.
        (
            r#"("new[ug]idmap", "PID", "0"), "\d+", "1", "1", "\d+", "\d+""#.to_owned(),
            r#"$1, "ID", "1", "1", "GRANTED", "COUNT""#.to_owned(),
        ),
        // The mask of whoever runs the tests.
        (r"umask\(022\) = \d+".to_owned(), "umask(022) = MASK".to_owned()),
        // A tree of cgroups that one mount can show is on hosts with version 2 alone.
        (r"(?m)^ *# .*the tree of cgroups.*\n.*\n".to_owned(), String::new()),
        // What this kernel has.
        (r"\}, \d+\) = PID".to_owned(), "}, SIZE) = PID".to_owned()),
    ];
    insta::with_settings!({
        snapshot_suffix => who(),
        omit_expression => true,
        prepend_module_to_snapshot => false,
        filters => filters.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect::<Vec<_>>(),
    }, {
        insta::assert_snapshot!(name, transcript);
    });
}

#[test]
fn a_container_is_some_sixty_calls() {
    let place = Place::new("plain");
    let transcript = place.rehearse(&["run", "--rehearse", "--name", "box", "--no-cgroup", "PLACE/root", "--", "true"]);
    check("boxwright-run", &place, &transcript);
}

#[test]
fn every_wish_has_its_place_in_the_order() {
    let place = Place::new("wishes");
    let wishes = [
        "run",
        "--rehearse",
        "--name",
        "box",
        "--hostname",
        "red",
        "--no-cgroup",
        "--volume",
        "PLACE/data:/data:ro",
        "--tmpfs",
        "/scratch",
        "--read-only",
        "--user",
        "bin",
        "--workdir",
        "/data",
        "--network",
        "host",
        "--init",
        "PLACE/root",
        "--",
        "true",
    ];
    check("boxwright-run-wishes", &place, &without_resolvers(&place.rehearse(&wishes)));
}

#[test]
fn a_container_in_the_background_has_a_parent_that_stays() {
    let place = Place::new("background");
    let words = ["run", "--rehearse", "--name", "box", "--no-cgroup", "--detach", "PLACE/root", "--", "true"];
    check("boxwright-run-detach", &place, &place.rehearse(&words));
}

#[test]
fn a_rehearsal_makes_nothing() {
    let place = Place::new("nothing");
    let before = files(&place.0);
    place.rehearse(&["run", "--rehearse", "--name", "box", "PLACE/root", "--", "true"]);
    assert_eq!(files(&place.0), before);
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}
