//! Every console block of every chapter is typed, and prints what is printed there. What differs is accepted with
//! `cargo workshop book test --update`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use binder::console::programs;
use binder::place::Place;
use binder::testing::{self, Count};

/// A test for each chapter, so that they run side by side.
macro_rules! chapters {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            prints_what_is_printed($name);
        })*

        const CHAPTERS: &[&str] = &[$($name),*];
    };
}

chapters! {
    introduction: "introduction.md",
    groundwork: "00-groundwork.md",
    chroot: "01-chroot.md",
    unshare: "02-unshare.md",
    nsfs: "03-nsfs.md",
    pivot: "04-pivot.md",
    overlay: "05-overlay.md",
    cgroup: "06-cgroup.md",
    run: "07-run.md",
    where_next: "where-next.md",
    contract: "contract.md",
    hosts: "hosts.md",
    how_fast: "how-fast.md",
    kernels: "kernels.md",
    troubleshooting: "troubleshooting.md",
    mistakes: "mistakes.md",
    glossary: "glossary.md",
    instructors: "instructors.md",
    sources: "sources.md",
}

static PLACE: LazyLock<Place> = LazyLock::new(|| Place::find().expect("the repository is there"));
static BUILT: LazyLock<PathBuf> =
    LazyLock::new(|| programs::built_for_tests(&PLACE).expect("the programs can be built"));

fn prints_what_is_printed(name: &str) {
    let binder = Path::new(env!("CARGO_BIN_EXE_binder"));
    let (said, status) = testing::typed_elsewhere(binder, &BUILT, name, false).expect("the chapter can be typed");
    // Written past the capture of the test runner: what was not run is to be seen also when everything is green.
    for line in said.lines().filter(|line| is_count(line)) {
        let _ = std::io::stderr().write_all(format!("book: {line}\n").as_bytes());
    }
    assert!(status.success(), "\n{said}");
    let forbidden: Vec<_> = said.lines().filter(|line| is_forbidden(line)).collect();
    assert!(forbidden.is_empty(), "tests/allowed-skips.txt does not allow this: {forbidden:#?}");
}

fn is_count(line: &str) -> bool {
    line.starts_with("skipped: ") || line.starts_with("never run: ") || line.contains(" blocks run, ")
}

/// True for a block that was skipped for a need for which it may not be.
fn is_forbidden(line: &str) -> bool {
    let need = line.strip_prefix("skipped: ").and_then(|skipped| skipped.split(": ").nth(1));
    need.is_some_and(|need| !skips::is_in_order(need))
}

#[test]
fn every_chapter_has_its_test() {
    let files = binder::checks::book::files(&PLACE).unwrap();
    let mut names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    let mut tested = CHAPTERS.to_vec();
    names.sort_unstable();
    tested.sort_unstable();
    assert_eq!(names, tested);
}

#[test]
fn few_blocks_are_never_run() {
    let mut count = Count::default();
    for file in binder::checks::book::files(&PLACE).unwrap() {
        let text = std::fs::read_to_string(&file).unwrap();
        for script in binder::console::script::transcripts(&text).unwrap() {
            let of = if script.norun.is_some() { &mut count.never } else { &mut count.run };
            *of += 1;
        }
    }
    assert!(testing::few_are_never_run(count), "{count:?}");
}
