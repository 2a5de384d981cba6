//! The whole program, on a small scale: the form of what it says, and that it leaves nothing. How fast anything is, no
//! test says.

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use bench::book;
use common::{programs, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const BENCH: &str = env!("CARGO_BIN_EXE_bench");

fn command(home: &Path, words: &[&str]) -> Command {
    common::open_to_all(home);
    let mut command = Command::new(BENCH);
    command.args(words).arg("--programs").arg(programs()).env("TMPDIR", home).stdin(Stdio::null());
    command
}

fn left(home: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(home).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn may_run(test: &str) -> bool {
    let may = common::is_root() || common::can_make_user_namespaces();
    if !may {
        skip(test, "UserNamespaces", "this host refuses them", "see `doctor`");
    }
    may
}

#[test]
fn a_run_has_a_table_for_each_variant_and_names_who_is_missing() {
    if !may_run("run::a_run_has_a_table_for_each_variant") {
        return;
    }
    let (home, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (json, plot) = (out.path().join("out.json"), out.path().join("out.svg"));
    let mut command = command(home.path(), &["start", "--rounds", "2"]);
    let Output { status, stdout, stderr } = command.arg("--json").arg(&json).arg("--plot").arg(&plot).output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{said}{complained}");
    let report = book::read(&json).unwrap();
    assert!(!report.tables.is_empty() && report.rounds == 2);
    for table in &report.tables {
        assert!(said.contains(&format!("start: {}\n", table.variant)), "{said}");
        for name in ["boxwright", "floor", "no container"] {
            let line = table.line(name).unwrap_or_else(|| panic!("{}: no {name}: {:?}", table.variant, table.notes));
            assert!(line.summary.median > 0.0, "{line:?}");
            assert!(said.contains(&format!("\n  {name} ")), "{said}");
        }
        assert_eq!(table.line("floor").unwrap().walls, "");
        assert_eq!(table.ratio("floor", "floor"), Some(1.0));
    }
    for peer in bench::peers::ALL {
        let mut missing =
            report.notes.iter().filter_map(|note| note.strip_prefix("not on this host, so not compared: "));
        let is_missing = missing.any(|names| names.split(", ").any(|name| name == peer));
        assert!(report.versions.contains_key(peer) != is_missing, "{peer} is neither there nor missed: {said}");
    }
    assert!(said.contains("bars\n") && said.contains("not measured"), "{said}");
    assert!(std::fs::read_to_string(plot).unwrap().starts_with("<svg "));
    assert_eq!(left(home.path()), Vec::<String>::new());
}

#[test]
fn interrupted_it_leaves_nothing() {
    if !may_run("run::interrupted_it_leaves_nothing") {
        return;
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let home = tempfile::tempdir().unwrap();
        let mut running = command(home.path(), &["start", "--rounds", "1000"]).stdout(Stdio::piped()).spawn().unwrap();
        // It says where it runs when it begins to measure.
        first_line(&mut running);
        kill(Pid::from_raw(running.id().cast_signed()), signal).unwrap();
        let status = running.wait().unwrap();
        assert_eq!(status.code(), Some(128 + signal as i32), "{status}");
        assert_eq!(left(home.path()), Vec::<String>::new());
    }
}

fn first_line(running: &mut Child) {
    let mut line = String::new();
    BufReader::new(running.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("Linux "), "{line}");
}

#[test]
fn what_can_be_measured_is_listed() {
    let listed = Command::new(BENCH).arg("--list").output().unwrap();
    let said = String::from_utf8_lossy(&listed.stdout);
    for what in ["start", "walls", "layers", "exec", "thousand", "unpack", "commit", "door", "grade", "size"] {
        assert!(said.contains(&format!("\n  {what} ")), "{what}: {said}");
    }
}

#[test]
fn a_word_that_names_nothing_is_refused() {
    let refused = Command::new(BENCH).arg("speed").output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("invalid value 'speed'"));
}
