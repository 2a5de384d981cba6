//! Wrong command lines, missing files, wrong types, names that are not UTF-8: what a person is told, and that nothing stays.
//!
//! One snapshot a program. Each line of a table is a command line; what differs between root and an ordinary user has a
//! snapshot for each.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::harness::{Room, programs, rootfs};

/// Command lines of one program, in which `@` stands for a folder with these in it: `file`, `empty/`, `broken` (a link to
/// nothing), `loop` (one to itself), `strange-\xff/` (no UTF-8), `root` (a root file system), `text.tar` (no archive).
type Table = &'static [&'static str];

const RUNS_A_COMMAND: Table =
    &["-- no-such-command", "-- @/no/such/command", "-- @/file", "-- @/empty", "-- @/broken", "-- @/loop"];

fn prepare(room: &Room) {
    room.file("file", "text");
    room.file("text.tar", "this is no archive, however one looks at it");
    room.folder("empty");
    room.folder(OsString::from_vec(b"strange-\xff".to_vec()));
    std::os::unix::fs::symlink("nothing", room.path("broken")).unwrap();
    std::os::unix::fs::symlink("loop", room.path("loop")).unwrap();
    std::os::unix::fs::symlink(rootfs(), room.path("root")).unwrap();
}

/// The words of a command line; `\xff` is that byte.
fn words(room: &Room, line: &str) -> Vec<OsString> {
    let here = room.path("");
    let here = here.as_os_str().as_bytes().strip_suffix(b"/").unwrap_or(here.as_os_str().as_bytes());
    let word = |word: &str| {
        let mut bytes = Vec::new();
        let mut rest = word;
        while let Some(letter) = rest.chars().next() {
            match letter {
                '@' => bytes.extend_from_slice(here),
                '\\' if rest.starts_with("\\xff") => {
                    bytes.push(0xff);
                    rest = &rest[3..];
                }
                _ => bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            rest = &rest[letter.len_utf8()..];
        }
        if bytes == b"''" { OsString::new() } else { OsString::from_vec(bytes) }
    };
    line.split(' ').filter(|word| !word.is_empty()).map(word).collect()
}

fn judge(judge: &'static str, program: &str, tables: &[Table]) {
    if !programs().contains_key(program) {
        return;
    }
    let room = Room::new(judge);
    prepare(&room);
    let mut transcript = String::new();
    for line in tables.iter().copied().flatten() {
        let ran = room.run(program, words(&room, line));
        assert_ne!(ran.status(), 0, "{program} {line} went well");
        assert!(matches!(ran.status(), 125..=127), "{program} {line}: {}", ran.transcript());
        assert_eq!(ran.stdout(), "", "{program} {line}");
        assert!(!ran.stderr().contains("panicked") && !ran.stderr().contains("backtrace"), "{}", ran.stderr());
        let _ = writeln!(transcript, "$ {program} {line}\n{}[status] {}\n", ran.stderr(), ran.status());
    }
    let who = if crate::harness::is_root() { "root" } else { "ordinary" };
    room.snapshot(&format!("wrong-{program}-{who}"), &transcript);
}

macro_rules! tables {
    ($($name:ident $program:literal [$($table:expr),+];)*) => {
        $(
            #[test]
            fn $name() {
                needs!(UserNamespaces, PivotRoot, Overlayfs);
                judge(name!(), $program, &[$($table),+]);
            }
        )*

        #[test]
        fn every_program_has_a_table() {
            let known = [$($program),*];
            let missing: Vec<_> = programs().keys().filter(|name| !known.contains(&name.as_str())).collect();
            assert!(missing.is_empty(), "{missing:?}");
        }
    };
}

const SHARED: Table =
    &["--no-such-option", "--explain --rehearse -- true", "--trace @/empty -- true", "--trace @/no/such/file -- true"];

tables! {
    enter_chroot "enter-chroot" [
        &["", "--no-such-option", "@/nothing -- true", "@/file -- true", "@/broken -- true", "@/loop -- true", "@/empty -- true",
          "@/strange-\\xff -- true", "'' -- true", "@/root -- no-such-command", "@/root -- /etc/passwd", "@/root -- /etc",
          "@/root --explain --rehearse -- true"]
    ];
    escape_chroot "escape-chroot" [&["--no-such-option", "@/nothing -- true", "@/file -- true", "@/strange-\\xff/nothing -- true"]];
    unshare_uts "unshare-uts" [
        SHARED, RUNS_A_COMMAND,
        &["--hostname", "--hostname 0123456789012345678901234567890123456789012345678901234567890123456789 -- true", "--hostname a\\xffb -- true"]
    ];
    unshare_ipc "unshare-ipc" [SHARED, RUNS_A_COMMAND];
    unshare_mount "unshare-mount" [SHARED, RUNS_A_COMMAND, &["--propagation sideways -- true"]];
    unshare_pid "unshare-pid" [SHARED, RUNS_A_COMMAND];
    unshare_net "unshare-net" [SHARED, RUNS_A_COMMAND];
    unshare_user "unshare-user" [
        SHARED, RUNS_A_COMMAND,
        &["--map 0 -- true", "--map 0:0 -- true", "--map a:b:c -- true", "--map 0:0:0 -- true", "--map 1:0:4294967295 -- true",
          "--map 0:0:10 --map 5:100:10 -- true", "--map-groups 0:0:1 -- true"]
    ];
    unshare_cgroup "unshare-cgroup" [SHARED, RUNS_A_COMMAND];
    unshare_time "unshare-time" [SHARED, RUNS_A_COMMAND, &["--boottime soon -- true", "--boottime -99999999999 -- true"]];
    unshare_rest "unshare-rest" [&["--no-such-option", "extra"]];
    clone_into "clone-into" [SHARED, RUNS_A_COMMAND, &["--kinds uts,nonsense -- true", "--kinds '' -- true"]];
    ipc_objects "ipc-objects" [&["--no-such-option", "destroy", "--key 0 list", "--key x list", "--queue a/b list"]];
    mount_leak "mount-leak" [&["--no-such-option", "--propagation sideways", "extra"]];
    pid_orphans "pid-orphans" [&["--no-such-option", "extra"]];
    ns_show "ns-show" [&["--no-such-option", "0", "-1", "999999999", "x", "--compare 1", "--kept --tree"]];
    ns_keep "ns-keep" [&["", "1", "x uts @/kept", "999999999 uts @/kept", "1 nonsense @/kept", "1 uts", "--hold @/kept"]];
    ns_enter "ns-enter" [&["", "@/nothing -- true", "@/file -- true", "@/empty -- true", "999999999 -- true", "@/strange-\\xff -- true"]];
    ns_drop "ns-drop" [&["", "@/nothing", "@/file", "@/empty", "@/strange-\\xff"]];
    enter_pivot "enter-pivot" [
        &["", "@/nothing -- true", "@/file -- true", "@/broken -- true", "@/empty -- true", "@/root -- no-such-command",
          "@/root --volume @/nothing:/data -- true", "@/root --volume @/empty -- true", "@/root --volume @/empty:data -- true",
          "@/root --volume @/empty:/data:rx -- true", "@/root --tmpfs relative -- true"]
    ];
    unpack_layer "unpack-layer" [
        &["", "@/text.tar", "@/nothing @/out", "@/text.tar @/out", "@/empty @/out", "@/strange-\\xff @/out", "@/text.tar @/file"]
    ];
    enter_overlay "enter-overlay" [
        &["-- true", "--layer @/nothing -- true", "--layer @/file -- true", "--layer @/root --state @/file -- true",
          "--layer @/root -- no-such-command", "--layer @/empty -- true"]
    ];
    commit_layer "commit-layer" [&["", "@/nothing @/out.tar", "@/empty @/out.tar", "@/file @/out.tar", "@/strange-\\xff @/out.tar"]];
    layer_usage "layer-usage" [&["", "@/nothing", "@/file", "@/strange-\\xff/nothing"]];
    limit "limit" [
        &["--no-such-option", "--memory lots -- true", "--memory -1 -- true", "--cpus 0 -- true", "--cpus x -- true", "--pids 0 -- true",
          "--pids x -- true", "--cpuset 9999 -- true", "--name a/b --pids 10 -- true", "--layout v2 -- true"]
    ];
    usage "usage" [&["", "@/nothing", "@/empty", "@/file", "999999999"]];
    freeze "freeze" [&["", "@/nothing", "@/empty", "@/file", "999999999"]];
    thaw "thaw" [&["", "@/nothing", "@/empty", "@/file", "999999999"]];
    kill_cgroup "kill-cgroup" [&["", "@/nothing", "@/empty", "@/file", "999999999"]];
    boxwright "boxwright" [
        &["", "nonsense", "run --no-such-option", "run @/nothing -- true", "run @/file -- true", "run @/broken -- true",
          "run @/empty -- true", "run @/strange-\\xff -- true", "run @/root -- no-such-command", "run @/root -- /etc/passwd",
          "run --name a/b @/root -- true", "run --name '' @/root -- true", "run --name -x @/root -- true",
          "run --hostname 0123456789012345678901234567890123456789012345678901234567890123456789 @/root -- true",
          "run -w relative @/root -- true", "run -w /nothing @/root -- true", "run -u nobody-here @/root -- true", "run -u -1 @/root -- true",
          "run -v @/nothing:/data @/root -- true", "run -v @/empty @/root -- true", "run -v @/empty:data @/root -- true",
          "run --tmpfs relative @/root -- true", "run --memory lots @/root -- true", "run --pids x @/root -- true",
          "run --network sideways @/root -- true", "run -d -t @/root -- true", "exec nobody -- true", "stop nobody", "kill nobody",
          "kill --signal NONSENSE nobody", "pause nobody", "unpause nobody", "logs nobody", "commit nobody @/out.tar", "rm nobody",
          "rm ../..", "ps extra"]
    ];
    doctor "doctor" [&["--no-such-option", "nonsense", "--stage 99"]];
}
