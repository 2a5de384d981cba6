//! What each program intends to ask of the kernel. Needs no privilege: nothing is asked.
//!
//! Root and an ordinary user ask differently, so each has snapshots of their own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use groundwork::host::{Capability, Here, Host};

/// A root with these files in it, of its own for each test.
fn root(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&root);
    for (path, content) in files {
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
    }
    fs::create_dir_all(&root).unwrap();
    root
}

/// A script is enough where nothing is run: it needs no loader.
const SCRIPT: &[u8] = b"#!/bin/true\n";

fn rehearse(mut program: Command, root: &Path, arguments: &[&str]) -> String {
    program.env_clear().env("PATH", "/usr/bin:/bin").arg("--rehearse").arg(root).args(arguments);
    let output = program.output().unwrap();
    let name = Path::new(program.get_program()).file_name().unwrap().display().to_string();
    let transcript = format!(
        "{}\n{}{}exit status: {}\n",
        format!("$ {name} --rehearse ROOT {}", arguments.join(" ")).trim_end(),
        String::from_utf8(output.stderr).unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        output.status.code().unwrap(),
    );
    transcript.replace(root.to_str().unwrap(), "ROOT")
}

macro_rules! check {
    ($program:literal, $root:expr, $arguments:expr) => {
        let transcript = rehearse(cargo_bin_cmd!($program), $root, &$arguments);
        let here: &dyn Host = &Here;
        insta::with_settings!({
            snapshot_suffix => if here.may(Capability::SysChroot) { "root" } else { "user" },
            omit_expression => true,
            prepend_module_to_snapshot => false,
            // Whoever runs the tests: their id, and how long it makes the line.
            filters => vec![(r#""0 \d+ 1\\n", \d+\) = \d+"#, r#""0 ID 1\n", SIZE) = SIZE"#)],
        }, {
            insta::assert_snapshot!($program, transcript);
        });
    };
}

#[test]
fn the_working_directory_follows_the_root() {
    check!("enter-chroot", &root("enter", &[("bin/sh", SCRIPT)]), []);
}

#[test]
fn the_walk_out_leaves_no_name_behind() {
    check!("escape-chroot", &root("escape", &[]), ["--", "/bin/sh"]);
}

#[test]
fn a_command_is_sought_in_the_new_root() {
    let root = root("sought", &[("usr/local/bin/only-here", SCRIPT)]);
    let transcript = rehearse(cargo_bin_cmd!("enter-chroot"), &root, &["--", "only-here"]);
    assert!(transcript.contains(r#"execve("/usr/local/bin/only-here", ["only-here"]"#), "{transcript}");
}

#[test]
fn a_root_that_is_missing_is_told_how_to_be_made() {
    let root = root("missing", &[]).join("not/here");
    let transcript = rehearse(cargo_bin_cmd!("enter-chroot"), &root, &[]);
    let expected = "enter-chroot: ROOT: there is no such directory\n\
                    hint: `rootfs-scripts/host.sh ROOT` makes one of this machine's own programs\n\
                    exit status: 125\n";
    assert!(transcript.ends_with(expected), "{transcript}");
}

#[test]
fn a_file_is_no_root() {
    let root = root("file", &[("file", SCRIPT)]).join("file");
    for program in [cargo_bin_cmd!("enter-chroot"), cargo_bin_cmd!("escape-chroot")] {
        let transcript = rehearse(program, &root, &[]);
        assert!(transcript.contains("-chroot: ROOT is not a directory\n"), "{transcript}");
        assert!(transcript.ends_with("exit status: 125\n"), "{transcript}");
    }
}

#[test]
fn an_empty_root_has_no_command() {
    let root = root("empty", &[]);
    for arguments in [&[] as &[&str], &["--", "ls"]] {
        let transcript = rehearse(cargo_bin_cmd!("enter-chroot"), &root, arguments);
        assert!(transcript.contains("no such command in "), "{transcript}");
        assert!(transcript.contains("hint: is it a root file system? `rootfs-scripts/host.sh "), "{transcript}");
        assert!(transcript.ends_with("exit status: 127\n"), "{transcript}");
    }
}

#[test]
fn a_missing_loader_is_found_before_the_root_is_entered() {
    let shell = fs::read("/bin/sh").unwrap();
    let root = root("loader", &[("bin/sh", &shell)]);
    let transcript = rehearse(cargo_bin_cmd!("enter-chroot"), &root, &[]);
    // A static shell needs none.
    if let Some(loader) = groundwork::refusal::interpreter_of(&Here, Path::new("/bin/sh")) {
        let expected = format!("ROOT: /bin/sh is there, but {}, which loads it, is not\n", loader.display());
        assert!(transcript.contains(&expected), "{transcript}");
        assert!(!transcript.contains("chroot("), "{transcript}");
    }
}

#[test]
fn a_link_in_the_root_does_not_lead_out_of_it() {
    let root = root("link", &[]);
    fs::create_dir(root.join("bin")).unwrap();
    std::os::unix::fs::symlink("/bin/sh", root.join("bin/shell")).unwrap();
    let transcript = rehearse(cargo_bin_cmd!("enter-chroot"), &root, &["--", "/bin/shell"]);
    assert!(transcript.contains("ROOT: /bin/shell: no such command in ROOT"), "{transcript}");
}
