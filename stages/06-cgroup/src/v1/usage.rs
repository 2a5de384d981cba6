//! Reading what a cgroup of version 1 has used: one directory knows one part.

use std::path::Path;

use crate::files::{keyed, number, text, value};
use crate::usage::{Cpu, Disk, Memory, Pids, Usage};
use crate::v2::cpuset;

/// Adds what this cgroup knows.
pub(crate) fn usage(cgroup: &Path, usage: &mut Usage) {
    usage.memory = memory(cgroup).or(usage.memory.take());
    usage.pids = pids(cgroup).or(usage.pids.take());
    cpu(cgroup, usage);
    usage.io.extend(disks(
        &text(&cgroup.join("blkio.throttle.io_service_bytes")),
        &text(&cgroup.join("blkio.throttle.io_serviced")),
    ));
    usage.frozen |= is_frozen(cgroup);
}

/// True when everybody inside is stopped; while somebody still is inside a system call, it says FREEZING.
pub(crate) fn is_frozen(cgroup: &Path) -> bool {
    text(&cgroup.join("freezer.state")).trim() == "FROZEN"
}

fn memory(cgroup: &Path) -> Option<Memory> {
    let both = |file: &str| number(&cgroup.join(file));
    let current = number(&cgroup.join("memory.usage_in_bytes"))?;
    let max = both("memory.limit_in_bytes").filter(is_a_limit);
    Some(Memory {
        current,
        peak: both("memory.max_usage_in_bytes"),
        max,
        // The two files are read one after the other, so the difference may be off by what happened between.
        swap: both("memory.memsw.usage_in_bytes").map(|sum| sum.saturating_sub(current)),
        swap_max: both("memory.memsw.limit_in_bytes")
            .filter(is_a_limit)
            .zip(max)
            .map(|(sum, max)| sum.saturating_sub(max)),
        // Which of the two limits is hit first depends on whether there is swap.
        limit_hits: both("memory.failcnt").unwrap_or(0) + both("memory.memsw.failcnt").unwrap_or(0),
        oom_kills: keyed(&cgroup.join("memory.oom_control"), "oom_kill").unwrap_or(0),
        oom_group_kills: 0,
    })
}

/// Version 1 has no word for "none": it counts pages, and shows the largest number of them.
fn is_a_limit(bytes: &u64) -> bool {
    *bytes < 1 << 62
}

/// Two controllers, in one directory or in two: cpuacct has the time, cpu the limit and its effects; cpuset the CPUs.
fn cpu(cgroup: &Path, usage: &mut Usage) {
    if let Some(nanoseconds) = number(&cgroup.join("cpuacct.usage")) {
        let cpu = usage.cpu.get_or_insert_default();
        cpu.used = nanoseconds / 1000;
        cpu.user = number(&cgroup.join("cpuacct.usage_user")).unwrap_or(0) / 1000;
        cpu.system = number(&cgroup.join("cpuacct.usage_sys")).unwrap_or(0) / 1000;
    }
    if let Some(period) = number(&cgroup.join("cpu.cfs_period_us")) {
        limits(cgroup, period, usage.cpu.get_or_insert_default());
    }
    if let Some(cpus) = cpuset(&text(&cgroup.join("cpuset.effective_cpus"))) {
        usage.cpu.get_or_insert_default().cpuset = Some(cpus);
    }
}

fn limits(cgroup: &Path, period: u64, cpu: &mut Cpu) {
    let stat = text(&cgroup.join("cpu.stat"));
    let key = |key| value(&stat, key).unwrap_or(0);
    // A quota of -1 is no limit, and no number for us.
    cpu.max = number(&cgroup.join("cpu.cfs_quota_us")).map(|quota| quota as f64 / period as f64);
    cpu.periods = key("nr_periods");
    cpu.throttled_periods = key("nr_throttled");
    cpu.throttled = key("throttled_time") / 1000;
}

fn pids(cgroup: &Path) -> Option<Pids> {
    Some(Pids {
        current: number(&cgroup.join("pids.current"))?,
        peak: number(&cgroup.join("pids.peak")),
        max: number(&cgroup.join("pids.max")),
        refused: keyed(&cgroup.join("pids.events"), "max").unwrap_or(0),
    })
}

/// Two files of lines such as `254:0 Read 4096`: bytes, and requests.
fn disks(bytes: &str, requests: &str) -> Vec<Disk> {
    let of = |text: &str, device: &str, kind: &str| value(text, &format!("{device} {kind}")).unwrap_or(0);
    let devices = bytes.lines().filter_map(|line| line.split_once(" Total "));
    let disks = devices.map(|(device, _)| Disk {
        device: device.to_owned(),
        read: of(bytes, device, "Read"),
        written: of(bytes, device, "Write"),
        reads: of(requests, device, "Read"),
        writes: of(requests, device, "Write"),
    });
    disks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_are_put_together_from_two_files() {
        let bytes = "254:0 Read 8192\n254:0 Write 4096\n254:0 Total 12288\nTotal 12288\n";
        let requests = "254:0 Read 2\n254:0 Write 1\n254:0 Total 3\nTotal 3\n";
        let disks = disks(bytes, requests);
        assert_eq!(disks.len(), 1);
        assert_eq!((disks[0].read, disks[0].written, disks[0].reads, disks[0].writes), (8192, 4096, 2, 1));
        assert!(super::disks("Total 0\n", "").is_empty());
    }

    #[test]
    fn the_largest_number_is_no_limit() {
        assert!(!is_a_limit(&9_223_372_036_854_771_712));
        assert!(is_a_limit(&(64 << 20)));
    }
}
