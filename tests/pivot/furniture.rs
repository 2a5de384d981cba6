//! /proc, /dev and /sys: what programs expect, and nothing of the host's.

use std::fs;

use crate::harness::{Process, namespace_of};

use super::{at, enter, enter_root, first_process, is_read_only, listening, mounts};

#[test]
fn proc_is_fresh_and_shows_nobody_else() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let mut running = listening(&room, &[]);
    assert_eq!(running.say("cd /proc; echo $$ [0-9]*\n").line(), "1 1");
    let first = first_process(&room);
    assert_eq!(first.status("NSpid").unwrap(), format!("{} 1", first.0));
    assert_ne!(namespace_of(first, "pid"), namespace_of(Process::with(std::process::id()), "pid"));
    let list = mounts(&first.read("mountinfo"));
    let proc = at(&list, "/proc");
    assert_eq!((proc.fstype.as_str(), proc.source.to_str()), ("proc", Some("/")));
    for option in ["nosuid", "nodev", "noexec"] {
        assert!(proc.options.split(',').any(|one| one == option), "{}", proc.options);
    }
    // Whoever is outside sees both, and a file that is inside only by way of /proc/PID/root.
    let outside = fs::read_dir(format!("/proc/{}/root/proc", first.0)).unwrap();
    let numbers = outside.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    assert_eq!(numbers.collect::<Vec<u32>>(), [1]);
}

/// Each entry of /dev: its type, and where it has them its numbers or its target.
const DEVICES: [&str; 14] = [
    "fd symbolic link 0:0 /proc/self/fd",
    "full character special file 1:7",
    "mqueue directory 0:0",
    "null character special file 1:3",
    "ptmx symbolic link 0:0 pts/ptmx",
    "pts directory 0:0",
    "random character special file 1:8",
    "shm directory 0:0",
    "stderr symbolic link 0:0 /proc/self/fd/2",
    "stdin symbolic link 0:0 /proc/self/fd/0",
    "stdout symbolic link 0:0 /proc/self/fd/1",
    "tty character special file 5:0",
    "urandom character special file 1:9",
    "zero character special file 1:5",
];

#[test]
fn dev_has_the_standard_files_and_no_other() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let words = "cd /dev; for name in *; do echo $(stat -c '%n %F %t:%T' $name) $(readlink $name); done";
    assert_eq!(enter(&room, &[], words).ok().lines().collect::<Vec<_>>(), DEVICES);
    // Everyone may use a device, whatever the umask was; /dev itself is root's.
    let words = "umask 077; cd /dev; stat -c %a . full null random tty urandom zero shm mqueue | tr '\\n' ' '";
    assert_eq!(enter(&room, &[], words).ok(), "755 666 666 666 666 666 666 1777 1777 ");
    assert_eq!(enter(&room, &[], "find /dev -type b -o -name 'sd*' -o -name 'mem' -o -name 'kmsg'").ok(), "");
}

#[test]
fn the_umask_of_the_caller_closes_no_device() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let program = crate::harness::program("enter-pivot").to_str().unwrap();
    let root = crate::harness::rootfs().to_str().unwrap();
    let words = ["-c", "umask 077; exec \"$0\" \"$@\"", program, root, "--", "sh", "-c", "stat -c %a /dev/null; umask"];
    assert_eq!(room.run("/bin/sh", words).ok(), "666\n0077\n");
}

#[test]
fn devices_work() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let words = "echo lost > /dev/null; cat /dev/null; head -c 3 /dev/zero | od -An -tx1; \
                 test \"$(head -c 16 /dev/urandom | od -An -tx1)\" != \"$(head -c 16 /dev/random | od -An -tx1)\" && echo differ; \
                 echo x | cat > /dev/full || echo full; echo heard > /dev/stdout; echo typed | cat /dev/stdin;";
    let ran = enter(&room, &[], words);
    assert_eq!(ran.stdout(), " 00 00 00\ndiffer\nfull\nheard\ntyped\n", "{}", ran.stderr());
    assert!(ran.stderr().contains("No space left"), "{}", ran.stderr());
}

#[test]
fn what_is_put_into_dev_stays_in_there() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let name = room.name("in-dev");
    let words =
        format!("for place in /dev /dev/shm /dev/mqueue; do echo > $place/{name}; ls $place | grep -c {name}; done");
    assert_eq!(enter(&room, &[], &words).ok(), "1\n1\n1\n");
    for place in ["/dev", "/dev/shm", "/dev/mqueue"] {
        assert!(fs::symlink_metadata(format!("{place}/{name}")).is_err(), "{place}");
    }
    // Nor is it there for the next one, nor what the host puts there.
    let of_the_host = format!("/dev/shm/{name}");
    fs::write(&of_the_host, "").unwrap();
    let seen = enter(&room, &[], &format!("find /dev -name '{name}'")).ok();
    fs::remove_file(&of_the_host).unwrap();
    assert_eq!(seen, "");
}

#[test]
fn terminals_are_its_own() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let mut running = listening(&room, &[]);
    // The first one of a new file system of terminals, however many the host has.
    assert_eq!(
        running.say("script -qec 'tty; ls /dev/pts' /dev/null | tr -d '\\r' | xargs\n").line(),
        "/dev/pts/0 0 ptmx"
    );
    let outside = fs::metadata("/dev/pts").map(|about| std::os::unix::fs::MetadataExt::dev(&about)).ok();
    let inside = fs::metadata(format!("/proc/{}/root/dev/pts", first_process(&room).0)).unwrap();
    assert_ne!(Some(std::os::unix::fs::MetadataExt::dev(&inside)), outside);
}

#[test]
fn message_queues_are_its_own() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let root = room.root(&["ipc-objects"]);
    let queue = format!("/{}", room.name("queue"));
    let key = (2_000_000 + std::process::id()).to_string();
    let words = format!("/ipc-objects make --queue {queue} --key {key} && ls /dev/mqueue");
    // Twice: what the first one made is gone with its namespace.
    for _ in 0..2 {
        let seen = enter_root(&room, &root, &[], &words).ok();
        assert_eq!(seen.lines().last().map(|line| format!("/{line}")), Some(queue.clone()), "{seen}");
    }
    let of_the_host = room.run("ipc-objects", ["list", "--queue", &queue, "--key", &key]).ok();
    assert!(!of_the_host.contains(&room.name("queue")), "{of_the_host}");
}

#[test]
fn sys_can_be_read_and_not_written() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let running = listening(&room, &[]);
    let list = mounts(&first_process(&room).read("mountinfo"));
    let below = list.iter().filter(|mount| mount.target.starts_with("/sys"));
    below.for_each(|mount| assert!(is_read_only(mount), "{}", mount.target.display()));
    assert_eq!(at(&list, "/sys").fstype, "sysfs");
    drop(running);
    let words = "test -d /sys/kernel && echo there; mkdir /sys/fs/cgroup/x; echo 0 > /sys/kernel/uevent_seqnum; \
                 for file in /sys/kernel/mm/*/* /sys/fs/cgroup/*; do test -w $file && echo $file; done";
    let ran = enter(&room, &[], words);
    assert_eq!(ran.stdout(), "there\n", "{}", ran.stderr());
}
