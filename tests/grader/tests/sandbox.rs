//! The sandbox itself: a host of its own, with walls, and with an audit that names what is left behind.

use std::path::{Path, PathBuf};
use std::time::Duration;

use grader::peek;
use grader::process::{KINDS, Process};
use grader::sandbox::{Audit, End, Ran, Running, Sandbox, Settings, Start, Walls, Who};
use nix::poll::{PollFd, PollFlags, poll};

fn helper() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_workshop"))
}

fn settings(word: &str) -> Settings {
    let base = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("base-{}", nix::unistd::geteuid()));
    let word = format!("{word}-{}", std::process::id());
    Settings {
        helper: helper().to_owned(),
        base,
        shown: Vec::new(),
        writable: Vec::new(),
        word,
        all_controllers: false,
        walls: Walls::default(),
    }
}

fn sandbox(word: &str) -> Sandbox {
    Sandbox::open(&settings(word)).unwrap()
}

fn start<'a>(sandbox: &'a Sandbox, script: &str) -> Running<'a> {
    start_as(sandbox, script, Who::Root)
}

fn start_as<'a>(sandbox: &'a Sandbox, script: &str, who: Who) -> Running<'a> {
    let arguments = ["/bin/sh", "-c", script].map(str::to_owned);
    let environment = [("PATH".to_owned(), "/usr/sbin:/usr/bin:/sbin:/bin".to_owned())];
    let start =
        Start { gate: &[], arguments: &arguments, environment: &environment, directory: Path::new("/work"), who };
    sandbox.start(&start).unwrap()
}

fn run(sandbox: &Sandbox, script: &str) -> Ran {
    start(sandbox, script).end()
}

#[test]
fn a_program_has_three_streams_and_a_status() {
    let sandbox = sandbox("streams");
    let mut running = start(&sandbox, "read a; echo \"$a!\"; echo oops >&2; exit 3");
    running.say("hello");
    let ran = running.end();
    assert_eq!((ran.output.as_str(), ran.errors.as_str(), ran.end), ("hello!\n", "oops\n", End::Exited(3)));
    assert_eq!(run(&sandbox, "kill -9 $$").end, End::Killed(9));
    assert_eq!(run(&sandbox, "exec /no/such/program").end, End::Exited(127));
    assert_eq!(run(&sandbox, "trap").end, End::Exited(0));
}

#[test]
fn a_sandbox_is_a_host_of_its_own() {
    let sandbox = sandbox("own");
    let here = Process(std::process::id());
    for kind in KINDS.iter().filter(|kind| !["user", "time"].contains(kind)) {
        assert!(!sandbox.first().shares(kind, here), "{kind}");
    }
    let mut running = start(&sandbox, "echo there; read end");
    running.line_with("there").unwrap();
    assert_eq!(running.process().unwrap().numbers().len(), here.numbers().len() + 1);
    let names = peek::names(helper(), sandbox.first()).unwrap();
    assert!(names.hostname.starts_with("host-own-"), "{names:?}");
    assert_eq!(run(&sandbox, "cat /proc/sys/kernel/hostname").output.trim(), names.hostname);
    assert!(run(&sandbox, "cat /sys/class/net/lo/operstate /sys/class/net/lo/flags").output.contains("0x9"));
}

#[test]
fn the_inside_of_a_sandbox_has_one_thread() {
    let sandbox = sandbox("thread");
    assert_eq!(sandbox.first().status("Threads").as_deref(), Some("1"));
}

#[test]
fn the_host_is_read_only_and_scratch_is_not() {
    let sandbox = sandbox("files");
    for place in ["/etc", "/usr", "/usr/bin", "/", "/workshop"] {
        let ran = run(&sandbox, &format!("echo x > {place}/boxwright-was-here"));
        assert!(!ran.went_well(), "{place}: {ran:?}");
        assert!(!Path::new(place).join("boxwright-was-here").exists());
    }
    for place in ["/work", "/tmp", "/home/learner", "/var/tmp", "/dev/shm"] {
        let ran = run(&sandbox, &format!("echo x > {place}/file && cat {place}/file"));
        assert_eq!(ran.output, "x\n", "{place}: {ran:?}");
    }
    assert!(!Path::new("/tmp/file").exists() && !Path::new("/var/tmp/file").exists());
    assert!(!run(&sandbox, "ls /root/.[a-z]* /home/*/.[a-z]*").went_well());
}

#[test]
fn an_ordinary_user_has_no_rights_inside_and_may_make_a_user_namespace() {
    let sandbox = sandbox("rights");
    let ran = start_as(&sandbox, "grep CapEff /proc/self/status; id -u", Who::Ordinary).end();
    assert!(ran.output.starts_with("CapEff:\t0000000000000000\n") && !ran.output.ends_with("\n0\n"), "{ran:?}");
    let nested = "unshare --user --map-root-user --mount --pid --fork sh -c 'mount -t tmpfs t /mnt && mount -t proc p /proc && echo $$'";
    let ran = start_as(&sandbox, nested, Who::Ordinary).end();
    assert_eq!(ran.output, "1\n", "{ran:?}");
}

#[test]
fn root_inside_is_root() {
    let sandbox = sandbox("root");
    let ran = start_as(
        &sandbox,
        "id -u; mount -t tmpfs t /mnt && hostname other && cat /proc/sys/kernel/hostname",
        Who::Root,
    );
    assert_eq!(ran.end().output, "0\nother\n");
}

#[test]
fn what_a_sandbox_leaves_behind_is_named() {
    let sandbox = sandbox("leaks");
    let audit = Audit::of(&sandbox, helper());
    assert_eq!(audit.leaks(&sandbox, helper()), []);
    run(&sandbox, "(sleep 1234 <&- >&- 2>&- &) ; ipcmk --queue");
    let leaks: Vec<_> = audit.leaks(&sandbox, helper()).into_iter().map(|leak| leak.0).collect();
    assert!(leaks.iter().any(|leak| leak == "still running: sleep 1234"), "{leaks:?}");
    assert!(leaks.iter().any(|leak| leak.contains("msg object")), "{leaks:?}");
    run(&sandbox, "hostname renamed; mount -t tmpfs t /mnt");
    let leaks: Vec<_> = audit.leaks(&sandbox, helper()).into_iter().map(|leak| leak.0).collect();
    assert!(leaks.iter().any(|leak| leak == "new: host name renamed"), "{leaks:?}");
    assert!(leaks.iter().any(|leak| leak.starts_with("new: mount / /mnt")), "{leaks:?}");
}

#[test]
fn who_is_killed_while_forking_leaves_nobody() {
    let sandbox = sandbox("forking");
    let audit = Audit::of(&sandbox, helper());
    // Each of them stays, and 63 are made one from another: they are killed while the later ones come.
    let bomb = "bomb() { if [ $1 -gt 0 ]; then bomb $(($1 - 1)) & bomb $(($1 - 1)) & fi; sleep 1234; }; bomb 5";
    let mut running = start(&sandbox, bomb);
    let program = running.process().unwrap();
    while program.descendants().len() < 20 {
        assert!(program.is_alive());
    }
    running.kill();
    assert_eq!(audit.leaks(&sandbox, helper()), []);
}

#[test]
fn walls_hold_one_program_and_all_of_them() {
    let walls = Walls { program: Duration::from_millis(500), output: 64 << 10, processes: 40, ..Walls::default() };
    let sandbox = Sandbox::open(&Settings { walls, ..settings("walls") }).unwrap();
    let ended = |script: &str| run(&sandbox, script).end;
    assert!(matches!(ended("sleep 1000"), End::Stopped(why) if why.contains("longer")));
    assert!(matches!(ended("yes"), End::Stopped(why) if why.contains("printed")));
    assert!(!matches!(ended("head -c 2G /dev/zero | tail -c 1G"), End::Exited(0)));
    // A fork bomb: whoever of the walls is the first.
    run(&sandbox, "bomb() { bomb | bomb & }; bomb; wait");
    assert!(sandbox.processes().len() < 400);
}

#[test]
fn nothing_of_a_sandbox_outlives_it() {
    let sandbox = sandbox("over");
    let mut running = start(&sandbox, "sleep 1000 & echo there; wait");
    running.line_with("there").unwrap();
    let everybody = [sandbox.processes(), vec![sandbox.first()]].concat();
    let cgroups = sandbox.cgroups();
    assert!(everybody.len() >= 4, "{everybody:?}");
    drop(running);
    assert_eq!(sandbox.close(), []);
    for process in everybody {
        assert!(!process.is_alive(), "{}", process.command());
    }
    assert!(cgroups.iter().all(|folder| !folder.exists()), "{cgroups:?}");
}

#[test]
fn a_sandbox_clears_up_although_the_grader_was_killed() {
    // A child of ours is the grader: it says where its sandbox is, and is killed.
    const CHILD: &str = "BOXWRIGHT_SANDBOX_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let sandbox = sandbox("killed");
        let cgroups: Vec<_> = sandbox.cgroups().iter().map(|folder| folder.display().to_string()).collect();
        eprintln!("\nsandbox {} {}", sandbox.first().0, cgroups.join(" "));
        start(&sandbox, "read end").line();
        return;
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_sandbox_clears_up_although_the_grader_was_killed", "--nocapture"]).env(CHILD, "1");
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let line = lines.find_map(|line| line.unwrap().strip_prefix("sandbox ").map(str::to_owned)).unwrap();
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    let first = Process(words.next().unwrap().parse().unwrap());
    let cgroups: Vec<_> = words.map(PathBuf::from).collect();
    assert!(first.is_alive() && cgroups.iter().all(|folder| folder.exists()));
    let keeper = Process(first.status("PPid").unwrap().parse().unwrap());
    let keeper = Process(keeper.status("PPid").unwrap().parse().unwrap());
    let descriptor = rustix::process::pidfd_open(
        rustix::process::Pid::from_raw(keeper.0 as i32).unwrap(),
        rustix::process::PidfdFlags::empty(),
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let descriptor = descriptor.unwrap();
    let mut ends = [PollFd::new(std::os::fd::AsFd::as_fd(&descriptor), PollFlags::POLLIN)];
    assert_eq!(poll(&mut ends, 10_000_u16), Ok(1), "somebody stays");
    assert!(!first.is_alive());
    assert!(cgroups.iter().all(|folder| !folder.exists()), "{cgroups:?}");
}

#[test]
fn root_of_a_container_can_judge_too() {
    // A root who has no other ids, as in a rootless container: the tests of this file, once more.
    const INSIDE: &str = "BOXWRIGHT_SANDBOX_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        return;
    }
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--"]).arg(std::env::current_exe().unwrap()).env(INSIDE, "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn what_root_of_a_sandbox_has_made_can_be_read() {
    let sandbox = sandbox("reach");
    run(
        &sandbox,
        "umask 077; mkdir /work/closed; echo secret > /work/closed/file; chmod 0 /work/closed; ln -s /work/closed/file /work/link",
    );
    let first = sandbox.first();
    for path in ["/work/closed/file", "work/closed/file", "/work/link", "/work/../../work/closed/file"] {
        assert_eq!(first.file(path).as_deref(), Some("secret\n"), "{path}");
    }
    assert!(first.in_root("/").unwrap().metadata().unwrap().is_dir());
    for path in ["/work/closed/nothing", "/no/where", "/work/closed/file/below"] {
        assert!(first.in_root(path).is_none(), "{path}");
    }
}
