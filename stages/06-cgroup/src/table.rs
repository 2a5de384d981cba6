//! What a cgroup uses, as a table for people.

use crate::report::count_cpus;
use crate::units::{duration, size};
use crate::usage::{Cpu, Disk, Memory, Pids, Usage};

/// One line: what it is about, how much there is now, how much there may be, and what else is known.
struct Row {
    name: String,
    now: String,
    limit: String,
    rest: Vec<String>,
}

impl Usage {
    /// One line for each thing that is counted.
    ///
    /// `rate` is how many CPUs were busy since the table was made before.
    pub fn table(&self, rate: Option<f64>) -> String {
        let memory = self.memory.iter().flat_map(Memory::rows);
        let cpu = self.cpu.iter().flat_map(|cpu| cpu.rows(rate));
        let pids = self.pids.iter().map(Pids::row);
        let disks = self.io.iter().map(Disk::row);
        let frozen = self.frozen.then(|| row("state", "frozen", "", []));
        memory.chain(cpu).chain(pids).chain(disks).chain(frozen).map(|row| row.line()).collect()
    }
}

impl Memory {
    fn rows(&self) -> Vec<Row> {
        let walls = format!("limit hit {}, killed {}", self.limit_hits, self.oom_kills);
        let rest = [self.peak.map(at_most_size), self.max.map(|_| walls)];
        let memory = row("memory", size(self.current), limit(self.max.map(size)), rest);
        let swap = self.swap.map(|swap| row("swap", size(swap), limit(self.swap_max.map(size)), []));
        std::iter::once(memory).chain(swap).collect()
    }
}

impl Cpu {
    fn rows(&self, rate: Option<f64>) -> Vec<Row> {
        let throttled = (self.throttled_periods > 0).then(|| {
            let waited = duration(self.throttled);
            format!("throttled in {} of {} periods, waiting {waited} in all", self.throttled_periods, self.periods)
        });
        let rest = [rate.map(|rate| format!("{rate:.2} CPUs now")), throttled];
        let time = row("CPU", duration(self.used), limit(self.max.map(count_cpus)), rest);
        let set = self.cpuset.as_ref().map(|cpuset| row("CPU set", cpuset, "", []));
        std::iter::once(time).chain(set).collect()
    }
}

impl Pids {
    fn row(&self) -> Row {
        let peak = self.peak.map(|peak| format!("at most {peak}"));
        let refused = self.max.map(|_| format!("refused {}", self.refused));
        row("processes", self.current.to_string(), limit(self.max.map(|max| max.to_string())), [peak, refused])
    }
}

impl Disk {
    fn row(&self) -> Row {
        let rest = format!("written {}, {} reads, {} writes", size(self.written), self.reads, self.writes);
        row(format!("disk {}", self.device), size(self.read), "read", [Some(rest)])
    }
}

impl Row {
    fn line(&self) -> String {
        let line = format!("{:<10} {:>11}  {:<14} {}", self.name, self.now, self.limit, self.rest.join(", "));
        line.trim_end().to_owned() + "\n"
    }
}

fn row(
    name: impl Into<String>,
    now: impl Into<String>,
    limit: impl Into<String>,
    rest: impl IntoIterator<Item = Option<String>>,
) -> Row {
    let rest = rest.into_iter().flatten().collect();
    Row { name: name.into(), now: now.into(), limit: limit.into(), rest }
}

fn limit(limit: Option<String>) -> String {
    limit.map_or_else(|| "no limit".to_owned(), |limit| format!("of {limit}"))
}

fn at_most_size(bytes: u64) -> String {
    format!("at most {}", size(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_thing_counted() {
        let usage = Usage {
            memory: Some(Memory {
                current: 12 << 20,
                peak: Some(64 << 20),
                max: Some(64 << 20),
                swap: Some(0),
                swap_max: None,
                limit_hits: 3,
                oom_kills: 1,
                oom_group_kills: 0,
            }),
            cpu: Some(Cpu {
                used: 1_500_000,
                max: Some(0.5),
                cpuset: Some("0-1".into()),
                periods: 30,
                throttled_periods: 29,
                throttled: 1_450_000,
                ..Cpu::default()
            }),
            pids: Some(Pids { current: 3, peak: Some(20), max: Some(20), refused: 7 }),
            io: vec![Disk { device: "254:0".into(), read: 8192, written: 0, reads: 2, writes: 0 }],
            frozen: true,
        };
        insta::assert_snapshot!(usage.table(Some(0.5)), @r"
        memory          12 MiB  of 64 MiB      at most 64 MiB, limit hit 3, killed 1
        swap               0 B  no limit
        CPU             1.50 s  of 0.5 CPUs    0.50 CPUs now, throttled in 29 of 30 periods, waiting 1.45 s in all
        CPU set            0-1
        processes            3  of 20          at most 20, refused 7
        disk 254:0       8 KiB  read           written 0 B, 2 reads, 0 writes
        state           frozen
        ");
    }

    #[test]
    fn what_is_not_counted_has_no_line() {
        assert_eq!(Usage::default().table(None), "");
    }
}
