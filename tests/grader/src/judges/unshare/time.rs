//! `time-1`: clocks of one's own.

use super::super::look::{arrives, explained, random_number};
use crate::bench::Bench;
use crate::checks::{Checks, Judged};

const SCRIPT: &str = "cat /proc/uptime; echo $0; read end";

pub(super) fn own_clocks(bench: &Bench, checks: &mut Checks) -> Judged {
    let (boot, monotonic) = (random_number(200_000, 300_000), random_number(100_000, 200_000));
    let (boot, monotonic) = (boot.to_string(), monotonic.to_string());
    let word = bench.nonce("here");
    let offsets = ["--boottime", boot.as_str(), "--monotonic", monotonic.as_str(), "--"];
    let told = explained(bench, "unshare-time", &[&offsets[..], &["true"]].concat())?;
    let command = [&offsets[..], &["sh", "-c", SCRIPT, word.as_str()]].concat();
    let mut running = bench.call("unshare-time", command).as_root().start()?;
    let inside = arrives(checks, &mut running, &word, |said| {
        let is_late = told.contains("unshare(CLONE_NEWTIME)");
        said.contains("timens_offsets").then_some(if is_late { "too-late" } else { "offsets-first" })
    })?;
    let uptime = || std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let (seen, ours) = (running.so_far(), seconds(&uptime()));
    checks
        .check("the command has a time namespace of its own")
        .worth(2)
        .did(running.command())
        .saw(format!(
            "inside /proc/self/ns/time is {}, outside {}",
            inside.namespace("time").unwrap_or_default(),
            bench.host().namespace("time").unwrap_or_default()
        ))
        .means("its clocks are the host's")
        .must(!inside.shares("time", bench.host()))?;
    let set = inside.read("timens_offsets");
    let value = |clock: &str| {
        let line = set.lines().find_map(|line| line.strip_prefix(clock)).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let (is_boot, is_monotonic) = (value("boottime"), value("monotonic"));
    checks
        .check("the kernel has the offsets that were asked for")
        .worth(2)
        .did(running.command())
        .saw(format!("/proc/PID/timens_offsets says:\n{set}"))
        .means("a new time namespace begins with the clocks of the one it was made in")
        .mistake_if(is_boot == [monotonic.as_str(), "0"] && is_monotonic == [boot.as_str(), "0"], "swapped")
        .mistake_if(is_boot == ["0", boot.as_str()], "nanoseconds")
        .mistake_if(is_boot == ["0", "0"] && is_monotonic == ["0", "0"], "no-offsets")
        .must(is_boot == [boot.as_str(), "0"] && is_monotonic == [monotonic.as_str(), "0"])?;
    let theirs = seen.lines().find_map(seconds);
    let difference = theirs.zip(ours).map(|(theirs, ours)| theirs - ours);
    checks
        .check("the command's uptime is that much longer")
        .did(running.command())
        .saw(format!("/proc/uptime says {theirs:?} inside and {ours:?} outside"))
        .means("/proc/uptime is CLOCK_BOOTTIME, with the offset of whoever reads it")
        .also(difference.is_some_and(|more| (more - boot.parse::<f64>().unwrap_or_default()).abs() < 15.0));
    running.end();
    let ran = bench.run("unshare-time", ["--boottime", boot.as_str(), "--", "sh", "-c", "exit 7"])?;
    checks
        .check("an ordinary user can do it too, and the command's status comes back")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("unshare-time makes a user namespace first; what your function does must also work in there")
        .also(ran.status() == Some(7));
    Ok(())
}

/// The first of the two numbers in /proc/uptime.
fn seconds(text: &str) -> Option<f64> {
    text.split(' ').next()?.parse().ok()
}
