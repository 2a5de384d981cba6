//! Roots that cannot be left, and roots of another make.

use std::fs;
use std::path::Path;
use std::process::Command;

use nix::errno::Errno;
use nix::libc;

use super::filter::{Answer, Filter};
use super::host::{Host, Who, filtered};
use super::lock::{Lock, Says};
use super::step::Step;
use super::warden::Rule;
use crate::harness::{Room, program, repository, rootfs};

const INITRAMFS: Says = Says {
    needs: &["pivot-root"],
    verdict: "blocked",
    kind: "initramfs",
    why: "\"/\" is the initial ramfs, which lies at the bottom of all mounts and cannot be moved",
    remedy: "move the new root onto it with MS_MOVE and chroot(2), as switch_root(8) and `enter-pivot --no-pivot` do",
};

/// As far as it can be made without booting one: mountinfo shows it, and pivot_root(2) answers as there.
pub fn initramfs() -> Lock {
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts can be read");
    let line = |line: &str| {
        let is_root = line.split(' ').nth(4) == Some("/");
        if is_root { "1 1 0:2 / / rw - rootfs rootfs rw\n".to_owned() } else { format!("{line}\n") }
    };
    let refused = [(libc::SYS_pivot_root, Answer::Errno(Errno::EINVAL))];
    let host = Host::ordinary()
        .lastly(filtered(Filter::of(&refused)))
        .ruled(Rule::Shows("/proc/self/mountinfo", mounts.lines().map(line).collect()));
    Lock::new("the initial ramfs as root (simulated)", host, [INITRAMFS])
}

#[test]
fn the_initial_ramfs_is_told_and_there_is_a_way_without_pivot_root() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let (room, lock) = (room!(), initramfs());
    let root = rootfs().to_str().expect("paths are UTF-8");
    lock.is_told_by_doctor(&room);
    lock.is_told_by(&room, &["enter-pivot", root, "--", "true"]);
    lock.is_told_by(&room, &["boxwright", "run", "--rm", root, "--", "true"]);
    lock.runs(&room, &["enter-pivot", "--no-pivot", root, "--", "echo", "inside"], "inside\n");
}

const NO_STRACE: Says = Says {
    needs: &["strace"],
    verdict: "blocked",
    kind: "missing-program",
    why: "strace is not installed",
    remedy: "`doas apk add strace`",
};

/// A host whose programs are one busybox without libraries, and whose C library, where it has one, is not the GNU one.
/// What it takes to run ours is beside it.
fn busybox(room: &Room) -> Lock {
    let root = room.path("busybox");
    made(Command::new("sh").arg(repository().join("rootfs-scripts/busybox.sh")).arg(&root));
    for name in ["doctor", "enter-chroot", "enter-pivot"] {
        fs::copy(program(name), root.join(name)).expect("a program can be copied");
    }
    libraries(&root);
    made(Command::new("cp").arg(repository().join("rootfs-scripts/host.sh")).arg(&root));
    made(Command::new("cp").arg(repository().join("rootfs-scripts/shared.sh")).arg(&root));
    let shown = |name: &str| Step::bind(Path::new("/").join(name), root.join(name));
    let steps = [Step::bind(&root, &root), shown("proc"), shown("sys"), shown("dev"), Step::pivot(&root)];
    let host = Host::ordinary().with(steps).within(["/bin/busybox", "env"].map(str::to_owned), Who::Ordinary);
    // As Alpine does.
    fs::write(root.join("etc/os-release"), "ID=alpine\nPRETTY_NAME=\"Alpine Linux\"\n").expect("it can be named");
    let host = host.variable("TMPDIR", Some(Path::new("/tmp")));
    Lock::new("a musl host (one static busybox)", host, [NO_STRACE])
}

fn made(command: &mut Command) {
    let ran = command.output().expect("it can be run");
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// The loader and the libraries of our own programs, where ldd(1) finds them.
fn libraries(root: &Path) {
    let listed = Command::new("ldd").arg(program("doctor")).output().expect("ldd can be run");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for file in listed.split_whitespace().filter(|word| word.starts_with('/')) {
        let there = root.join(file.trim_start_matches('/'));
        fs::create_dir_all(there.parent().expect("a file lies in a folder")).expect("a folder can be made");
        fs::copy(file, there).expect("a library can be copied");
    }
}

#[test]
fn a_host_of_one_static_busybox_is_a_source_of_roots() {
    needs!(UserNamespaces, PivotRoot, Overlayfs, Busybox);
    let room = room!();
    let lock = busybox(&room);
    lock.is_told_by_doctor(&room);
    let made = lock.host.run(&room, "/bin/sh", &["/host.sh", "/tmp/made"]).ok();
    assert_eq!(made.lines().last(), Some("/tmp/made"), "{made}");
    for program in ["enter-chroot", "enter-pivot"] {
        lock.runs(&room, &[program, "/tmp/made", "--", "sh", "-c", "echo inside"], "inside\n");
    }
}
