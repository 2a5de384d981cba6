//! The old root is gone, however one looks for it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::harness::{Process, Room, Running, is_root, program, rootfs};

use super::{at, command, enter, enter_root, first_process, listening, mounts, targets};

/// A file of the host with a word in it that nobody knows.
fn secret(room: &Room) -> (PathBuf, String) {
    let word = room.name("secret");
    (room.file("secret", &word), word)
}

/// Every way to a file of the host that a process without it may try.
fn tries(secret: &Path) -> String {
    let path = secret.display();
    format!(
        "cd /; cat {path} ../../../../../../../../../..{path} /proc/self/root{path} /proc/self/cwd{path} /proc/self/cwd/..{path}; \
         for process in /proc/[0-9]*; do \
             cat $process/root{path} $process/cwd{path} $process/cwd/../../../../../../..{path}; \
             for link in $process/fd/*; do cat $link{path} $link/secret $link/work/secret $link/../../../../../../../..{path}; done; \
         done; \
         chroot /proc/1/root cat {path}; cd /proc/1/cwd && cat .{path}; cat /.old*{path} /old*{path} /put_old*{path} /mnt{path}"
    )
}

#[test]
fn one_root_is_mounted_inside_and_only_what_belongs_there() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let data = room.folder("data");
    let volume = format!("{}:/mnt", data.display());
    let mut running = listening(&room, &["--volume", &volume, "--tmpfs", "/home"]);
    let of_first = first_process(&room).read("mountinfo");
    let seen = mounts(&of_first);
    assert_eq!(seen.iter().filter(|mount| mount.target == Path::new("/")).count(), 1, "{of_first}");
    assert!(rootfs().ends_with(at(&seen, "/").source.strip_prefix("/").unwrap()), "{of_first}");
    let mut expected: BTreeSet<_> =
        ["/", "/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/mnt", "/home"]
            .map(PathBuf::from)
            .into();
    if !is_root() {
        // What cannot be made is the host's: its devices, and its /sys with all that is mounted there.
        expected.extend(["null", "zero", "full", "random", "urandom", "tty"].map(|name| Path::new("/dev").join(name)));
        let host = mounts(&Process::with(std::process::id()).read("mountinfo"));
        expected.extend(targets(&host).into_iter().filter(|target| target.starts_with("/sys")));
    }
    assert_eq!(targets(&seen), expected, "{of_first}");
    // The list that is seen inside is the same one.
    assert_eq!(running.say("cat /proc/self/mountinfo | wc -l\n").line(), of_first.lines().count().to_string());
}

#[test]
fn no_path_leads_out() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let (secret, word) = secret(&room);
    let ran = enter(&room, &[], &tries(&secret));
    assert_eq!(ran.stdout(), "", "{}", ran.stderr());
    // The same words find it where the old root stays: they would have found it.
    let found = room.run("unshare-pid", ["--", "sh", "-c", &tries(&secret)]).stdout();
    assert!(found.matches(&word).count() > 5, "{found}");
}

#[test]
fn a_directory_that_was_left_open_is_no_way_out() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let (secret, word) = secret(&room);
    // Whoever starts the program has the folder of the secret open.
    let script = format!("exec 7<{}; exec \"$0\" \"$@\"", room.path("").display());
    let through = |name: &str, words: &[&str]| {
        let program = program(name).to_str().unwrap();
        room.run("/bin/sh", ["-c", &script, program].into_iter().chain(words.iter().copied()))
    };
    let words = "readlink /proc/[0-9]*/fd/*; cat /proc/self/fd/7/secret";
    let ran = through("enter-pivot", &command(rootfs(), &[], words));
    assert!(!ran.stdout().contains("work") && !ran.stdout().contains(&word), "{}", ran.stdout());
    assert_eq!(through("enter-pivot", &command(rootfs(), &[], &tries(&secret))).stdout(), "");
    // It is one where nobody closes it.
    assert!(through("unshare-pid", &["--", "sh", "-c", words]).stdout().ends_with(&word));
}

/// What "/" is, by device and inode.
const WHERE: &str = "stat -c '%d %i' /";

fn place(path: &Path) -> String {
    let about = fs::metadata(path).unwrap();
    format!("{} {}\n", about.dev(), about.ino())
}

#[test]
fn the_walk_out_of_a_chroot_ends_where_it_began() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let root = room.root(&["escape-chroot"]);
    let walk = format!("/escape-chroot -- {WHERE}");
    let out = room.run("enter-chroot", command(&root, &[], &walk)).ok();
    assert_eq!(out, place(Path::new("/")), "out of a chroot it leads");
    for options in [&[][..], &["--read-only"], &["--no-pivot"]] {
        let ran = enter_root(&room, &root, options, &format!("{walk}; echo $?; {WHERE}"));
        let (said, rest) =
            ran.stdout().split_once('\n').map(|(said, rest)| (said.to_owned(), rest.to_owned())).unwrap();
        assert!(said.starts_with("contained: "), "{options:?}: {said}");
        assert_eq!(rest, format!("1\n{}", place(&root)), "{options:?}");
        assert!(!root.join(".way-out").exists(), "{options:?}");
    }
}

#[test]
fn without_a_pivot_the_old_root_lies_below_the_new_one() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let (secret, word) = secret(&room);
    // The weaker wall is as weak as --help says: a mount taken off, and the lowest root of all is entered.
    let words = format!("cd /proc && umount -l / && nsenter --mount=self/ns/mnt cat {}", secret.display());
    assert_eq!(enter(&room, &["--no-pivot"], &words).ok(), word);
    let ran = enter(&room, &[], &words);
    assert!(!ran.output.status.success() && ran.stdout().is_empty(), "{}", ran.transcript());
    // No path leads there either way.
    assert_eq!(enter(&room, &["--no-pivot"], &tries(&secret)).stdout(), "");
}

#[test]
fn the_root_outside_stays() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let me = Process::with(std::process::id());
    let before = me.read("mountinfo");
    let running: Running = listening(&room, &[]);
    let first = first_process(&room);
    assert_ne!(crate::harness::namespace_of(first, "mnt"), crate::harness::namespace_of(me, "mnt"));
    assert_eq!(me.link("root").as_deref(), Some(Path::new("/")));
    assert_eq!(me.read("mountinfo"), before);
    // Seen from here, the root of that process is the directory that was named.
    assert_eq!(place(Path::new(&format!("/proc/{}/root", first.0))), place(rootfs()));
    assert_eq!(running.end().status(), 0);
}

#[test]
fn nothing_is_made_in_the_root() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let root = room.root(&[]);
    let list = || {
        let found = room.run("/usr/bin/find", [root.to_str().unwrap(), "-printf", "%p %y %m %s %T@ %C@\n"]).ok();
        assert!(found.lines().count() > 50, "{found}");
        found
    };
    let before = list();
    let volume = format!("{}:/mnt", room.folder("data").display());
    enter_root(&room, &root, &["--volume", &volume, "--tmpfs", "/tmp", "--tmpfs", "/dev/x"], "touch /mnt/x /tmp/x")
        .ok();
    assert_eq!(list(), before);
}

#[test]
fn exit_status_is_that_of_the_command() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    // PID 1 is not ended by a signal that it sends to itself; what it starts is.
    for (words, status) in
        [("exit 0", 0), ("exit 7", 7), ("sh -c 'kill -KILL $$'; exit $?", 137), ("no-such-command", 127)]
    {
        assert_eq!(enter(&room, &[], words).status(), status, "{words}");
    }
    let root = rootfs().to_str().unwrap();
    for (command, status) in [("no-such-command", 127), ("/etc", 126), ("/etc/passwd", 126)] {
        assert_eq!(room.run("enter-pivot", [root, "--", command]).status(), status, "{command}");
    }
    assert_eq!(room.run("enter-pivot", ["/no/such/root", "--", "true"]).status(), 125);
}

#[test]
fn the_end_of_enter_pivot_is_the_end_of_everything_inside() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let mut running = listening(&room, &[]);
    running.say("sh -c 'echo; sleep 1000; :' & setsid sh -c 'echo; sleep 1001; :' &\n");
    // A line of each, and one of the shell that started them.
    (0..3).for_each(|_| drop(running.line()));
    let inside = room.attribution().processes();
    assert!(inside.len() >= 3, "{inside:?}");
    drop(running); // SIGKILL
    let soon = std::time::Instant::now() + std::time::Duration::from_secs(5);
    assert!(inside.iter().all(|process| process.ends_before(soon)));
}
