//! Each limit as the kernel has it, as the command meets it, and as it is told.

use std::fs;

use crate::harness::Process;

use super::{file, inside, keyed, limited, listening, texts};

#[test]
fn limits_hold_before_the_first_instruction_of_the_command() {
    needs!(PidsLimit, MemoryLimit);
    let room = room!();
    let name = room.name("first");
    // No shell: what is executed reads where it is before it does anything else.
    let words = ["--name", &name, "--pids", "7", "--memory", "40M", "--", "cat", "/proc/self/cgroup"];
    let seen = room.run("limit", words).ok();
    // Below the top, or below what was handed over to us.
    let path = format!("/boxwright/{name}");
    for controller in ["pids", "memory"] {
        let line = seen
            .lines()
            .find(|line| line.split(':').nth(1).is_some_and(|names| names.split(',').any(|one| one == controller)));
        let line = line.or_else(|| seen.lines().find(|line| line.starts_with("0::"))).unwrap();
        assert!(line.ends_with(&path), "{controller}: {seen}");
    }
    // With room for one process, its very first fork is refused.
    let ran = limited(&room, "alone", &["--pids", "1"], "true & wait; echo it forked");
    assert!(!ran.output.status.success() && !ran.stdout().contains("it forked"), "{}", ran.transcript());
}

#[test]
fn limits_are_numbers_in_the_files_of_the_kernel() {
    needs!(PidsLimit, MemoryLimit, CpuLimit);
    let room = room!();
    let options = ["--pids", "23", "--memory", "47M", "--swap", "5M", "--cpus", "0.37"];
    let running = listening(&room, "numbers", &options);
    let read = |files: &[&str]| file(&room, "numbers", files);
    assert_eq!(read(&["pids.max"]), "23");
    assert_eq!(read(&["memory.max", "memory.limit_in_bytes"]), (47 << 20).to_string());
    // Version 1 counts both together.
    let swap = read(&["memory.swap.max", "memory.memsw.limit_in_bytes"]);
    assert!([5_u64 << 20, (47 + 5) << 20].map(|bytes| bytes.to_string()).contains(&swap), "{swap}");
    let cpu = read(&["cpu.max", "cpu.cfs_quota_us"]);
    assert!(["37000 100000", "37000"].contains(&cpu.as_str()), "{cpu}");
    // And the shell is inside, with nobody else.
    let shell = running.process().children();
    assert_eq!(inside(&room, "numbers"), shell);
    assert_eq!(running.end().status(), 0);
}

#[test]
fn memory_that_runs_out_is_told_with_its_numbers() {
    needs!(MemoryLimit);
    let room = room!();
    // One program is killed, and the shell that started it goes on: the kernel has counted by then.
    let mut running = listening(&room, "oom", &["--memory", "24M", "--swap", "0"]);
    assert_eq!(running.say("tail /dev/zero; echo $?\n").line(), "137");
    let events = file(&room, "oom", &["memory.events", "memory.oom_control"]);
    assert_eq!(keyed(&events, "oom_kill"), 1);
    let told = running.end();
    assert_eq!(told.status(), 0);
    let line = told.stderr().lines().find(|line| line.starts_with("limit: memory: ")).unwrap().to_owned();
    assert!(line.contains(" of 24 MiB allowed") && line.contains("the kernel killed 1 process"), "{line}");
    // The command itself: its end is what a shell would call it. Less than the limit is no matter.
    let killed = limited(&room, "oom", &["--memory", "24M", "--swap", "0"], "exec tail /dev/zero");
    assert_eq!(killed.status(), 137, "{}", killed.transcript());
    let fits = limited(&room, "fits", &["--memory", "48M"], "head -c 8000000 /dev/zero | tail -c 8000000 | wc -c");
    assert_eq!(fits.ok(), "8000000\n");
    assert!(!fits.stderr().contains("killed") && fits.stderr().contains("of 48 MiB allowed"), "{}", fits.stderr());
}

#[test]
fn a_refused_fork_is_told_with_its_numbers() {
    needs!(PidsLimit);
    let room = room!();
    let mut running = listening(&room, "forks", &["--pids", "4"]);
    // Each subshell is a fork; at the limit the shell gives up the line, and with it itself.
    running.say("sleep 1000 & sleep 1000 & sleep 1000 & echo three\n");
    assert_eq!(running.line(), "three");
    assert_eq!(file(&room, "forks", &["pids.current"]), "4");
    running.say("sleep 1000 & echo never\n");
    let told = running.end();
    assert!(told.stderr().contains("fork") && !told.stdout().contains("never"), "{}", told.transcript());
    let line = told.stderr().lines().find(|line| line.starts_with("limit: processes: ")).unwrap().to_owned();
    assert_eq!(line, "limit: processes: at most 4 of 4 allowed; fork was refused 1 time");
}

#[test]
fn a_fork_bomb_stays_small_and_leaves_nobody() {
    needs!(PidsLimit);
    let room = room!();
    let bomb = "b() { b & b & sleep 1000; }; b 2>/dev/null & read -r end";
    let running = room.start("limit", super::command(&room.name("bomb"), &["--pids", "30"], bomb));
    // Wait until the wall is met: the kernel counts the refusals.
    let refused = || {
        let there = super::directories(&room, "bomb").iter().any(|directory| directory.join("pids.events").exists());
        if there { keyed(&file(&room, "bomb", &["pids.events"]), "max") } else { 0 }
    };
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while refused() == 0 {
        assert!(std::time::Instant::now() < end, "nothing was refused");
        std::thread::yield_now();
    }
    assert!(inside(&room, "bomb").len() <= 30);
    room.run("kill-cgroup", [format!("boxwright/{}", room.name("bomb"))]).ok();
    let told = running.end();
    assert!(told.stderr().contains(" of 30 allowed; fork was refused "), "{}", told.stderr());
}

#[test]
fn throttling_is_told_with_its_numbers() {
    needs!(CpuLimit);
    let room = room!();
    // It runs until the kernel has held it up, and not for a time that one would have to guess.
    let mut running = listening(&room, "slow", &["--cpus", "0.1"]);
    running.say("while :; do :; done\n");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while keyed(&texts(&room, "slow", "cpu.stat"), "nr_throttled") < 2 {
        assert!(std::time::Instant::now() < end, "nobody was held up");
        std::thread::yield_now();
    }
    room.run("kill-cgroup", [format!("boxwright/{}", room.name("slow"))]).ok();
    let told = running.end().stderr();
    let line = told.lines().find(|line| line.starts_with("limit: CPU: ")).unwrap();
    assert!(line.contains(" used, 0.1 CPUs allowed; throttled in ") && line.contains(" periods, waiting "), "{line}");
    let numbers: Vec<u64> =
        line.split(|letter: char| !letter.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    assert!(numbers.len() >= 5, "{line}");
}

#[test]
fn a_cpuset_is_the_only_processor_there_is() {
    needs!(CpusetLimit);
    let room = room!();
    let allowed = |process: Process| process.status("Cpus_allowed_list").unwrap();
    // The last one that we may use ourselves: there may be one.
    let ours = allowed(Process::with(std::process::id()));
    let last = ours.split([',', '-']).next_back().unwrap().to_owned();
    let mut running = listening(&room, "one", &["--cpuset", &last]);
    assert_eq!(running.say("grep Cpus_allowed_list /proc/self/status | cut -f2\n").line(), last);
    assert_eq!(allowed(running.process().children()[0]), last);
    assert_eq!(allowed(running.process()), ours, "outside it is as it was");
    // Nobody inside can ask for another one.
    running.line();
    let others = ours.split([',', '-']).next().filter(|first| *first != last);
    if let Some(first) = others {
        let asked = running.say(&format!("taskset -c {first} true 2>/dev/null && echo moved || echo refused\n")).line();
        assert_eq!(asked, "refused");
    }
    assert_eq!(running.end().status(), 0);
}

#[test]
fn a_limit_on_a_disk_is_set_for_the_disk_under_a_path() {
    needs!(IoLimit);
    let room = room!();
    let path = format!("{}:1M", room.path("").display());
    let ran = listening(&room, "disk", &["--io-write-bps", &path, "--io-read-iops", &path.replace("1M", "700")]);
    let device = std::os::unix::fs::MetadataExt::dev(&fs::metadata(room.path("")).unwrap());
    let major = nix::sys::stat::major(device);
    let written = file(&room, "disk", &["io.max", "blkio.throttle.write_bps_device"]);
    let read = file(&room, "disk", &["io.max", "blkio.throttle.read_iops_device"]);
    assert!(written.starts_with(&format!("{major}:")) && written.contains("1048576"), "{written}");
    assert!(read.starts_with(&format!("{major}:")) && read.contains("700"), "{read}");
    assert_eq!(ran.end().status(), 0);
}
