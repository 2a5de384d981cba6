//! Reading what a cgroup of version 2 has used.

use std::path::Path;

use crate::files::{keyed, number, text, value};
use crate::usage::{Cpu, Disk, Memory, Pids, Usage};

/// Adds what this cgroup knows.
pub(crate) fn usage(cgroup: &Path, usage: &mut Usage) {
    usage.memory = memory(cgroup).or(usage.memory.take());
    usage.cpu = cpu(cgroup).or(usage.cpu.take());
    usage.pids = pids(cgroup).or(usage.pids.take());
    usage.io.extend(text(&cgroup.join("io.stat")).lines().filter_map(disk));
    usage.frozen |= is_frozen(cgroup);
}

/// True when everybody inside is stopped.
pub(crate) fn is_frozen(cgroup: &Path) -> bool {
    keyed(&cgroup.join("cgroup.events"), "frozen") == Some(1)
}

fn memory(cgroup: &Path) -> Option<Memory> {
    let events = text(&cgroup.join("memory.events"));
    Some(Memory {
        current: number(&cgroup.join("memory.current"))?,
        peak: number(&cgroup.join("memory.peak")),
        max: number(&cgroup.join("memory.max")),
        swap: number(&cgroup.join("memory.swap.current")),
        swap_max: number(&cgroup.join("memory.swap.max")),
        limit_hits: value(&events, "max").unwrap_or(0),
        oom_kills: value(&events, "oom_kill").unwrap_or(0),
        oom_group_kills: value(&events, "oom_group_kill").unwrap_or(0),
    })
}

/// cpu.stat is there without the controller too, then with the time alone. In a hybrid host's tree it counts as well.
fn cpu(cgroup: &Path) -> Option<Cpu> {
    let stat = text(&cgroup.join("cpu.stat"));
    let key = |key| value(&stat, key).unwrap_or(0);
    Some(Cpu {
        used: value(&stat, "usage_usec")?,
        user: key("user_usec"),
        system: key("system_usec"),
        max: cpu_max(&text(&cgroup.join("cpu.max"))),
        periods: key("nr_periods"),
        throttled_periods: key("nr_throttled"),
        throttled: key("throttled_usec"),
        cpuset: cpuset(&text(&cgroup.join("cpuset.cpus.effective"))),
    })
}

/// `50000 100000` is half a CPU, `max 100000` no limit.
fn cpu_max(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
}

pub(crate) fn cpuset(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|list| !list.is_empty())
}

fn pids(cgroup: &Path) -> Option<Pids> {
    Some(Pids {
        current: number(&cgroup.join("pids.current"))?,
        peak: number(&cgroup.join("pids.peak")),
        max: number(&cgroup.join("pids.max")),
        refused: keyed(&cgroup.join("pids.events"), "max").unwrap_or(0),
    })
}

/// `8:0 rbytes=90112 wbytes=0 rios=22 wios=0 dbytes=0 dios=0`: a nested keyed file.
fn disk(line: &str) -> Option<Disk> {
    let (device, pairs) = line.split_once(' ')?;
    let key = |key: &str| {
        let pairs = pairs.split_whitespace().filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| *name == key).find_map(|(_, value)| value.parse().ok())
    };
    Some(Disk {
        device: device.to_owned(),
        read: key("rbytes")?,
        written: key("wbytes")?,
        reads: key("rios").unwrap_or(0),
        writes: key("wios").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_max_is_a_share_or_nothing() {
        assert_eq!(cpu_max("50000 100000\n"), Some(0.5));
        assert_eq!(cpu_max("max 100000\n"), None);
        assert_eq!(cpu_max(""), None);
    }

    #[test]
    fn a_disk_is_read_from_its_line() {
        let line = "254:0 rbytes=90112 wbytes=4096 rios=22 wios=1 dbytes=0 dios=0";
        let disk = disk(line).unwrap();
        assert_eq!(
            (disk.device.as_str(), disk.read, disk.written, disk.reads, disk.writes),
            ("254:0", 90112, 4096, 22, 1)
        );
        // A disk that was never used here has a line with its number alone.
        assert_eq!(super::disk("254:0 "), None);
    }
}
