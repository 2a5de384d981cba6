//! What a cgroup uses, as a table for people.

use std::fmt::Write;

use crate::report::count_cpus;
use crate::units::{duration, size};
use crate::usage::Usage;

impl Usage {
    /// One line for each thing that is counted, in columns: now, the limit, the most, and what was refused.
    ///
    /// `rate` is how many CPUs were busy since the table was made before.
    pub fn table(&self, rate: Option<f64>) -> String {
        let mut table = String::new();
        let mut line = |name: &str, now: String, limit: Option<String>, rest: String| {
            let limit = limit.unwrap_or_else(|| "no limit".to_owned());
            let _ = writeln!(table, "{}", format!("{name:<10} {now:>11}  {limit:<14} {rest}").trim_end());
        };
        if let Some(memory) = &self.memory {
            let peak = memory.peak.map(|peak| format!("at most {}, ", size(peak))).unwrap_or_default();
            let rest = format!("{peak}limit hit {}, killed {}", memory.limit_hits, memory.oom_kills);
            let rest = if memory.max.is_some() { rest } else { peak.trim_end_matches(", ").to_owned() };
            line("memory", size(memory.current), memory.max.map(of_size), rest);
            if let Some(swap) = memory.swap {
                line("swap", size(swap), memory.swap_max.map(of_size), String::new());
            }
        }
        if let Some(cpu) = &self.cpu {
            let now = rate.map(|rate| format!("{rate:.2} CPUs now, ")).unwrap_or_default();
            let throttled = format!("throttled in {} of {} periods", cpu.throttled_periods, cpu.periods);
            let waited = format!("{throttled}, waiting {} in all", duration(cpu.throttled));
            let rest = if cpu.throttled_periods == 0 { now.trim_end_matches(", ").to_owned() } else { now + &waited };
            line("CPU", duration(cpu.used), cpu.max.map(|max| format!("of {}", count_cpus(max))), rest);
            if let Some(cpuset) = &cpu.cpuset {
                line("CPU set", cpuset.clone(), Some(String::new()), String::new());
            }
        }
        if let Some(pids) = &self.pids {
            let peak = pids.peak.map(|peak| format!("at most {peak}, ")).unwrap_or_default();
            let rest = format!("{peak}refused {}", pids.refused);
            let rest = if pids.max.is_some() { rest } else { peak.trim_end_matches(", ").to_owned() };
            line("processes", pids.current.to_string(), pids.max.map(|max| format!("of {max}")), rest);
        }
        for disk in &self.io {
            let rest = format!("written {}, {} reads, {} writes", size(disk.written), disk.reads, disk.writes);
            line(&format!("disk {}", disk.device), size(disk.read), Some("read".to_owned()), rest);
        }
        if self.frozen {
            line("state", "frozen".to_owned(), Some(String::new()), String::new());
        }
        table
    }
}

fn of_size(bytes: u64) -> String {
    format!("of {}", size(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::{Cpu, Disk, Memory, Pids};

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
