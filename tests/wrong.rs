//! Wrong command lines, missing files, wrong types, names that are not UTF-8: what a person is told, and that nothing stays.
//!
//! One snapshot a program, the same for root and for an ordinary user. Each line of a table is a command line.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::harness::{Room, programs, rootfs};

/// Command lines of one program, in which `@` stands for a folder with these in it: `file`, `empty/`, `broken` (a link to
/// nothing), `loop` (one to itself), `strange-\xff/` (no UTF-8), `root` (a root file system), `text.tar` (no archive),
/// `layer.tar` (one), `cut.tar` (its first half), `state/` (of a container). `%` stands for a process.
///
/// A line that begins with `root:` is for root alone: what others are told depends on the host.
type Table = &'static [&'static str];

const FOR_ROOT: &str = "root:";

const SHARED: Table = &[
    "--no-such-option",
    "--explain --rehearse -- true",
    "--trace",
    "--trace @/empty -- true",
    "--trace @/no/such/file -- true",
    "--trace @/strange-\\xff/no/file -- true",
];

const RUNS_A_COMMAND: Table = &[
    "-- no-such-command",
    "-- no-such-\\xff",
    "-- ''",
    "-- @/no/such/command",
    "-- @/file",
    "-- @/empty",
    "-- @/broken",
    "-- @/loop",
    "-- @/strange-\\xff",
];

fn prepare(room: &Room) {
    room.file("file", "text");
    room.file("text.tar", "this is no archive, however one looks at it");
    room.file("state/upper/file", "text");
    room.folder("state/work");
    room.folder("state/init");
    room.folder("empty");
    room.folder(OsString::from_vec(b"strange-\xff".to_vec()));
    std::os::unix::fs::symlink("nothing", room.path("broken")).unwrap();
    std::os::unix::fs::symlink("loop", room.path("loop")).unwrap();
    std::os::unix::fs::symlink(rootfs(), room.path("root")).unwrap();
    room.run("/bin/tar", ["-cf", "layer.tar", "text.tar"]).ok();
    let whole = std::fs::read(room.path("layer.tar")).unwrap();
    room.file("cut.tar", &whole[..530]);
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
                '%' => bytes.extend_from_slice(std::process::id().to_string().as_bytes()),
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
    let (for_root, for_all): (Vec<_>, Vec<_>) =
        tables.iter().copied().flatten().partition(|line| line.starts_with(FOR_ROOT));
    room.snapshot(&format!("wrong-{program}"), &transcript(&room, program, &for_all));
    if crate::harness::is_root() && !for_root.is_empty() {
        room.snapshot(&format!("wrong-{program}-root"), &transcript(&room, program, &for_root));
    }
}

fn transcript(room: &Room, program: &str, lines: &[&&str]) -> String {
    let mut transcript = String::new();
    for line in lines.iter().map(|line| line.trim_start_matches(FOR_ROOT)) {
        let ran = room.run(program, words(room, line));
        assert_ne!(ran.status(), 0, "{program} {line} went well");
        assert!(matches!(ran.status(), 125..=127), "{program} {line}: {}", ran.transcript());
        assert_eq!(ran.stdout(), "", "{program} {line}");
        assert!(!ran.stderr().contains("panicked") && !ran.stderr().contains("backtrace"), "{}", ran.stderr());
        let _ = writeln!(transcript, "$ {program} {line}\n{}[status] {}\n", ran.stderr(), ran.status());
    }
    transcript
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

tables! {
    enter_chroot "enter-chroot" [
        &["", "--no-such-option", "@/nothing -- true", "@/file -- true", "@/broken -- true", "@/loop -- true", "@/empty -- true",
          "@/strange-\\xff -- true", "'' -- true", "@/root -- no-such-command", "@/root -- no-such-\\xff", "@/root -- /etc/passwd",
          "@/root -- /etc", "@/root --explain --rehearse -- true", "--trace @/empty @/root -- true"]
    ];
    escape_chroot "escape-chroot" [
        &["--no-such-option", "@/nothing -- true", "@/file -- true", "@/broken -- true", "@/loop -- true",
          "@/strange-\\xff/nothing -- true", "--trace @/empty @/root"]
    ];
    unshare_uts "unshare-uts" [
        SHARED, RUNS_A_COMMAND,
        &["--hostname", "--hostname 0123456789012345678901234567890123456789012345678901234567890123456789 -- true",
          "--hostname a\\xffb -- true", "--domainname 0123456789012345678901234567890123456789012345678901234567890123456789 -- true"]
    ];
    unshare_ipc "unshare-ipc" [SHARED, RUNS_A_COMMAND];
    unshare_mount "unshare-mount" [SHARED, RUNS_A_COMMAND, &["--propagation", "--propagation sideways -- true"]];
    unshare_pid "unshare-pid" [SHARED, RUNS_A_COMMAND];
    unshare_net "unshare-net" [SHARED, RUNS_A_COMMAND];
    unshare_user "unshare-user" [
        SHARED, RUNS_A_COMMAND,
        &["--map 0 -- true", "--map 0:0 -- true", "--map a:b:c -- true", "--map 0:0:0 -- true", "--map 1:0:4294967295 -- true",
          "--map \\xff -- true", "root:--map 0:0:10 --map 5:100:10 -- true", "--map-groups 0:0:1 -- true"]
    ];
    unshare_cgroup "unshare-cgroup" [SHARED, RUNS_A_COMMAND];
    unshare_time "unshare-time" [
        SHARED, RUNS_A_COMMAND,
        &["--boottime soon -- true", "--boottime -99999999999 -- true", "--monotonic 99999999999999999999 -- true"]
    ];
    unshare_rest "unshare-rest" [&["--no-such-option", "extra", "--trace @/empty"]];
    clone_into "clone-into" [SHARED, RUNS_A_COMMAND, &["--kinds", "--kinds uts,nonsense -- true", "--kinds '' -- true"]];
    ipc_objects "ipc-objects" [
        &["--no-such-option", "destroy", "--key 0 list", "--key x list", "--queue a/b list", "--queue / list", "--queue /\\xff list",
          "--trace @/empty list"]
    ];
    mount_leak "mount-leak" [&["--no-such-option", "--propagation sideways", "extra", "--trace @/empty"]];
    pid_orphans "pid-orphans" [&["--no-such-option", "extra", "--trace @/empty"]];
    ns_show "ns-show" [
        &["--no-such-option", "0", "-1", "999999999", "x", "\\xff", "--compare 1", "--compare % x", "--compare % 999999999",
          "--kept --tree", "--trace @/empty"]
    ];
    ns_keep "ns-keep" [
        &["", "1", "x uts @/kept", "999999999 uts @/kept", "1 nonsense @/kept", "1 uts", "--hold @/kept", "% uts @/file",
          "% uts @/empty", "% uts @/broken", "% uts @/loop", "% uts @/no/such/file", "% uts @/strange-\\xff/no/file", "% uts @/strange-\\xff",
          "--hold % uts -- no-such-command", "--trace @/empty % uts @/kept"]
    ];
    ns_enter "ns-enter" [
        &["", "@/nothing -- true", "@/file -- true", "@/empty -- true", "@/broken -- true", "@/loop -- true", "999999999 -- true",
          "@/strange-\\xff -- true", "% --kind nonsense -- true", "1 @/file -- true", "/proc/%/ns/uts --kind net -- true",
          "--trace @/empty % -- true"]
    ];
    ns_drop "ns-drop" [
        &["", "@/nothing", "@/file", "@/empty", "@/broken", "@/loop", "@/strange-\\xff", "/proc/%/ns/uts", "--trace @/empty @/file"]
    ];
    enter_pivot "enter-pivot" [
        &["", "--no-such-option", "@/nothing -- true", "@/file -- true", "@/broken -- true", "@/loop -- true", "@/empty -- true",
          "@/strange-\\xff -- true", "@/root -- no-such-command", "@/root -- no-such-\\xff", "@/root -- /etc/passwd",
          "@/root --volume @/nothing:/data -- true", "@/root --volume @/empty -- true", "@/root --volume @/empty:data -- true",
          "@/root --volume @/empty:/data:rx -- true", "@/root --volume @/empty:/no/such/place -- true",
          "@/root --volume @/empty:/etc/passwd -- true", "@/root --volume @/file:/etc -- true",
          "@/root --volume @/strange-\\xff/nothing:/mnt -- true", "@/root --tmpfs relative -- true", "@/root --tmpfs /no/such/place -- true",
          "@/root --tmpfs /etc/passwd -- true", "--trace @/empty @/root -- true"]
    ];
    unpack_layer "unpack-layer" [
        &["", "--no-such-option", "@/text.tar", "@/nothing @/out", "@/text.tar @/out", "@/cut.tar @/out", "@/empty @/out",
          "@/broken @/out", "@/loop @/out", "@/strange-\\xff @/out", "@/strange-\\xff/nothing @/out", "@/text.tar @/file",
          "@/layer.tar @/file", "@/layer.tar @/broken", "@/layer.tar @/loop", "@/layer.tar @/no/such/out",
          "@/layer.tar @/strange-\\xff/no/out", "--max-size 10 @/layer.tar @/out", "--max-size lots @/layer.tar @/out",
          "--max-entries 0 @/layer.tar @/out", "--max-entries x @/layer.tar @/out", "--trace @/empty @/layer.tar @/out"]
    ];
    enter_overlay "enter-overlay" [
        &["-- true", "--no-such-option", "--layer @/nothing -- true", "--layer @/file -- true", "--layer @/broken -- true",
          "--layer @/loop -- true", "--layer @/strange-\\xff/nothing -- true", "--layer @/root --layer @/root -- true",
          "--layer @/root --state @/file -- true", "--layer @/root --state @/root -- true", "--layer @/root --state @/loop -- true",
          "--layer @/root --state @/no/such/state -- true", "--layer @/root --state @/strange-\\xff/no/state -- true",
          "--layer @/root -- no-such-command", "--layer @/root -- no-such-\\xff", "--layer @/root -- /etc/passwd",
          "--layer @/empty -- true", "--layer @/strange-\\xff -- true", "--layer @/root --volume @/nothing:/data -- true",
          "--layer @/root --tmpfs relative -- true", "--layer @/root --trace @/empty -- true"]
    ];
    commit_layer "commit-layer" [
        &["", "--no-such-option", "@/nothing @/out.tar", "@/empty @/out.tar", "@/file @/out.tar", "@/broken @/out.tar",
          "@/loop @/out.tar", "@/strange-\\xff @/out.tar", "@/state @/empty", "@/state @/no/such/out.tar",
          "@/state @/strange-\\xff/no/out.tar", "--mtime x @/state @/out.tar", "--trace @/empty @/state @/out.tar"]
    ];
    layer_usage "layer-usage" [
        &["", "--no-such-option", "@/nothing", "@/file", "@/broken", "@/loop", "@/strange-\\xff/nothing", "--state @/nothing",
          "--state @/file", "--state @/empty @/root", "--state @/strange-\\xff @/root", "--trace @/empty @/root"]
    ];
    limit "limit" [
        SHARED,
        &["--memory lots -- true", "--memory -1 -- true", "--swap x -- true", "--cpus 0 -- true", "--cpus x -- true", "--cpus -1 -- true",
          "--pids 0 -- true", "--pids x -- true", "--cpuset 9999 -- true", "--cpuset x -- true", "--cpuset 3-1 -- true",
          "--io-read-bps 1M -- true", "--io-read-bps @/nothing:1M -- true", "--io-read-bps @/file:x -- true",
          "--io-read-bps @/strange-\\xff/nothing:1M -- true", "--name a/b --pids 10 -- true", "--name '' -- true", "--name .. -- true",
          "--name \\xff -- true", "--layout v2 -- true", "--layout v3 --rehearse -- true"]
    ];
    usage "usage" [
        &["", "--no-such-option", "@/nothing", "@/empty", "@/file", "@/broken", "@/loop", "@/strange-\\xff", "999999999",
          "--watch @/nothing", "--trace @/empty %"]
    ];
    freeze "freeze" [
        &["", "--no-such-option", "@/nothing", "@/empty", "@/file", "@/broken", "@/loop", "@/strange-\\xff", "999999999",
          "--trace @/empty 999999999"]
    ];
    thaw "thaw" [
        &["", "--no-such-option", "@/nothing", "@/empty", "@/file", "@/broken", "@/loop", "@/strange-\\xff", "999999999",
          "--trace @/empty 999999999"]
    ];
    kill_cgroup "kill-cgroup" [
        &["", "--no-such-option", "@/nothing", "@/empty", "@/file", "@/broken", "@/loop", "@/strange-\\xff", "999999999",
          "--remove @/nothing", "--trace @/empty @/nothing"]
    ];
    boxwright "boxwright" [
        &["", "nonsense", "help nonsense", "run --no-such-option", "run @/nothing -- true", "run @/file -- true", "run @/broken -- true",
          "run @/loop -- true", "run @/empty -- true", "run @/strange-\\xff -- true", "run @/root @/file -- true",
          "run @/root -- no-such-command", "run @/root -- no-such-\\xff", "run @/root -- /etc/passwd", "run @/root -- ''",
          "run --name a/b @/root -- true", "run --name '' @/root -- true", "run --name -x @/root -- true",
          "run --name \\xff @/root -- true",
          "run --hostname 0123456789012345678901234567890123456789012345678901234567890123456789 @/root -- true",
          "run -w relative @/root -- true", "run -w /nothing @/root -- true", "run -w /etc/passwd @/root -- true",
          "run -u nobody-here @/root -- true", "run -u -1 @/root -- true", "run -u 0:nobody-here @/root -- true",
          "run -v @/nothing:/data @/root -- true", "run -v @/empty @/root -- true", "run -v @/empty:data @/root -- true",
          "run -v @/empty:/data:rx @/root -- true", "run -v @/strange-\\xff:/data @/root -- true", "run -v @/empty:/etc/passwd @/root -- true",
          "run --tmpfs relative @/root -- true", "run --memory lots @/root -- true", "run --cpus 0 @/root -- true",
          "run --cpuset 9999 @/root -- true", "run --pids x @/root -- true", "run --no-cgroup --pids 10 @/root -- true",
          "run --network sideways @/root -- true", "run -d -t @/root -- true", "run --trace @/empty @/root -- true",
          "exec", "exec nobody -- true", "stop", "stop nobody", "stop --time x nobody", "kill nobody",
          "kill --signal NONSENSE nobody", "pause nobody", "unpause nobody", "logs nobody", "commit nobody", "commit nobody @/out.tar",
          "rm", "rm nobody", "rm ../..", "rm \\xff", "ps extra"]
    ];
    doctor "doctor" [&["--no-such-option", "nonsense", "\\xff", "--stage 99", "--stage"]];
}
