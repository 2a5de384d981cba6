//! A root that nobody can write to.

use std::fs;

use crate::harness::rootfs;

use super::{at, enter, enter_root, first_process, is_read_only, listening, mounts};

/// Each way to change a root, and how it ended.
const WRITES: &str = "for command in 'touch /new' 'touch /etc/new' 'echo x > /etc/passwd' 'rm /etc/passwd' 'mkdir /new' \
                      'chmod 700 /etc' 'chown 0:0 /etc/passwd' 'mv /etc/passwd /etc/moved' 'ln /etc/passwd /link' \
                      'ln -s x /link' 'rmdir /mnt' 'mkfifo /fifo' 'touch -d @0 /etc'; do \
                      sh -c \"$command\" 2>&1 | grep -c 'Read-only file system'; done; true";

#[test]
fn a_read_only_root_refuses_every_write() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    assert_eq!(enter(&room, &["--read-only"], WRITES).ok(), "1\n".repeat(13));
    let before = fs::read_dir(rootfs().join("etc")).unwrap().count();
    let running = listening(&room, &["--read-only"]);
    let list = mounts(&first_process(&room).read("mountinfo"));
    assert!(is_read_only(at(&list, "/")));
    assert_eq!(running.end().status(), 0);
    assert_eq!(fs::read_dir(rootfs().join("etc")).unwrap().count(), before);
}

#[test]
fn the_same_words_change_a_root_that_may_be_written() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let root = room.root(&[]);
    // A copy of links: what would write into a file is left out.
    let words = WRITES.replace("'echo x > /etc/passwd'", "").replace("'chown 0:0 /etc/passwd'", "");
    let seen = enter_root(&room, &root, &[], &words).ok();
    assert_eq!(seen, "0\n".repeat(11));
    assert!(root.join("fifo").exists() && root.join("etc/new").exists() && !root.join("mnt").exists());
}

#[test]
fn places_of_their_own_can_be_written_to_all_the_same() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let (data, fixed) = (room.folder("data"), room.folder("fixed"));
    let volumes = [format!("{}:/mnt", data.display()), format!("{}:/home:ro", fixed.display())];
    let options = ["--read-only", "--volume", &volumes[0], "--tmpfs", "/tmp", "--volume", &volumes[1]];
    let words = "for place in /mnt /tmp /dev /dev/shm /dev/mqueue /home /run; do touch $place/file 2>/dev/null && echo $place; done; true";
    assert_eq!(enter(&room, &options, words).ok(), "/mnt\n/tmp\n/dev\n/dev/shm\n/dev/mqueue\n");
    assert!(data.join("file").exists() && !fixed.join("file").exists());
}

#[test]
fn the_root_stays_writable_for_the_host() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let root = room.root(&[]);
    let words = ["--read-only", root.to_str().unwrap(), "--", "sh", "-c", super::LISTENING];
    let mut running = room.start("enter-pivot", words);
    assert_eq!(running.line(), "ready");
    fs::write(root.join("from-the-host"), "seen\n").unwrap();
    assert_eq!(running.say("cat /from-the-host\n").line(), "seen");
    assert_eq!(running.end().status(), 0);
}
