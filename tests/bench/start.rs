//! How long a container takes from the command line to its end, beside the peers that this host has.
//!
//! `cargo bench -p judges --bench start [-- ROUNDS]`, as root, because that is what the peers are made for. Everyone runs
//! /bin/true on the same root file system behind the same walls: mount, PID, UTS, IPC, network and cgroup namespaces,
//! pivot_root, /proc, /dev and /sys; nobody makes a cgroup. They take turns, so that a noisy machine is fair to all, and
//! what counts is the ratio. Nothing is installed; a peer that is not there is named.
#![expect(clippy::print_stdout, reason = "the table is this program's answer")]

use std::error::Error;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Runner {
    name: &'static str,
    command: Vec<String>,
    home: PathBuf,
    times: Vec<Duration>,
}

fn main() -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: the peers are compared as root; run it as root");
        return Ok(());
    }
    alone_with_cgroup2()?;
    let rounds: usize = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(60);
    let scratch = PathBuf::from(format!("/tmp/boxwright-bench-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    let measured = measure(&scratch, rounds);
    fs::remove_dir_all(&scratch)?;
    measured
}

fn measure(scratch: &Path, rounds: usize) -> Result<()> {
    let boxwright = build()?;
    let root = rootfs(&scratch.join("home"))?;
    let mut runners = runners(scratch, &boxwright, &root)?;
    for runner in &mut runners {
        run_once(runner)?;
    }
    for round in 0..rounds {
        for at in order(runners.len(), round) {
            let took = run_once(&runners[at])?;
            runners[at].times.push(took);
        }
    }
    report(&mut runners);
    Ok(())
}

/// Each round has another order: whoever comes second finds the machine as the first has left it.
fn order(count: usize, mut round: usize) -> Vec<usize> {
    let mut left: Vec<_> = (0..count).collect();
    let next = |choices: usize| {
        let at = round % choices;
        round /= choices;
        left.remove(at)
    };
    (1..=count).rev().map(next).collect()
}

/// crun and runc refuse a host on which version 1 and version 2 stand side by side: they get to see version 2 alone.
fn alone_with_cgroup2() -> Result<()> {
    if std::env::var_os("BOXWRIGHT_BENCH_ALONE").is_some() || !Path::new("/sys/fs/cgroup/unified").is_dir() {
        return Ok(());
    }
    let script = "mount --make-rprivate / && mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup && exec \"$@\"";
    let error = Command::new("unshare")
        .args(["--mount", "sh", "-c", script, "sh"])
        .args(std::env::args_os())
        .env("BOXWRIGHT_BENCH_ALONE", "yes")
        .exec();
    Err(error.into())
}

/// As `just install` has it: one file, with the C library in it, where the host has that one to link.
fn build() -> Result<String> {
    let is_static = build_as(&["--", "-C", "target-feature=+crt-static"]);
    is_static.or_else(|_| {
        println!("there is no static C library here: boxwright is measured with the shared one");
        build_as(&[])
    })
}

fn build_as(words: &[&str]) -> Result<String> {
    let built = Command::new(env!("CARGO"))
        .args(["rustc", "--release", "--quiet", "-p", "runtime", "--bin", "boxwright", "--message-format=json"])
        .args(words)
        .stderr(Stdio::null())
        .output()?;
    let messages = String::from_utf8(built.stdout)?;
    let program = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| Some(message["executable"].as_str()?.to_owned()));
    program.ok_or_else(|| "cargo built no boxwright".into())
}

fn rootfs(home: &Path) -> Result<PathBuf> {
    let root = home.join("rootfs");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../rootfs-scripts/host.sh");
    let made = Command::new("sh").arg(script).arg(&root).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if made.success() { Ok(root) } else { Err("host.sh made no root file system".into()) }
}

fn runners(scratch: &Path, boxwright: &str, root: &Path) -> Result<Vec<Runner>> {
    let bundle = scratch.join("bundle");
    fs::create_dir_all(&bundle)?;
    fs::write(bundle.join("config.json"), oci(root))?;
    let (bundle, shown) = (bundle.display().to_string(), root.display().to_string());
    let ours = [boxwright, "run", "--rm", "--no-cgroup", "--read-only", &shown, "--", "/bin/true"];
    let all: [(&'static str, &[&str]); 5] = [
        ("boxwright", &ours),
        ("crun", &["crun", "--cgroup-manager=disabled", "run", "-b", &bundle, "boxwright-bench"]),
        ("runc", &["runc", "run", "-b", &bundle, "boxwright-bench"]),
        (
            "bubblewrap",
            &[
                "env",
                "A=B",
                "bwrap",
                "--unshare-all",
                "--ro-bind",
                &shown,
                "/",
                "--proc",
                "/proc",
                "--dev",
                "/dev",
                "/bin/true",
            ],
        ),
        ("nothing at all", &["/bin/true"]),
    ];
    let is_there = |words: &&[&str]| words[0].starts_with('/') || which(words[0]);
    let (there, missing): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, words)| is_there(words));
    for (name, _) in missing {
        println!("{name}: not on this host");
    }
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Ok(there
        .into_iter()
        .map(|(name, words)| Runner { name, command: own(words), home: scratch.join("home"), times: Vec::new() })
        .collect())
}

fn which(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn oci(root: &Path) -> String {
    let mount = |at: &str, kind: &str, options: &[&str]| serde_json::json!({ "destination": at, "type": kind, "source": kind, "options": options });
    let kinds = ["pid", "ipc", "uts", "mount", "network", "cgroup"];
    let namespaces: Vec<_> = kinds.iter().map(|kind| serde_json::json!({ "type": kind })).collect();
    let harmless = ["nosuid", "noexec", "nodev"];
    serde_json::json!({
        "ociVersion": "1.0.2",
        "process": { "user": { "uid": 0, "gid": 0 }, "args": ["/bin/true"], "env": ["PATH=/usr/bin:/bin"], "cwd": "/" },
        "root": { "path": root, "readonly": true },
        "hostname": "box",
        "mounts": [
            mount("/proc", "proc", &harmless),
            mount("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
            mount("/dev/pts", "devpts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            mount("/dev/shm", "tmpfs", &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
            mount("/dev/mqueue", "mqueue", &harmless),
            mount("/sys", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
        ],
        "linux": { "namespaces": namespaces },
    })
    .to_string()
}

/// How long the kernel gets to take the last container's network namespace apart, which it does when nobody waits for it
/// any more. Whoever makes one meanwhile waits, and would pay for the one before.
const PAUSE: Duration = Duration::from_millis(100);

fn run_once(runner: &Runner) -> Result<Duration> {
    std::thread::sleep(PAUSE);
    let begun = Instant::now();
    let output = Command::new(&runner.command[0])
        .args(&runner.command[1..])
        .env("BOXWRIGHT_HOME", &runner.home)
        .stdin(Stdio::null())
        .output()?;
    let took = begun.elapsed();
    if output.status.success() {
        return Ok(took);
    }
    Err(format!("{}: {}", runner.name, String::from_utf8_lossy(&output.stderr)).into())
}

fn report(runners: &mut [Runner]) {
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let medians: Vec<_> = runners.iter_mut().map(|runner| (runner.name, median(&mut runner.times))).collect();
    let crun = medians.iter().find(|(name, _)| *name == "crun").map(|(_, time)| time.as_secs_f64());
    println!("{:16} {:>10} {:>14}", "", "median", "ratio to crun");
    for (name, time) in &medians {
        let ratio = crun.map_or_else(String::new, |crun| format!("{:.2}", time.as_secs_f64() / crun));
        println!("{name:16} {:>7.2} ms {ratio:>14}", time.as_secs_f64() * 1000.0);
    }
}
