//! The machine from outside: what it refuses, and one start with one command.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program, with the cache of this build, or of whoever says so.
fn vm(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vm"));
    command.args(words).stdin(Stdio::null());
    if std::env::var_os("BOXWRIGHT_VM").is_none() {
        command.env("BOXWRIGHT_VM", Path::new(env!("CARGO_TARGET_TMPDIR")).join("machine"));
    }
    command
}

fn run(command: &mut Command) -> (Output, String) {
    let output = command.output().expect("vm can be run");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, errors)
}

/// Programs for the machine: none is built for these tests.
fn no_programs() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is a place for temporary files")
}

fn skipped(test: &str, why: &str) {
    skips::note(test, "Qemu", why, "see `cargo workshop vm prepare`").unwrap_or_else(|forbidden| panic!("{forbidden}"));
}

#[test]
fn without_qemu_it_says_what_to_install() {
    let bin = no_programs();
    let path = bin.path().display().to_string();
    let mut command = vm(&["--bin", &path, "--", "true"]);
    command.env("BOXWRIGHT_QEMU", "/nonexistent/qemu");
    let (output, errors) = run(&mut command);
    assert_eq!(output.status.code(), Some(125), "{errors}");
    for words in ["there is no", "apt install qemu-system-x86", "dnf install", "pacman -S", "brew install qemu"] {
        assert!(errors.contains(words), "{errors}");
    }
}

/// A package whose sum is not the one of kernels.json, from a server of the test's own, is refused and not kept.
#[test]
fn a_package_with_a_wrong_sum_is_refused() {
    let (cache, bin) = (no_programs(), no_programs());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let mirror = format!("http://{}/debian", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("vm asks");
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            std::io::Read::read_exact(&mut stream, &mut byte).expect("a request");
            seen.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n!<arch>\nnot Debian's").expect("an answer");
        String::from_utf8_lossy(&seen).into_owned()
    });
    let path = bin.path().display().to_string();
    let mut command = vm(&["prepare", "--bin", &path]);
    let qemu = std::env::current_exe().expect("this test has a file");
    let (output, errors) = run(command
        .env("BOXWRIGHT_VM", cache.path())
        .env("BOXWRIGHT_QEMU", qemu)
        .env("DEBIAN_MIRROR", mirror)
        .env_remove("http_proxy"));
    assert_eq!(output.status.code(), Some(125), "{errors}");
    assert!(errors.contains("its SHA-256 is") && errors.contains("hint: "), "{errors}");
    assert!(server.join().expect("the server").starts_with("GET /debian/pool/main/l/linux"));
    let packages = fs::read_dir(cache.path().join("packages")).expect("the folder of packages");
    assert_eq!(packages.count(), 0, "what is wrong is not kept");
}

#[test]
fn a_kernel_that_nobody_knows_is_told_with_those_that_are() {
    let bin = no_programs();
    let qemu = std::env::current_exe().expect("this test has a file");
    let path = bin.path().display().to_string();
    let mut command = vm(&["--kernel", "plan-9", "--bin", &path, "--", "true"]);
    let (output, errors) = run(command.env("BOXWRIGHT_QEMU", qemu));
    assert_eq!(output.status.code(), Some(125));
    assert!(errors.contains("there is no kernel plan-9") && errors.contains("debian-12"), "{errors}");
}

/// The one start: as root and with a status, and nothing of it is left.
#[test]
fn a_command_runs_in_a_machine_of_its_own_and_nothing_is_left() {
    let test = "a_command_runs_in_a_machine_of_its_own_and_nothing_is_left";
    let bin = no_programs();
    fs::copy("/bin/true", bin.path().join("own-program")).expect("a program");
    let path = bin.path().display().to_string();
    let (prepared, why) = run(&mut vm(&["prepare", "--bin", &path]));
    if !prepared.status.success() {
        let why = why.lines().filter(|line| !line.ends_with(')')).collect::<Vec<_>>().join("; ");
        return skipped(test, &why.replace("hint: ", ""));
    }
    let script =
        "own-program && id -u && cat && stat -f -c %T / && cat /proc/self/cgroup && echo to-errors >&2 && exit 7";
    let mut command = vm(&["--user", "--bin", &path, "--", "sh", "-c", script]);
    let mut running =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("vm can be run");
    running.stdin.take().expect("a pipe").write_all(b"from outside\n").expect("it reads");
    let output = running.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{text}{errors}");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(&lines[..3], ["1000", "from outside", "ext2/ext3"], "{text}");
    assert!(lines[3].starts_with("0::/user.slice/user-1000.slice/user@1000.service/"), "pure version 2: {text}");
    assert!(errors.contains("to-errors"), "{errors}");
}
