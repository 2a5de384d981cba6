//! `cgroup-4`: each limit in its file, in its unit.

use std::collections::BTreeMap;

use crate::bench::Bench;
use crate::checks::{Checks, Judged};

use super::super::reach::reached;
use super::text_of;

pub(super) fn limits(bench: &Bench, checks: &mut Checks) -> Judged {
    let (name, word) = (bench.nonce("red"), bench.nonce("here"));
    let asked = ["--memory", "8G", "--cpus", "0.5", "--pids", "17", "--quiet", "--name", &name];
    let command = ["--", "sh", "-c", "echo $0; read end", &word];
    let mut running = bench.call("limit", asked.iter().chain(&command).copied()).as_root().start()?;
    reached(checks, &mut running, &word, |words| {
        let is_missing = ["ENOENT", "EACCES", "EPERM"].iter().any(|errno| words.contains(errno));
        (words.contains("write(") || is_missing).then_some("other-version")
    })?;
    let names = ["memory.max", "memory.limit_in_bytes", "cpu.max", "cpu.cfs_quota_us", "cpu.cfs_period_us", "pids.max"];
    let found: BTreeMap<_, _> =
        names.into_iter().filter_map(|file| Some((file, text_of(bench, &name, file)?))).collect();
    let number = |file: &str| found.get(file).and_then(|text| text.parse::<u64>().ok());
    let saw = found.iter().map(|(file, text)| format!("{file}: {text}")).collect::<Vec<_>>().join("\n");
    let memory = number("memory.max").or(number("memory.limit_in_bytes"));
    checks
        .check("memory: 8 GiB, in bytes")
        .worth(2)
        .did(running.command())
        .saw(&saw)
        .means("the kernel counts memory in bytes; another unit is another limit")
        .mistake_if(memory.is_none_or(|bytes| bytes < 1 << 30), "kibibytes")
        .must(memory == Some(8 << 30))?;
    let share = share(&found);
    checks
        .check("CPU time: half a CPU in each period")
        .worth(2)
        .did(running.command())
        .saw(&saw)
        .means("the quota is a time in each period, and the period is not a second")
        .mistake("wrong-period")
        .must(share.is_some_and(|share| (share - 0.5).abs() < 0.01))?;
    checks
        .check("processes: 17")
        .worth(2)
        .did(running.command())
        .saw(&saw)
        .means("what was asked for was not written anywhere")
        .mistake("one-forgotten")
        .must(number("pids.max") == Some(17))?;
    running.end();
    let ran = bench.call("limit", ["--quiet", "--pids", "3", "--", "sh", "-c", "a & b & c & d &"]).as_root().run()?;
    checks
        .check("at the wall, fork(2) fails")
        .did(&ran.command)
        .saw(ran.in_words())
        .means("the number is written, and does not hold")
        .also(ran.errors.to_lowercase().contains("fork"));
    Ok(())
}

/// How much of a CPU there is in each period.
fn share(found: &BTreeMap<&str, String>) -> Option<f64> {
    let both = found
        .get("cpu.max")
        .cloned()
        .or_else(|| Some(format!("{} {}", found.get("cpu.cfs_quota_us")?, found.get("cpu.cfs_period_us")?)))?;
    let (quota, period) = both.split_once(' ')?;
    Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
}
