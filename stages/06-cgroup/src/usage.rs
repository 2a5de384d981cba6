//! What a cgroup has used, and how often it met a wall: plain data, the same for both versions.

use serde::{Deserialize, Serialize};

/// What a cgroup has used. A part is missing where no controller counts it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Bytes, and what happened when there were no more.
    pub memory: Option<Memory>,
    /// Time, and how often there was no more of it.
    pub cpu: Option<Cpu>,
    /// Processes and threads, and how often one more was refused.
    pub pids: Option<Pids>,
    /// What was read and written, disk by disk.
    pub io: Vec<Disk>,
    /// True while everybody inside is stopped.
    pub frozen: bool,
}

/// Memory, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// In use now, page cache included.
    pub current: u64,
    /// The most that was ever in use; the kernel tells since Linux 5.19.
    pub peak: Option<u64>,
    /// The limit, if there is one.
    pub max: Option<u64>,
    /// Swap in use now.
    pub swap: Option<u64>,
    /// The limit on swap, if there is one.
    pub swap_max: Option<u64>,
    /// How often the limit was hit and memory had to be taken back.
    pub limit_hits: u64,
    /// How many processes the kernel killed because nothing could be taken back.
    pub oom_kills: u64,
    /// How many times it killed everybody inside for that, as memory.oom.group asks.
    pub oom_group_kills: u64,
}

/// CPU time, in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    /// Used by all processes together.
    pub used: u64,
    /// The part of it spent in programs.
    pub user: u64,
    /// The part of it spent in the kernel.
    pub system: u64,
    /// The limit in CPUs, if there is one.
    pub max: Option<f64>,
    /// Periods in which somebody wanted to run while a limit was set.
    pub periods: u64,
    /// Periods in which the limit was reached before the end.
    pub throttled_periods: u64,
    /// How long everybody then waited.
    pub throttled: u64,
    /// The CPUs that may be used, where a controller says so.
    pub cpuset: Option<String>,
}

/// Processes and threads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pids {
    /// There now.
    pub current: u64,
    /// The most there ever were; the kernel tells since Linux 6.1.
    pub peak: Option<u64>,
    /// The limit, if there is one.
    pub max: Option<u64>,
    /// How often fork(2) or clone(2) was refused.
    pub refused: u64,
}

/// What went to and from one disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// `MAJOR:MINOR`.
    pub device: String,
    /// Bytes read.
    pub read: u64,
    /// Bytes written.
    pub written: u64,
    /// Requests to read.
    pub reads: u64,
    /// Requests to write.
    pub writes: u64,
}
