//! What enter-overlay intends to ask of the kernel, and what it says before it asks anything. Needs no privilege.
//!
//! Root, an ordinary user and one with sub-ids ask differently, so each has snapshots of their own.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use assert_cmd::cargo::cargo_bin_cmd;
use groundwork::host::{Here, Host};
use tempfile::TempDir;
use unshare::user::{self, Maps};

/// Two layers, as small as a plan needs them.
fn place() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    for directory in ["base/bin", "base/etc", "base/proc", "app/srv", "data/inner"] {
        fs::create_dir_all(place.path().join(directory)).unwrap();
    }
    for file in ["base/bin/true", "base/etc/hosts", "file"] {
        fs::write(place.path().join(file), "").unwrap();
        fs::set_permissions(place.path().join(file), fs::Permissions::from_mode(0o755)).unwrap();
    }
    symlink("/srv", place.path().join("base/data")).unwrap();
    place
}

/// The whole transcript, each process for itself: who of two comes first is chance.
fn run(place: &TempDir, arguments: &[impl AsRef<OsStr>]) -> String {
    let mut program = cargo_bin_cmd!("enter-overlay");
    let program = program.env_clear().env("PATH", "/bin").env("TMPDIR", place.path()).current_dir(place.path());
    let output = program.args(arguments).output().unwrap();
    let words: Vec<_> = arguments.iter().map(|word| word.as_ref().display().to_string()).collect();
    let told = String::from_utf8_lossy(&output.stderr);
    let mut transcript = format!("$ enter-overlay {}\n", words.join(" "));
    let depth_of = |line: &str| (line.len() - line.trim_start().len()) / 4;
    for depth in 0..4 {
        transcript.extend(told.lines().filter(|line| depth_of(line) == depth).map(|line| format!("{line}\n")));
    }
    transcript + &String::from_utf8_lossy(&output.stdout) + &format!("exit status: {}\n", output.status.code().unwrap())
}

/// Root, an ordinary user, or one to whom subuid(5) grants ids.
fn who() -> &'static str {
    match user::is_needed() {
        false => "root",
        true if Maps::widest().are_mine() => "user",
        true => "granted",
    }
}

fn check(name: &str, suffix: &str, place: &TempDir, transcript: &str) {
    let filters = [
        // Where this run keeps its things.
        (place.path().canonicalize().unwrap().display().to_string(), "PLACE".to_owned()),
        // Whoever runs the tests: their id, and how long it makes the line.
        (r#""0 \d+ 1\\n", \d+\) = \d+"#.to_owned(), r#""0 ID 1\n", SIZE) = SIZE"#.to_owned()),
        // The same where subuid(5) grants them more.
        (
            r#"("new[ug]idmap", "PID", "0"), "\d+", "1", "1", "\d+", "\d+""#.to_owned(),
            r#"$1, "ID", "1", "1", "GRANTED", "COUNT""#.to_owned(),
        ),
        // What this host is called, and whom it asks for names.
        (
            r#"(etc/(hostname|hosts|resolv.conf)>), "[^"]*", \d+\) = \d+"#.to_owned(),
            r#"$1, "CONTENT", SIZE) = SIZE"#.to_owned(),
        ),
        // The directory without a name has the number of its maker in it.
        (r"enter-overlay-\d+-".to_owned(), "enter-overlay-PID-".to_owned()),
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
fn layers_are_stacked_before_the_old_root_goes() {
    let place = place();
    let words = [
        "--rehearse",
        "--layer",
        "base",
        "--layer",
        "app",
        "--state",
        "box",
        "--volume",
        "data:/data/inside:ro",
        "--volume",
        "file:/etc/extra/file",
        "--tmpfs",
        "/tmp",
        "--read-only",
        "--",
        "true",
    ];
    check("enter-overlay", who(), &place, &run(&place, &words));
    assert!(!place.path().join("box").exists(), "a rehearsal has left something");
}

#[test]
fn without_a_state_one_is_made_and_removed() {
    let place = place();
    let told = run(&place, &["--rehearse", "--layer", "base", "--", "true"]);
    let name = format!("{}/enter-overlay-", place.path().canonicalize().unwrap().display());
    assert!(told.contains(&format!("mkdir(\"{name}")), "{told}");
    assert!(told.contains(",volatile\") = 0"), "{told}");
    let outside = told.lines().position(|line| line.trim_start().starts_with("wait4(")).unwrap();
    let removed = told.lines().position(|line| line.contains("unlinkat(FD, \"enter-overlay-")).unwrap();
    assert!(outside < removed, "{told}");
}

#[test]
fn layers_that_overflow_a_page_are_named_one_by_one() {
    let place = place();
    let layers: Vec<_> = (0..100).map(|number| format!("{number:064}")).collect();
    let mut words = vec!["--rehearse".to_owned(), "--state".to_owned(), "box".to_owned()];
    for layer in &layers {
        fs::create_dir(place.path().join(layer)).unwrap();
        words.extend(["--layer".to_owned(), layer.clone()]);
    }
    words.extend(["--volume".to_owned(), "base/bin:/bin".to_owned(), "--".to_owned(), "/bin/true".to_owned()]);
    let told = run(&place, &words);
    // Before Linux 6.7 they have numbers: the container's own and the 100, and those of the upper layer.
    if !(&Here as &dyn Host).is_kernel_at_least(6, 7) {
        let options = told.lines().find(|line| line.contains("lowerdir=FD:FD")).unwrap_or_else(|| panic!("{told}"));
        return assert_eq!(options.matches("FD").count(), 101 + 2, "{options}");
    }
    let named: Vec<_> = told.lines().filter(|line| line.contains("\"lowerdir+\"")).collect();
    assert_eq!(named.len(), 101, "{told}");
    // The uppermost is the container's own; the last one named is the lowest of the image.
    assert!(named[0].contains("/box/init\""), "{}", named[0]);
    assert!(named[100].contains(&layers[0]), "{}", named[100]);
    assert!(!told.contains("lowerdir="), "{told}");
}

#[test]
fn a_path_that_fsconfig_cannot_take_is_named_by_its_number() {
    let place = place();
    let deep = vec!["x".repeat(100); 3].join("/");
    fs::create_dir_all(place.path().join(&deep)).unwrap();
    // A comma keeps it out of a string of options, its length out of fsconfig(2).
    let layer = format!("{deep}/a,b");
    fs::create_dir_all(place.path().join(&layer)).unwrap();
    let told = run(&place, &["--rehearse", "--layer", "base", "--layer", &layer, "--state", "box", "--", "true"]);
    assert!(told.contains("chdir(\"/proc/self/fd\")"), "{told}");
    assert!(told.contains("\"lowerdir=FD:FD:FD,upperdir=FD,workdir=FD,"), "{told}");
    assert!(told.contains("fchdir(FD)"), "{told}");
}

// Each is refused before the kernel is asked for anything.
#[test]
fn what_cannot_work_is_said_first() {
    let place = place();
    fs::create_dir_all(place.path().join("kept/upper")).unwrap();
    let cases: [&[&[u8]]; 15] = [
        &[],
        &[b"base"],
        &[b"--layer", b"missing"],
        &[b"--layer", b"file"],
        &[b"--layer", b"base", b"--layer", b"app/../base"],
        &[b"--layer", b"base", b"--layer", b"base/etc"],
        &[b"--layer", b"\xff"],
        &[b"--rehearse", b"--layer", b"base", b"--state", b"file"],
        &[b"--rehearse", b"--layer", b"base", b"--state", b"no/where"],
        &[b"--rehearse", b"--layer", b"base", b"--state", b"base/box"],
        &[b"--rehearse", b"--layer", b"base", b"--layer", b"kept/upper", b"--state", b"kept"],
        &[b"--layer", b"base", b"--volume", b"missing:/data"],
        &[b"--layer", b"base", b"--volume", b"data:relative"],
        &[b"--layer", b"base", b"--volume", b"data:/data", b"--volume", b"file:/data/missing"],
        &[b"--layer", b"base", b"--tmpfs", b"/.."],
    ];
    let said = |words: &&[&[u8]]| {
        let transcript = run(&place, &words.iter().map(|word| OsStr::from_bytes(word)).collect::<Vec<_>>());
        // The way into a user namespace comes first where it is needed, and is no matter here.
        let told =
            |line: &&str| !line.trim_start().starts_with('#') && !line.contains(") = ") && !line.contains("execve(");
        transcript.lines().filter(told).map(|line| format!("{line}\n")).collect::<String>() + "\n"
    };
    check("enter-overlay-bad-input", "", &place, &cases.iter().map(said).collect::<String>());
}
