//! Stage 01: another root is only another starting point for "/".

use std::os::unix::fs::MetadataExt;

use crate::harness::{Process, rootfs};

/// What tells two directories apart.
fn place(path: &std::path::Path) -> String {
    let about = std::fs::metadata(path).unwrap();
    format!("{} {}\n", about.dev(), about.ino())
}

const WHERE: &str = "stat -c '%d %i' /";

#[test]
fn the_root_inside_is_the_one_named() {
    needs!(UserNamespaces);
    let room = room!();
    let root = rootfs().to_str().unwrap();
    assert_eq!(room.run("enter-chroot", [root, "--", "sh", "-c", WHERE]).ok(), place(rootfs()));
    assert_eq!(room.run("enter-chroot", [root, "--", "pwd"]).ok(), "/\n");
    assert!(!room.run("enter-chroot", [root, "--", "ls", room.path("").to_str().unwrap()]).output.status.success());
}

#[test]
fn the_root_outside_stays() {
    needs!(UserNamespaces);
    let room = room!();
    let mut running =
        room.start("enter-chroot", [rootfs().to_str().unwrap(), "--", "sh", "-c", "echo in; read -r line"]);
    assert_eq!(running.line(), "in");
    assert_eq!(running.process().link("root").as_deref(), Some(rootfs()));
    assert_eq!(Process::with(std::process::id()).link("root").as_deref(), Some(std::path::Path::new("/")));
}

#[test]
fn a_walk_leads_out_of_a_chroot() {
    needs!(UserNamespaces);
    let room = room!();
    let root = room.root(&["escape-chroot"]);
    let inside = [root.to_str().unwrap(), "--", "/escape-chroot"];
    let outside = place("/".as_ref());
    let words = inside.into_iter().chain(["--", "sh", "-c", WHERE]);
    assert_eq!(room.run("enter-chroot", words).ok(), outside);
    assert_eq!(room.run("enter-chroot", inside).status(), 0);
    let by_itself = [root.to_str().unwrap(), "--", "sh", "-c", WHERE];
    assert_eq!(room.run("escape-chroot", by_itself).ok(), outside);
    assert!(!root.join(".way-out").exists(), "the walk leaves nothing in the root");
}

#[test]
fn a_root_without_its_loader_is_explained() {
    needs!(UserNamespaces);
    let room = room!();
    let root = room.folder("bare");
    std::fs::create_dir(root.join("bin")).unwrap();
    std::fs::copy("/bin/true", root.join("bin/true")).unwrap();
    let ran = room.run("enter-chroot", [root.to_str().unwrap(), "--", "/bin/true"]);
    let refused = ran.stderr();
    assert!(!ran.output.status.success() && refused.contains("hint:") && refused.contains("ld-linux"), "{refused}");
}

#[test]
fn exit_status_is_that_of_the_command() {
    needs!(UserNamespaces);
    let room = room!();
    let status = |words: &str| room.run("enter-chroot", [rootfs().to_str().unwrap(), "--", "sh", "-c", words]).status();
    assert_eq!([status("exit 0"), status("exit 7"), status("kill -KILL $$")], [0, 7, 137]);
}
