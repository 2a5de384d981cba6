//! What a cgroup has met, in words with the numbers.

use crate::units::{count, duration, size};
use crate::usage::{Cpu, Memory, Pids, Usage};

impl Usage {
    /// One line for each thing that was counted: how much was used, and which walls were met.
    pub fn in_words(&self) -> Vec<String> {
        let memory = self.memory.as_ref().map(Memory::in_words);
        let cpu = self.cpu.as_ref().map(Cpu::in_words);
        let pids = self.pids.as_ref().map(Pids::in_words);
        [memory, cpu, pids].into_iter().flatten().collect()
    }
}

impl Memory {
    fn in_words(&self) -> String {
        let limit = self.max.map(|max| format!(" of {} allowed", size(max))).unwrap_or_default();
        let used = match self.peak {
            Some(peak) => format!("at most {}{limit}", size(peak)),
            None => format!("{} at the end{limit}", size(self.current)),
        };
        let killed = match self.oom_kills {
            0 => String::new(),
            // Its count then holds the process that it chose first twice.
            _ if self.oom_group_kills > 0 => {
                "; the kernel killed everybody inside, as nothing could be taken back".to_owned()
            }
            kills => {
                format!("; the kernel killed {}, as nothing could be taken back", count(kills, "process", "processes"))
            }
        };
        let pressed = match self.limit_hits {
            0 => String::new(),
            hits => format!("; the limit was hit {}", count(hits, "time", "times")),
        };
        format!("memory: {used}{pressed}{killed}")
    }
}

impl Cpu {
    fn in_words(&self) -> String {
        let limit = self.max.map(|max| format!(", {} allowed", count_cpus(max))).unwrap_or_default();
        let throttled = match self.throttled_periods {
            0 => String::new(),
            periods => format!(
                "; throttled in {periods} of {}, waiting {} in all",
                count(self.periods, "period", "periods"),
                duration(self.throttled)
            ),
        };
        format!("CPU: {} used{limit}{throttled}", duration(self.used))
    }
}

impl Pids {
    fn in_words(&self) -> String {
        let limit = self.max.map(|max| format!(" of {max} allowed")).unwrap_or_default();
        let used = match self.peak {
            Some(peak) => format!("at most {peak}{limit}"),
            None => format!("{} at the end{limit}", self.current),
        };
        let refused = match self.refused {
            0 => String::new(),
            refused => format!("; fork was refused {}", count(refused, "time", "times")),
        };
        format!("processes: {used}{refused}")
    }
}

/// `0.5 CPUs`, `1 CPU`.
pub(crate) fn count_cpus(cpus: f64) -> String {
    let unit = if cpus == 1.0 { "CPU" } else { "CPUs" };
    format!("{cpus} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oom_kill_is_told_with_the_limit() {
        let memory =
            Memory { peak: Some(64 << 20), max: Some(64 << 20), limit_hits: 31, oom_kills: 1, ..Memory::default() };
        assert_eq!(
            memory.in_words(),
            "memory: at most 64 MiB of 64 MiB allowed; the limit was hit 31 times; \
             the kernel killed 1 process, as nothing could be taken back"
        );
    }

    #[test]
    fn throttling_is_told_in_periods_and_time() {
        let cpu = Cpu {
            used: 1_500_000,
            max: Some(0.5),
            periods: 30,
            throttled_periods: 29,
            throttled: 1_450_000,
            ..Cpu::default()
        };
        assert_eq!(
            cpu.in_words(),
            "CPU: 1.50 s used, 0.5 CPUs allowed; throttled in 29 of 30 periods, waiting 1.45 s in all"
        );
    }

    #[test]
    fn a_refused_fork_is_told() {
        let pids = Pids { current: 1, peak: None, max: Some(20), refused: 3 };
        assert_eq!(pids.in_words(), "processes: 1 at the end of 20 allowed; fork was refused 3 times");
    }

    #[test]
    fn what_was_not_limited_is_told_without_a_limit() {
        let usage = Usage {
            memory: Some(Memory { peak: Some(1 << 20), ..Memory::default() }),
            cpu: Some(Cpu { used: 900, ..Cpu::default() }),
            ..Usage::default()
        };
        assert_eq!(usage.in_words(), ["memory: at most 1 MiB", "CPU: 900 µs used"]);
    }
}
