//! Stage 02: one private copy of each global thing, tried from both sides of the wall.

use std::path::Path;

use crate::harness::{Process, Room, Running, is_root, namespace_of, namespaces_of, programs};

/// A shell inside, which says that it is there, and then waits for a line that it runs.
const LISTENING: &str = "echo ready; while read -r line; do eval \"$line\"; echo; done";

fn shell_inside(room: &Room, program: &str, options: &[&str]) -> Running {
    let words = options.iter().copied().chain(["--", "sh", "-c", LISTENING]);
    let mut running = room.start(program, words);
    assert_eq!(running.line(), "ready");
    running
}

/// The process that a program has become, or the child that it waits for.
fn innermost(process: Process) -> Process {
    process.children().first().map_or(process, |child| innermost(*child))
}

/// A program, and the namespaces that it makes besides the user namespace of an ordinary user.
const WALLS: [(&str, &[&str]); 8] = [
    ("unshare-uts", &["uts"]),
    ("unshare-ipc", &["ipc"]),
    ("unshare-mount", &["mnt"]),
    ("unshare-pid", &["pid", "mnt"]),
    ("unshare-net", &["net"]),
    ("unshare-user", &["user"]),
    ("unshare-cgroup", &["cgroup"]),
    ("unshare-time", &["time"]),
];

#[test]
fn each_program_makes_the_namespaces_it_names_and_no_other() {
    needs!(UserNamespaces, TimeNamespace);
    let room = room!();
    let before = namespaces_of(Process::with(std::process::id()));
    for (program, kinds) in WALLS {
        let running = shell_inside(&room, program, &[]);
        let inside = namespaces_of(innermost(running.process()));
        for (kind, inode) in &before {
            let is_new = kinds.contains(&kind.as_str()) || (kind == "user" && !is_root());
            assert_eq!(inside[kind] != *inode, is_new, "{program}: {kind}");
        }
        assert_eq!(running.end().status(), 0);
        assert_eq!(namespaces_of(Process::with(std::process::id())), before, "{program}");
    }
}

#[test]
fn host_name_is_private() {
    needs!(UserNamespaces);
    let room = room!();
    let outside = room.run("/bin/sh", ["-c", "hostname"]).ok();
    let mut inside = shell_inside(&room, "unshare-uts", &["--hostname", "inside.example"]);
    assert_eq!(inside.say("hostname\n").line(), "inside.example");
    assert_eq!(room.run("/bin/sh", ["-c", "hostname"]).ok(), outside);
}

#[test]
fn domain_name_is_private() {
    needs!(UserNamespaces);
    let room = room!();
    let outside = std::fs::read_to_string("/proc/sys/kernel/domainname").unwrap();
    let mut inside = shell_inside(&room, "unshare-uts", &["--domainname", "inner.example"]);
    assert_eq!(inside.say("cat /proc/sys/kernel/domainname\n").line(), "inner.example");
    assert_eq!(std::fs::read_to_string("/proc/sys/kernel/domainname").unwrap(), outside);
}

#[test]
fn a_host_name_of_64_bytes_is_taken_and_one_of_65_refused() {
    needs!(UserNamespaces);
    let room = room!();
    let longest = "n".repeat(64);
    assert_eq!(room.run("unshare-uts", ["--hostname", &longest, "--", "hostname"]).ok().trim(), longest);
    let refused = room.run("unshare-uts", ["--hostname", &"n".repeat(65), "--", "hostname"]).fails_with(125);
    assert!(refused.contains("64"), "{refused}");
}

#[test]
fn ipc_objects_are_private() {
    needs!(UserNamespaces);
    let room = Room::alone(name!());
    let key = (1_000_000 + std::process::id()).to_string();
    let queue = format!("/{}", room.name("queue"));
    let named = ["--key", &key, "--queue", &queue];
    let objects = |what: &'static str| std::iter::once(what).chain(named);
    let inside = |what: &'static str| {
        let program = programs()["ipc-objects"].to_str().unwrap();
        room.run("unshare-ipc", ["--", program].into_iter().chain(objects(what)))
    };
    // Others on this host may have objects too, and make and remove them at any moment.
    let number = format!(" {:#x} ", 1_000_000 + std::process::id());
    let ours = |listed: String| {
        let is_ours = |line: &&str| line.contains(&number) || line.contains(&queue);
        listed.lines().filter(is_ours).map(str::to_owned).collect::<Vec<_>>()
    };
    let on_host = || ours(room.run("ipc-objects", objects("list")).ok());
    let nothing = inside("list").ok();
    assert_eq!(nothing.lines().count(), 1, "{nothing}");
    // Made inside, and gone with the namespace: the next one inside finds the numbers free, and the host finds nothing.
    inside("make").ok();
    inside("make").ok();
    assert_eq!(on_host(), [""; 0]);
    // Made on the host, and not to be found from inside.
    room.run("ipc-objects", objects("make")).ok();
    room.run("ipc-objects", objects("make")).fails_with(125);
    assert_eq!(on_host().len(), 3, "{:?}", on_host());
    assert_eq!(inside("list").ok(), nothing);
    inside("make").ok();
    room.run("ipc-objects", objects("remove")).ok();
}

#[test]
fn nothing_mounted_inside_is_seen_outside_however_it_propagates() {
    needs!(UserNamespaces);
    let room = room!();
    let place = room.folder("place");
    let place = place.to_str().unwrap();
    // "unchanged" is left out for root: whether that leaks is decided by the host, and `mount-leak` shows it safely.
    let hows: &[&str] = if is_root() { &["private", "slave"] } else { &["private", "slave", "shared", "unchanged"] };
    for how in hows {
        let mut inside = shell_inside(&room, "unshare-mount", &["--propagation", how]);
        let seen = inside.say(&format!("mount -t tmpfs none {place} && grep -c {place} /proc/self/mountinfo\n")).line();
        assert_eq!(seen, "1", "{how}");
        assert!(!Process::with(std::process::id()).read("mountinfo").contains(place), "{how}");
    }
}

#[test]
fn propagation_is_as_asked() {
    needs!(UserNamespaces);
    let room = room!();
    let root = |how: &str| {
        let line = "grep ' / / ' /proc/self/mountinfo";
        room.run("unshare-mount", ["--propagation", how, "--", "sh", "-c", line]).ok()
    };
    assert!(!root("private").contains("shared:") && !root("private").contains("master:"));
    assert!(root("shared").contains("shared:"));
    assert!(!root("slave").contains("shared:"));
}

#[test]
fn the_leak_of_shared_mounts_is_shown_without_a_leak() {
    needs!(UserNamespaces);
    let room = room!();
    for how in ["private", "slave", "shared"] {
        room.run("mount-leak", ["--propagation", how]).ok();
    }
    room.snapshot("unshare-mount-leak", &room.run("mount-leak", [""; 0]).transcript());
}

#[test]
fn first_process_inside_is_number_one_and_has_another_number_outside() {
    needs!(UserNamespaces);
    let room = room!();
    let mut running = shell_inside(&room, "unshare-pid", &[]);
    let inside = innermost(running.process());
    let numbers = inside.status("NSpid").unwrap();
    assert_eq!(numbers, format!("{} 1", inside.0));
    assert_eq!(running.say("echo $$\n").line(), "1");
    // A /proc of its own knows the new numbers, and no process of the host.
    running.line();
    assert_eq!(running.say("cd /proc && echo [0-9]*\n").line(), "1");
}

#[test]
fn without_a_new_proc_the_numbers_of_the_host_are_seen() {
    needs!(UserNamespaces);
    let room = room!();
    let seen =
        room.run("unshare-pid", ["--no-proc", "--", "sh", "-c", "echo $$; test -e /proc/$PPID || ls /proc"]).ok();
    let me = std::process::id().to_string();
    assert_eq!(seen.lines().next(), Some("1"));
    assert!(seen.lines().any(|line| line == me), "{seen}");
}

#[test]
fn orphans_are_reaped_and_end_with_their_init() {
    needs!(UserNamespaces);
    let room = room!();
    let mut running = shell_inside(&room, "unshare-pid", &[]);
    running.say("(sleep 1000 & sleep 1001 &)\n").line();
    let init = innermost_shell(running.process());
    let orphans = init.children();
    assert_eq!(orphans.len(), 2, "orphans become children of PID 1");
    assert!(orphans.iter().all(|orphan| orphan.status("PPid") == Some(init.0.to_string())));
    running.end();
    let soon = std::time::Instant::now() + std::time::Duration::from_secs(5);
    assert!(orphans.iter().all(|orphan| orphan.ends_before(soon)), "the end of PID 1 is the end of all");
}

/// PID 1 of the innermost PID namespace.
fn innermost_shell(process: Process) -> Process {
    let is_first = process.status("NSpid").is_some_and(|numbers| numbers.ends_with(" 1"));
    if is_first { process } else { innermost_shell(*process.children().first().expect("there is a PID 1 below")) }
}

#[test]
fn orphans_find_another_parent_as_shown() {
    needs!(UserNamespaces);
    let room = room!();
    room.snapshot("unshare-orphans", &room.run("pid-orphans", [""; 0]).transcript());
}

#[test]
fn only_loopback_is_seen_inside() {
    needs!(UserNamespaces);
    let room = room!();
    let devices = room.run("unshare-net", ["--", "sh", "-c", "tail -n +3 /proc/net/dev | cut -d: -f1"]).ok();
    assert_eq!(devices.split_whitespace().collect::<Vec<_>>(), ["lo"]);
    let routes = room.run("unshare-net", ["--", "sh", "-c", "tail -n +2 /proc/net/route"]).ok();
    assert_eq!(routes, "");
}

#[test]
fn loopback_answers_inside() {
    needs!(UserNamespaces, Bash);
    let room = room!();
    let knock = |program: &str, address: &str| {
        let words = format!("exec 3<>/dev/tcp/{address}/9 || exit 3");
        let ran = if program.is_empty() {
            room.run("/bin/bash", ["-c", &words])
        } else {
            room.run(program, ["--", "bash", "-c", &words])
        };
        ran.stderr()
    };
    // Refused by the machine itself, and not unreachable: the device is up, and nobody listens.
    assert!(knock("unshare-net", "127.0.0.1").contains("Connection refused"));
    assert!(knock("unshare-net", "192.0.2.1").contains("Network is unreachable"));
}

#[test]
fn what_listens_inside_cannot_be_reached_from_outside() {
    needs!(UserNamespaces, Bash);
    let room = room!();
    // Abstract sockets belong to the network namespace too: the one way in that needs no address.
    let here = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = here.local_addr().unwrap().port();
    let knock = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    room.run("/bin/bash", ["-c", &knock]).ok();
    let refused = room.run("unshare-net", ["--", "bash", "-c", &knock]).stderr();
    assert!(refused.contains("Connection refused"), "{refused}");
}

#[test]
fn caller_is_root_inside_and_themselves_outside() {
    needs!(UserNamespaces);
    let room = room!();
    let mut running = shell_inside(&room, "unshare-user", &[]);
    running.say("id -u; id -g\n");
    // The last line is the shell's own: nobody is below it any more.
    assert_eq!([running.line(), running.line(), running.line()], ["0", "0", ""]);
    let me = nix::unistd::geteuid();
    let inside = innermost(running.process());
    assert_eq!(inside.status("Uid").unwrap(), format!("{me} {me} {me} {me}"));
    assert_eq!(inside.read("uid_map").split_whitespace().collect::<Vec<_>>(), ["0", &me.to_string(), "1"]);
    assert_eq!(inside.read("setgroups").trim(), "deny");
    let file = room.path("made-inside");
    running.say(&format!("touch {}\n", file.display())).hush();
    assert_eq!(running.end().status(), 0);
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&file).unwrap()), me.as_raw());
}

#[test]
fn other_maps_are_written_as_asked() {
    needs!(UserNamespaces);
    let room = room!();
    let me = nix::unistd::geteuid();
    let map = format!("7:{me}:1");
    let groups = format!("8:{}:1", nix::unistd::getegid());
    let seen =
        room.run("unshare-user", ["--map", &map, "--map-groups", &groups, "--", "sh", "-c", "id -u; id -g"]).ok();
    assert_eq!(seen, "7\n8\n");
}

#[test]
fn root_maps_the_ids_of_others() {
    needs!(Root);
    let room = room!();
    let words = "cat /proc/self/uid_map; id -u; cat /proc/self/setgroups";
    let seen = room.run("unshare-user", ["--map", "0:100000:65536", "--", "sh", "-c", words]).ok();
    assert_eq!(seen.split_whitespace().collect::<Vec<_>>(), ["0", "100000", "65536", "0", "allow"]);
}

#[test]
fn granted_ids_are_mapped() {
    needs!(OrdinaryUser, SubordinateIds);
    let room = room!();
    let seen = room.run("unshare-user", ["--sub-ids", "--", "cat", "/proc/self/uid_map"]).ok();
    let lines: Vec<Vec<_>> = seen.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["0", &nix::unistd::geteuid().to_string(), "1"]);
    assert_eq!(lines[1][0], "1");
}

#[test]
fn own_cgroup_is_the_root_inside() {
    needs!(UserNamespaces);
    let room = room!();
    let seen = room.run("unshare-cgroup", ["--", "cat", "/proc/self/cgroup"]).ok();
    assert!(seen.lines().all(|line| line.ends_with(":/")), "{seen}");
}

#[test]
fn clocks_are_ahead_inside_and_as_before_outside() {
    needs!(UserNamespaces, TimeNamespace);
    let room = room!();
    let uptime = |text: &str| text.split('.').next().unwrap().parse::<u64>().unwrap();
    let inside = room.run("unshare-time", ["--boottime", "864000", "--", "cat", "/proc/uptime"]).ok();
    let outside = std::fs::read_to_string("/proc/uptime").unwrap();
    let ahead = uptime(&inside).abs_diff(uptime(&outside));
    assert!((863_990..864_010).contains(&ahead), "{ahead}");
    let offsets = ["--boottime", "7", "--monotonic", "5", "--", "cat", "/proc/self/timens_offsets"];
    let offsets = room.run("unshare-time", offsets).ok();
    let words: Vec<_> = offsets.split_whitespace().collect();
    assert_eq!(words, ["monotonic", "5", "0", "boottime", "7", "0"]);
}

#[test]
fn a_command_is_born_inside_all_kinds_at_once() {
    needs!(UserNamespaces, TimeNamespace);
    let room = room!();
    let running = shell_inside(&room, "clone-into", &[]);
    let inside = innermost(running.process());
    for (kind, inode) in namespaces_of(Process::with(std::process::id())) {
        // Root needs no user namespace, and does not make one unless asked.
        assert!(namespace_of(inside, &kind) != Some(inode) || (kind == "user" && is_root()), "{kind}");
    }
    assert_eq!(running.end().status(), 0);
}

#[test]
fn what_else_unshare_separates_is_shown() {
    needs!(UserNamespaces);
    let room = room!();
    room.snapshot("unshare-rest", &room.run("unshare-rest", [""; 0]).transcript());
}

#[test]
fn exit_status_is_that_of_the_command() {
    needs!(UserNamespaces, TimeNamespace);
    let room = room!();
    for (program, _) in WALLS {
        for (words, status) in [("exit 7", 7), ("kill -TERM $$", 143)] {
            // PID 1 is not ended by a signal it sends to itself.
            let inner = if program == "unshare-pid" { format!("sh -c '{words}'; exit $?") } else { words.to_owned() };
            assert_eq!(room.run(program, ["--", "sh", "-c", &inner]).status(), status, "{program}: {words}");
        }
        assert_eq!(room.run(program, ["--", "no-such-command"]).status(), 127, "{program}");
        assert_eq!(room.run(program, ["--", "/etc/passwd"]).status(), 126, "{program}");
    }
    assert!(Path::new("/proc/self").exists());
}
