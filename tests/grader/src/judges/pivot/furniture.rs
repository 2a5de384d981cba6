//! `pivot-5`: what programs expect to find in any root.

use crate::bench::Bench;
use crate::checks::{Checks, Judged};
use crate::process::Process;
use crate::sandbox::Who;

use super::super::reach::{STAYS, options, reached};
use super::ordinary_user_too;

/// Nothing that is mounted for the kernel's views is a way to gain rights, to reach a device or to run a file.
const HARMLESS: [&str; 3] = ["nosuid", "nodev", "noexec"];

pub(super) fn furniture(bench: &Bench, checks: &mut Checks) -> Judged {
    let (root, word) = (bench.root(Who::Root)?, bench.nonce("here"));
    let mut running = bench.call("enter-pivot", [&root, "--", "sh", "-c", STAYS, &word]).as_root().start()?;
    let inside = reached(checks, &mut running, &word, |_| None)?;
    processes(checks, running.command(), inside, &word)?;
    let system = inside.mounts_at("/sys").pop().unwrap_or_default();
    checks
        .check("/sys is there, and cannot be written to")
        .did(running.command())
        .saw(if system.is_empty() { "mountinfo has no line for /sys" } else { &system })
        .means("one kernel serves every container: programs look for its devices in /sys, and none may set it")
        .mistake("no-sys")
        .also(options(&system).0.contains(&"ro"));
    let null = std::fs::symlink_metadata(format!("/proc/{}/root/dev/null", inside.0)).map(|about| rdev(&about));
    checks
        .check("/dev/null is the device that it is everywhere")
        .did(running.command())
        .saw(null.as_ref().map_or_else(ToString::to_string, |number| format!("its number is {number:#x}")))
        .means("what is written to it lands in a file, or nowhere at all")
        .also(null.is_ok_and(|number| number == 0x103));
    running.end();
    ordinary_user_too(bench, checks, &[], None)
}

fn rdev(about: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::rdev(about)
}

fn processes(checks: &mut Checks, command: &str, inside: Process, word: &str) -> Judged {
    let first = inside.file("/proc/1/cmdline").unwrap_or_default().replace('\0', " ");
    let line = inside.mounts_at("/proc").pop().unwrap_or_default();
    checks
        .check("/proc shows the processes inside, and no others")
        .worth(2)
        .did(command)
        .saw(format!("{line}\nin it, process 1 is: {first}"))
        .means("what /proc shows is decided by whoever mounts it, at that moment, by the PID namespace they are in")
        .mistake_if(line.is_empty(), "on-the-host")
        .mistake("bound")
        .must(first.contains(word))?;
    let has: Vec<_> = options(&line).0;
    checks
        .check("nothing in /proc is a way to gain rights")
        .did(command)
        .saw(&line)
        .means("a file in there could be run, or be a device, or give its caller another user's rights")
        .mistake("no-flags")
        .also(HARMLESS.iter().all(|flag| has.contains(flag)));
    Ok(())
}
