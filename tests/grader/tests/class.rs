//! A whole class: zips and folders, judged once, with a report on all.

#[expect(dead_code, reason = "what judges without the guide is for other tests")]
mod common;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use common::{course, folder, helper};
use grader::class::find;
use grader::course::replace;
use grader::grade::Work;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const SOLVED: &str = "    kernel.because(\"mine\").unshare(CloneFlags::CLONE_NEWUTS)?;\n    kernel.because(\"named\").sethostname(name)\n";
const TOO_EARLY: &str = "    kernel.because(\"early\").sethostname(name)?;\n    kernel.because(\"late\").unshare(CloneFlags::CLONE_NEWUTS)\n";
const FILE: &str = "stages/02-unshare/src/uts.rs";

fn with(body: &str) -> String {
    let source = fs::read_to_string(course().root.join(FILE)).unwrap();
    replace(&source, |id, _, _| (id == "uts-1").then(|| body.to_owned())).unwrap()
}

fn hand_in_folder(folder: &Path, body: &str) {
    let file = folder.join(FILE);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, with(body)).unwrap();
    // Of no use to anybody: neither is looked at.
    fs::write(folder.join("Cargo.toml"), "[package]\nname = \"mine\"\n").unwrap();
    fs::write(folder.join("stages/02-unshare/build.rs"), "fn main() { panic!() }\n").unwrap();
}

fn hand_in_zip(file: &Path, prefix: &str, body: &str) {
    let mut archive = ZipWriter::new(File::create(file).unwrap());
    let options = SimpleFileOptions::default();
    archive.start_file(format!("{prefix}{FILE}"), options).unwrap();
    archive.write_all(with(body).as_bytes()).unwrap();
    archive.start_file("../../etc/evil", options).unwrap();
    archive.write_all(b"x").unwrap();
    archive.finish().unwrap();
}

#[test]
fn submissions_are_found_in_zips_and_folders_and_links_lead_nowhere() {
    let (course, home) = (course(), tempfile::tempdir().unwrap());
    hand_in_folder(&home.path().join("ada/work/bench"), SOLVED);
    hand_in_zip(&home.path().join("bob.zip"), "bob's bench/", TOO_EARLY);
    hand_in_zip(&home.path().join("cyd.ZIP"), "", SOLVED);
    let evil = home.path().join("eve/stages/02-unshare/src");
    fs::create_dir_all(&evil).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", evil.join("uts.rs")).unwrap();
    fs::write(home.path().join("notes.txt"), "no submission").unwrap();
    let found = find(&course, &[home.path().to_owned()], false).unwrap();
    let names: Vec<_> = found.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["ada", "bob", "cyd", "eve"]);
    let exercise = course.exercise("uts-1").unwrap();
    let text = |at: usize| match found[at].work(exercise) {
        Work::Files(files) => files.get(Path::new(FILE)).cloned().unwrap_or_default(),
        Work::Programs(_) => unreachable!("files were handed in"),
    };
    assert_eq!([text(0), text(1), text(2), text(3)], [with(SOLVED), with(TOO_EARLY), with(SOLVED), String::new()]);
    let one = find(&course, &[home.path().join("ada")], true).unwrap();
    assert_eq!((one.len(), one[0].name.as_str()), (1, "ada"));
    assert!(find(&course, &[home.path().join("notes.txt")], false).is_err());
    assert!(find(&course, &[home.path().join("ada"), home.path().join("ada")], true).is_err());
}

fn grade_all(home: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(helper());
    command.args(["grade-all", "--only", "uts-1", "--output"]).arg(home.join("grades")).args(words);
    command.arg(home.join("class")).env("BOXWRIGHT_FORGE", folder("forge"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn a_class_is_judged_once_and_reported_on() {
    let home = tempfile::tempdir().unwrap();
    let class = home.path().join("class");
    hand_in_folder(&class.join("ada"), SOLVED);
    hand_in_zip(&class.join("bob.zip"), "bench/", TOO_EARLY);
    hand_in_zip(&class.join("cyd.zip"), "", TOO_EARLY);
    hand_in_zip(&class.join("dan.zip"), "", "    nonsense\n");
    let output = grade_all(home.path(), &["--format", "junit"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("ada                                 2 of 2"), "{said}");
    let grades = home.path().join("grades");
    let read = |name: &str| fs::read_to_string(grades.join(name)).unwrap();
    assert_eq!(read("scores.csv"), "whose,score,points,uts-1\nada,2,2,2\nbob,0,2,0\ncyd,0,2,0\ndan,0,2,0\n");
    let report = read("report.md");
    assert!(report.contains("| 2 | `uts-1` | `hostname-first` |") && report.contains("| bob, cyd |"), "{report}");
    assert!(report.contains("| 4 | 1 | 1 |"), "{report}");
    assert!(read("ada.xml").starts_with("<?xml"));
    // What is known is not judged again; what has changed is.
    let written = |name: &str| fs::metadata(grades.join(name)).unwrap().modified().unwrap();
    let before = (written("ada.json"), written("bob.json"));
    hand_in_zip(&class.join("bob.zip"), "bench/", SOLVED);
    grade_all(home.path(), &[]);
    assert_eq!(written("ada.json"), before.0);
    assert_ne!(written("bob.json"), before.1);
    assert!(read("scores.csv").contains("bob,2,2,2\n"));
}
