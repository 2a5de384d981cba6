//! What the unsafe sites of groundwork rely on, watched.

use crate::harness::{program, programs, rootfs};

/// A command line for each program, of the shortest that does something.
fn shortest(program: &str) -> Vec<String> {
    let me = std::process::id().to_string();
    let root = rootfs().to_str().expect("paths are UTF-8").to_owned();
    let words: &[&str] = match program {
        "enter-chroot" | "enter-pivot" => &[&root, "--", "true"],
        "escape-chroot" => &[&root],
        "enter-overlay" => &["--layer", &root, "--", "true"],
        "boxwright" => &["run", "--rm", &root, "--", "true"],
        "ns-show" | "usage" => &[&me],
        "ns-keep" => &["--hold", &me, "uts", "--", "true"],
        "ns-enter" => &[&me, "--kind", "uts", "--", "true"],
        "limit" => &["--quiet", "--", "true"],
        "layer-usage" => &[&root],
        "pid-orphans" | "mount-leak" | "unshare-rest" | "doctor" | "ipc-objects" => &[],
        name if name.starts_with("unshare-") || name == "clone-into" => &["--", "true"],
        // They act on what is there already; they start nobody.
        _ => &["--help"],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn every_program_has_one_thread() {
    needs!(Strace, UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    for name in programs().keys() {
        let seen = room.path("clones");
        let options = ["-f", "-e", "trace=clone,clone3,fork,vfork", "-o", seen.to_str().unwrap()];
        let words =
            options.map(str::to_owned).into_iter().chain([program(name).display().to_string()]).chain(shortest(name));
        room.run("/usr/bin/strace", words);
        let seen = std::fs::read_to_string(&seen).unwrap();
        assert!(seen.contains("+++ exited"), "{name}: {seen}");
        let threads: Vec<_> = seen.lines().filter(|line| line.contains("CLONE_THREAD")).collect();
        assert_eq!(threads, [""; 0], "{name}");
    }
}

#[test]
fn a_closed_pipe_ends_a_program() {
    let room = room!();
    for name in programs().keys() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status =
            room.command(name, ["--help"]).stdout(writer).stderr(std::process::Stdio::null()).status().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(nix::libc::SIGPIPE), "{name}");
    }
}

#[test]
fn a_contained_program_is_ended_by_a_closed_pipe_too() {
    needs!(UserNamespaces);
    let room = room!();
    // `yes` would go on for ever if it had inherited that SIGPIPE is ignored and did not look at its errors.
    let seen = room.run("unshare-uts", ["--", "sh", "-c", "grep SigIgn /proc/self/status"]).ok();
    let ignored = u64::from_str_radix(seen.split_whitespace().nth(1).unwrap(), 16).unwrap();
    assert_eq!(ignored & (1 << (nix::libc::SIGPIPE - 1)), 0, "{seen}");
}

#[test]
fn a_helper_never_runs_our_own_code() {
    needs!(OrdinaryUser, SubordinateIds);
    let room = room!();
    // A helper that cannot be run must end there, and not come back as a second caller.
    let told = room.run("unshare-user", ["--explain", "--sub-ids", "--", "sh", "-c", "echo once"]);
    assert_eq!(told.ok(), "once\n");
    assert!(told.stderr().contains("newuidmap"), "{}", told.stderr());
    let folder = room.folder("helpers");
    for helper in ["newuidmap", "newgidmap"] {
        let path = folder.join(helper);
        std::fs::write(&path, "no program").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut command = room.command("unshare-user", ["--sub-ids", "--", "sh", "-c", "echo once"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    let failed = crate::harness::Running::start(command).end();
    assert_eq!((failed.stdout().as_str(), failed.status()), ("", 125), "{}", failed.stderr());
}
