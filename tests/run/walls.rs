//! What a container sees, and what it does not.

use std::fs;
use std::os::unix::fs::symlink;

use crate::harness::{Process, is_root, namespace_of, namespaces_of, program, rootfs};

use super::{first_process, listening, run};

#[test]
fn every_namespace_is_another_inside_and_unchanged_outside() {
    needs!(UserNamespaces, PivotRoot, Overlayfs, TimeNamespace);
    let room = room!();
    let me = Process::with(std::process::id());
    let before = namespaces_of(me);
    let running = listening(&room, &[]);
    for (kind, inode) in &before {
        let inside = namespace_of(first_process(&room), kind);
        assert_eq!(inside == Some(*inode), kind == "user" && is_root(), "{kind}");
    }
    assert_eq!(running.end().status(), 0);
    assert_eq!(namespaces_of(me), before);
}

#[test]
fn the_program_is_number_one_and_sees_nobody_else() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let seen = run(&room, &[], "echo $$; cd /proc; echo [0-9]*").ok();
    assert_eq!(seen, "1\n1\n");
}

#[test]
fn the_host_name_is_the_name_of_the_container_or_the_one_asked_for() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let name = room.name("named");
    assert_eq!(run(&room, &["--name", &name], "hostname; cat /etc/hostname").ok(), format!("{name}\n{name}\n"));
    assert_eq!(run(&room, &["--hostname", "asked.example"], "hostname").ok(), "asked.example\n");
}

#[test]
fn no_path_of_the_host_is_in_the_list_of_mounts() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let seen = run(&room, &[], "cut -d' ' -f4,5 /proc/self/mountinfo").ok();
    let targets: Vec<_> = seen.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    let known = ["/", "/proc", "/dev", "/sys"];
    let is_known =
        |target: &&str| known.contains(target) || known[1..].iter().any(|top| target.starts_with(&format!("{top}/")));
    assert!(targets.iter().all(is_known), "{seen}");
    assert!(targets.contains(&"/") && targets.contains(&"/proc"), "{seen}");
    assert!(!seen.contains("old"), "{seen}");
}

#[test]
fn the_walk_out_of_a_chroot_is_contained() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let volume = format!("{}:/escape:ro", program("escape-chroot").display());
    let ran = run(&room, &["-v", &volume], "/escape -- echo out; echo $?; ls -a /");
    let stdout = ran.ok();
    // Contained: it says so with status 1, and runs nothing.
    assert!(stdout.lines().any(|line| line == "1") && !stdout.lines().any(|line| line == "out"), "{stdout}");
    assert!(!stdout.contains("lost+found") && !stdout.contains(".way-out"), "{stdout}");
}

#[test]
fn no_device_of_the_host_can_be_reached() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let seen = run(&room, &[], "ls /dev; find /dev -type b; cat /dev/null; head -c 4 /dev/zero | od -An -tx1").ok();
    for device in ["sda", "vda", "nvme0n1", "mem", "kmsg", "loop0", "kvm", "fuse"] {
        assert!(!seen.lines().any(|line| line == device), "{device}");
    }
    assert!(seen.ends_with(" 00 00 00 00\n"), "{seen}");
}

#[test]
fn the_standard_files_of_dev_are_there() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let words = "for name in null zero full random urandom tty; do test -c /dev/$name || echo $name; done; \
                 for name in fd stdin stdout stderr ptmx shm pts mqueue; do test -e /dev/$name || echo $name; done; \
                 echo lost > /dev/null; echo hello > /dev/stdout; touch /dev/shm/file";
    assert_eq!(run(&room, &[], words).ok(), "hello\n");
}

#[test]
fn sys_and_the_parameters_of_the_kernel_cannot_be_written() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let words = "grep ' /sys ' /proc/self/mountinfo | cut -d' ' -f6; echo x > /sys/kernel/notes";
    let ran = run(&room, &[], words);
    assert!(ran.stdout().split(',').any(|option| option == "ro"), "{}", ran.stdout());
    assert!(ran.stderr().contains("Read-only") || ran.stderr().contains("denied"), "{}", ran.stderr());
}

#[test]
fn the_old_root_is_gone_however_one_looks_for_it() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let secret = room.file("secret", "of the host");
    let words =
        format!("cat {0} /proc/1/root{0} /proc/1/cwd{0} ../../../../..{0}; ls -d /.old* /old* /put*", secret.display());
    let ran = run(&room, &[], &words);
    assert_eq!(ran.stdout(), "");
}

#[test]
fn only_loopback_is_there_and_it_is_up() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let words = "tail -n +3 /proc/net/dev | cut -d: -f1; ls /sys/class/net; cat /sys/class/net/lo/operstate";
    let seen = run(&room, &[], words).ok();
    assert_eq!(seen.split_whitespace().collect::<Vec<_>>(), ["lo", "lo", "unknown"]);
}

#[test]
fn the_network_of_the_host_is_seen_when_asked_for() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let here = namespace_of(Process::with(std::process::id()), "net").unwrap();
    let seen = run(&room, &["--network", "host"], "readlink /proc/self/ns/net").ok();
    assert_eq!(seen, format!("net:[{here}]\n"));
}

#[test]
fn own_cgroup_is_the_root_inside() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let seen = run(&room, &[], "cat /proc/self/cgroup").ok();
    assert!(!seen.is_empty() && seen.lines().all(|line| line.ends_with(":/")), "{seen}");
}

#[test]
fn what_is_written_stays_out_of_the_image() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let count = || fs::read_dir(rootfs().join("etc")).unwrap().count();
    let before = (count(), fs::read(rootfs().join("etc/passwd")).unwrap());
    run(&room, &[], "echo changed > /etc/passwd; rm /etc/group; mkdir /etc/new; touch /etc/new/file").ok();
    assert_eq!((count(), fs::read(rootfs().join("etc/passwd")).unwrap()), before);
    assert!(rootfs().join("etc/group").exists());
}

#[test]
fn two_containers_of_one_image_do_not_see_what_the_other_writes() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let (mut one, mut other) = (listening(&room, &[]), listening(&room, &[]));
    assert_eq!(one.say("echo mine > /file && cat /file\n").line(), "mine");
    assert_eq!(other.say("test -e /file || echo nothing\n").line(), "nothing");
    assert_eq!(other.end().status(), 0);
    one.line();
    assert_eq!(one.say("cat /file\n").line(), "mine");
    assert_eq!(one.end().status(), 0);
}

#[test]
fn later_layers_lie_on_earlier_ones() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let (one, two) = (room.folder("one"), room.folder("two"));
    fs::write(one.join("which"), "one").unwrap();
    fs::write(two.join("which"), "two").unwrap();
    let layers = [rootfs(), &one, &two].map(|path| path.to_str().unwrap());
    let words = ["run", "--rm"].into_iter().chain(layers).chain(["--", "cat", "/which"]);
    assert_eq!(room.run("boxwright", words).ok(), "two");
}

#[test]
fn a_read_only_root_refuses_writing() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let ran =
        run(&room, &["--read-only", "--tmpfs", "/scratch"], "echo x > /scratch/file && cat /scratch/file; touch /x");
    assert_eq!(ran.stdout(), "x\n", "{}", ran.stderr());
    assert!(ran.stderr().contains("Read-only file system"), "{}", ran.stderr());
}

#[test]
fn a_tmpfs_is_empty_and_gone_afterwards() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let seen = run(&room, &["--tmpfs", "/etc"], "ls -A /etc; grep -c ' /etc .*tmpfs' /proc/self/mountinfo").ok();
    assert_eq!(seen, "1\n");
}

#[test]
fn a_volume_outlives_the_container_and_is_read_only_when_asked() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let (writable, fixed) = (room.folder("writable"), room.folder("fixed"));
    fs::write(fixed.join("file"), "from the host").unwrap();
    let volumes = [format!("{}:/data", writable.display()), format!("{}:/fixed:ro", fixed.display())];
    let words = "echo 'from inside' > /data/file; cat /fixed/file; echo x > /fixed/file";
    let ran = run(&room, &["-v", &volumes[0], "-v", &volumes[1]], words);
    assert_eq!(ran.stdout(), "from the host");
    assert!(ran.stderr().contains("Read-only file system"), "{}", ran.stderr());
    assert_eq!(fs::read_to_string(writable.join("file")).unwrap(), "from inside\n");
    assert_eq!(fs::read_to_string(fixed.join("file")).unwrap(), "from the host");
}

#[test]
fn a_hostile_link_in_the_root_leads_no_volume_out() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let outside = room.folder("outside");
    let layer = room.folder("layer");
    symlink(&outside, layer.join("data")).unwrap();
    symlink("../../../../../../../../../../../../tmp", layer.join("up")).unwrap();
    let volume = room.folder("volume");
    for place in ["data", "data/deeper", "up/deeper"] {
        let volume = format!("{}:/{place}", volume.display());
        let words = ["run", "--rm", "-v", &volume, rootfs().to_str().unwrap(), layer.to_str().unwrap(), "--", "true"];
        let _ = room.run("boxwright", words);
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "{place}");
    }
}

#[test]
fn a_hostile_link_for_proc_or_dev_mounts_nothing_on_the_host() {
    needs!(UserNamespaces, PivotRoot, Overlayfs);
    let room = room!();
    let outside = room.folder("outside");
    for place in ["proc", "dev", "sys", "etc"] {
        // A layer of links only: where the image has a directory, the layer says something else.
        let layer = room.folder(format!("layer-{place}"));
        symlink(&outside, layer.join(place)).unwrap();
        let _ =
            room.run("boxwright", ["run", "--rm", rootfs().to_str().unwrap(), layer.to_str().unwrap(), "--", "true"]);
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "{place}");
    }
}
