//! What the tests of this package share.

#![expect(dead_code, reason = "each test uses a part of it")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// The floor, as it was built for the tests.
pub(crate) const FLOOR: &str = env!("CARGO_BIN_EXE_floor");

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Says why a test is not run here.
pub(crate) fn skip(test: &str, need: &str, why: &str, remedy: &str) {
    skips::note(test, need, why, remedy).unwrap_or_else(|forbidden| panic!("{forbidden}"));
}

/// The smallest root with a shell: with what the script of the course makes.
pub(crate) fn root(home: &Path) -> PathBuf {
    bench::programs::root(&home.join("root")).unwrap_or_else(|error| panic!("{error:#}"))
}

pub(crate) fn open_to_all(directory: &Path) {
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Tried for real.
pub(crate) fn can_make_user_namespaces() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    let user = bench::user::User::ordinary();
    let _guard = user.become_it().unwrap();
    command.status().is_ok_and(|status| status.success())
}

/// boxwright, which stands beside the floor when the workspace was built; it is built now when the stages are younger.
pub(crate) fn programs() -> PathBuf {
    let directory = Path::new(FLOOR).parent().unwrap().to_owned();
    let built = changed(&directory.join("boxwright"));
    if built.is_none() || newest(&bench::programs::repository().join("stages")) > built {
        let mut cargo = bench::programs::cargo();
        cargo.args(["build", "--quiet", "-p", "runtime", "--bin", "boxwright", "--target-dir"]);
        assert!(cargo.arg(directory.parent().unwrap()).status().unwrap().success(), "boxwright cannot be built");
    }
    directory
}

fn changed(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).ok()?.modified().ok()
}

/// When the last source below this directory was changed.
fn newest(directory: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let of = |path: PathBuf| if path.is_dir() { newest(&path) } else { changed(&path) };
    entries.filter(|path| path.is_dir() || path.extension().is_some_and(|ending| ending == "rs")).filter_map(of).max()
}
