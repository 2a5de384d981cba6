//! What the tests of the grader share: the course, and a forge that is kept between runs.

#![expect(unreachable_pub, reason = "a test is nobody's library")]

use std::path::{Path, PathBuf};

use grader::course::Course;
use grader::grade::Grader;

/// The program `workshop`.
pub fn helper() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_workshop"))
}

/// A folder of this user's own, below the build folder.
pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("grader-{}", nix::unistd::geteuid())).join(name)
}

/// This course.
pub fn course() -> Course {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    Course::read(root).unwrap()
}

/// Who judges it.
pub fn grader(course: &Course) -> Grader<'_> {
    Grader::open(course, &folder("forge"), helper(), &|words| eprintln!("{words}")).unwrap()
}
