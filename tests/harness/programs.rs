//! The programs to judge: built once, and found where cargo says it has put them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

/// Set to a directory, it is there that the programs are taken from, whoever made them and in whatever language.
pub const JUDGED: &str = "BOXWRIGHT_JUDGED_BIN_DIR";

/// The file of a program.
pub fn program(name: &str) -> &'static Path {
    programs().get(name).unwrap_or_else(|| panic!("there is no program {name}: see {JUDGED} in {}", file!()))
}

/// All programs of the stages, by name.
pub fn programs() -> &'static BTreeMap<String, PathBuf> {
    static PROGRAMS: LazyLock<BTreeMap<String, PathBuf>> = LazyLock::new(|| match std::env::var_os(JUDGED) {
        Some(directory) => found_in(Path::new(&directory)),
        None => built(),
    });
    &PROGRAMS
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository")
}

/// Where cargo builds: the directory above ours that cargo has marked as one that need not be backed up.
pub fn target_directory() -> PathBuf {
    let here = std::env::current_exe().expect("this program has a file");
    let marked = here.ancestors().find(|above| above.join("CACHEDIR.TAG").exists());
    marked.map_or_else(|| repository().join("target"), Path::to_owned)
}

fn found_in(directory: &Path) -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{JUDGED}: {error}"));
    let is_program = |path: &PathBuf| path.is_file() && path.extension().is_none() && !path.ends_with(".cargo-lock");
    let files = entries.map(|entry| entry.expect("an entry can be read").path()).filter(is_program);
    files.map(|path| (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path)).collect()
}

/// Asks for the very build that `cargo test --workspace` has just made, so that there is nothing left to do: without
/// `--tests` the dependencies would have other features, and all would be built again.
///
/// cargo lets go of its lock before it starts a test, so asking again from inside one does not wait for itself.
fn built() -> BTreeMap<String, PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(repository()).args(["build", "--quiet", "--workspace", "--bins", "--tests"]);
    command.args(["--message-format=json-render-diagnostics", "--target-dir"]).arg(target_directory());
    if std::env::current_exe().is_ok_and(|here| here.components().any(|part| part.as_os_str() == "release")) {
        command.arg("--release");
    }
    // What cargo tells a test about its own package must not reach the build of the others.
    let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(told)) {
        command.env_remove(name);
    }
    let built = command.stdin(Stdio::null()).output().expect("cargo can be run");
    assert!(built.status.success(), "{command:?}: {}", String::from_utf8_lossy(&built.stderr));
    let messages = String::from_utf8_lossy(&built.stdout);
    messages.lines().filter_map(|line| artifact(&serde_json::from_str(line).ok()?)).collect()
}

fn artifact(message: &Value) -> Option<(String, PathBuf)> {
    let target = message.get("target")?;
    // The guide through the exercises and the builder of the book are tools, and not what is taught.
    let is_of_a_stage = Path::new(target["src_path"].as_str()?).starts_with(repository().join("stages"));
    let is_program = target["kind"] == serde_json::json!(["bin"]) && message["profile"]["test"] == false;
    let file = message["executable"].as_str().filter(|_| is_program && is_of_a_stage)?;
    Some((target["name"].as_str()?.to_owned(), PathBuf::from(file)))
}
