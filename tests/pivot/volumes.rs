//! Volumes and directories in memory: from the host, and back to it.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use crate::harness::rootfs;

use super::{at, enter, enter_root, first_process, is_read_only, listening, mounts};

fn volume(source: &Path, target: &str) -> String {
    format!("{}:{target}", source.display())
}

#[test]
fn what_is_written_to_a_volume_outlives_the_command() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let data = room.folder("data");
    fs::write(data.join("old"), "old").unwrap();
    fs::write(data.join("changed"), "before").unwrap();
    let words =
        "cat /mnt/old; echo inside > /mnt/changed; mkdir /mnt/d; echo new > /mnt/d/new; rm /mnt/old; ln -s d /mnt/l";
    assert_eq!(enter(&room, &["--volume", &volume(&data, "/mnt")], words).ok(), "old");
    assert_eq!(fs::read_to_string(data.join("changed")).unwrap(), "inside\n");
    assert_eq!(fs::read_to_string(data.join("l/new")).unwrap(), "new\n");
    assert!(!data.join("old").exists());
    // Root inside is the caller outside.
    let me = nix::unistd::geteuid().as_raw();
    assert_eq!(fs::metadata(data.join("d/new")).unwrap().uid(), me);
    // What the host writes is seen while the command runs.
    let mut running = listening(&room, &["--volume", &volume(&data, "/mnt:rw")]);
    fs::write(data.join("later"), "later\n").unwrap();
    assert_eq!(running.say("cat /mnt/later\n").line(), "later");
}

#[test]
fn a_read_only_volume_cannot_be_changed() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let data = room.folder("data");
    fs::write(data.join("file"), "from the host\n").unwrap();
    let before = fs::metadata(data.join("file")).unwrap();
    let words = "cat /mnt/file; for command in 'echo x > /mnt/file' 'echo x >> /mnt/file' 'touch /mnt/new' 'rm /mnt/file' \
                 'mkdir /mnt/d' 'chmod 0 /mnt/file' 'ln /mnt/file /mnt/link' 'mv /mnt/file /mnt/moved' 'touch -d @0 /mnt/file'; do \
                 sh -c \"$command\" 2>&1 | grep -c 'Read-only file system'; done";
    let seen = enter(&room, &["--volume", &volume(&data, "/mnt:ro")], words).ok();
    assert_eq!(seen, format!("from the host\n{}", "1\n".repeat(9)));
    let after = fs::metadata(data.join("file")).unwrap();
    assert_eq!((after.ctime(), after.ctime_nsec()), (before.ctime(), before.ctime_nsec()));
    // The host may still write, and the kernel says so of both sides.
    let running = listening(&room, &["--volume", &volume(&data, "/mnt:ro")]);
    assert!(is_read_only(at(&mounts(&first_process(&room).read("mountinfo")), "/mnt")));
    fs::write(data.join("file"), "changed").unwrap();
    assert_eq!(running.end().status(), 0);
}

#[test]
fn what_is_mounted_in_a_read_only_volume_cannot_be_changed_either() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let data = room.folder("data");
    fs::create_dir_all(data.join("sub")).unwrap();
    let pivot = crate::harness::program("enter-pivot").display();
    let words = format!(
        "mount -t tmpfs none {0}/sub; echo below > {0}/sub/file; \
         {pivot} --volume {0}:/mnt:ro {1} -- sh -c 'cat /mnt/sub/file; echo x > /mnt/sub/file'",
        data.display(),
        rootfs().display()
    );
    let ran = room.run("unshare-mount", ["--", "sh", "-c", &words]);
    assert_eq!(ran.stdout(), "below\n", "{}", ran.stderr());
    assert!(ran.stderr().contains("Read-only file system"), "{}", ran.stderr());
}

#[test]
fn a_file_can_be_a_volume() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let file = room.file("file", "from the host\n");
    let (inode, passwd) = (fs::metadata(&file).unwrap().ino(), fs::read(rootfs().join("etc/passwd")).unwrap());
    let words =
        "cat /etc/passwd; echo inside > /etc/passwd; cat /dev/deep/file; echo x > /dev/deep/file || echo refused";
    let volumes = [volume(&file, "/etc/passwd"), volume(&file, "/dev/deep/file:ro")];
    let ran = enter(&room, &["--volume", &volumes[0], "--volume", &volumes[1]], words);
    assert_eq!(ran.stdout(), "from the host\ninside\nrefused\n", "{}", ran.stderr());
    assert_eq!(fs::read_to_string(&file).unwrap(), "inside\n");
    assert_eq!(fs::metadata(&file).unwrap().ino(), inode);
    assert_eq!(fs::read(rootfs().join("etc/passwd")).unwrap(), passwd, "the file below it is covered, and not changed");
}

#[test]
fn outer_places_are_mounted_before_inner_ones_whatever_the_order_of_the_options() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let (outer, inner) = (room.folder("outer"), room.folder("inner"));
    fs::create_dir_all(outer.join("memory")).unwrap();
    let volumes = [volume(&outer, "/mnt"), volume(&inner, "/mnt/memory/deep/inner")];
    let options = [["--volume", &volumes[0]], ["--tmpfs", "/mnt/memory"], ["--volume", &volumes[1]]];
    let words = "echo 1 > /mnt/file; echo 2 > /mnt/memory/file; echo 3 > /mnt/memory/deep/inner/file; \
                 stat -c %T -f /mnt/memory; findmnt -rno TARGET | grep -c ^/mnt";
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let options: Vec<_> = order.iter().flat_map(|at| options[*at]).collect();
        assert_eq!(enter(&room, &options, words).ok(), "tmpfs\n3\n", "{options:?}");
        assert_eq!(fs::read_to_string(outer.join("file")).unwrap(), "1\n");
        assert_eq!(fs::read_to_string(inner.join("file")).unwrap(), "3\n");
        assert_eq!(fs::read_dir(outer.join("memory")).unwrap().count(), 0, "what is in memory stays there");
        fs::remove_file(outer.join("file")).unwrap();
        fs::remove_file(inner.join("file")).unwrap();
    }
}

#[test]
fn a_tmpfs_is_empty_open_to_all_and_gone_afterwards() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let words = "ls -A /etc; stat -f -c %T /etc; stat -c %a /etc; echo x > /etc/file; cat /etc/file";
    for _ in 0..2 {
        assert_eq!(enter(&room, &["--tmpfs", "/etc"], words).ok(), "tmpfs\n1777\nx\n");
    }
    assert!(rootfs().join("etc/passwd").exists() && !rootfs().join("etc/file").exists());
}

#[test]
fn a_volume_that_cannot_be_is_refused_before_anything_runs() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let (file, folder) = (room.file("file", ""), room.folder("folder"));
    let missing = room.path("missing");
    for (volume, word) in [
        (volume(&missing, "/mnt"), "there is no"),
        (volume(&folder, "/no/such/place"), "mkdir -p"),
        (volume(&folder, "/etc/passwd"), "only a file can be mounted there"),
        (volume(&file, "/etc"), "only a directory can be mounted there"),
        (volume(&folder, "/mnt/../etc"), "\"..\" has no place"),
    ] {
        let ran = enter(&room, &["--volume", &volume], "echo it ran");
        assert!(ran.fails_with(125).contains(word), "{volume}: {}", ran.stderr());
        assert_eq!(ran.stdout(), "");
    }
    assert!(!missing.exists(), "what is not there is not made");
}

#[test]
fn a_link_in_the_root_leads_no_volume_out() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let (root, data, outside) = (room.root(&[]), room.folder("data"), room.folder("outside"));
    fs::write(data.join("file"), "of the volume\n").unwrap();
    symlink(&outside, root.join("absolute")).unwrap();
    symlink("../../../../../../../../tmp", root.join("climbing")).unwrap();
    symlink("/home", root.join("fine")).unwrap();
    symlink("/proc/self/root", root.join("magic")).unwrap();
    let place = |place: &str, words: &str| enter_root(&room, &root, &["--volume", &volume(&data, place)], words);
    // Followed as the command inside will follow it: to places in this root.
    assert_eq!(place("/climbing", "cat /tmp/file").ok(), "of the volume\n");
    assert_eq!(place("/fine", "cat /home/file").ok(), "of the volume\n");
    for hostile in ["/absolute", "/magic", "/magic/mnt"] {
        let ran = place(hostile, "echo it ran");
        assert!(ran.fails_with(125).contains("nothing to mount on"), "{hostile}: {}", ran.stderr());
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn a_link_for_proc_dev_or_sys_is_refused() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    let (root, outside) = (room.root(&[]), room.folder("outside"));
    for name in ["proc", "dev", "sys"] {
        fs::rename(root.join(name), root.join("kept")).unwrap();
        symlink(&outside, root.join(name)).unwrap();
        let ran = enter_root(&room, &root, &[], "echo it ran");
        ran.fails_with(125);
        assert_eq!(ran.stdout(), "", "{name}");
        fs::remove_file(root.join(name)).unwrap();
        fs::rename(root.join("kept"), root.join(name)).unwrap();
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn what_is_made_read_only_is_the_volume_and_not_where_its_place_leads_afterwards() {
    needs!(UserNamespaces, PivotRoot);
    let room = room!();
    // Until the volume is there, /data is /srv/below. With it, /data is /dev: what `below` is by then, the volume says.
    let root = room.root(&[]);
    fs::create_dir_all(root.join("srv/below/here")).unwrap();
    symlink("/srv/below/here/..", root.join("data")).unwrap();
    let data = room.folder("data");
    symlink("/dev/pts", data.join("here")).unwrap();
    let volume = format!("{}:/data:ro", data.display());
    let ran = enter_root(&room, &root, &["--volume", &volume], "test -L /srv/below/here && echo x >/srv/below/file");
    assert!(!ran.output.status.success(), "{}", ran.transcript());
    assert!(ran.stderr().contains("/srv/below/file") && ran.stderr().contains("ead-only"), "{}", ran.transcript());
    assert!(!data.join("file").exists());
}
