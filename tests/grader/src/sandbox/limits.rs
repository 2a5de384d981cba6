//! The walls around what is used.

use std::time::Duration;

use super::plan::Limits;

/// What all that runs in a sandbox may use together, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Walls {
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of files.
    pub disk: u64,
    /// Processes.
    pub processes: u64,
    /// From the first program to the last.
    pub time: Duration,
    /// One program.
    pub program: Duration,
    /// Bytes that one program may print.
    pub output: usize,
}

impl Default for Walls {
    fn default() -> Self {
        Self {
            memory: 768 << 20,
            disk: 256 << 20,
            processes: 256,
            time: Duration::from_secs(60),
            program: Duration::from_secs(10),
            output: 1 << 20,
        }
    }
}

impl Walls {
    pub(super) fn of_one_process(&self) -> Limits {
        Limits {
            memory: self.memory,
            file: self.disk,
            // Older kernels count all processes of the user, and not only those in here.
            processes: self.processes + of_everybody(),
            cpu: self.time.as_secs() + 1,
        }
    }
}

/// How many threads there are on this host, as the second number behind the loads says.
fn of_everybody() -> u64 {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let threads = load.split(' ').nth(3).and_then(|pair| pair.split('/').nth(1)?.parse().ok());
    threads.unwrap_or(1000)
}
