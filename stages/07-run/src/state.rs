//! How a container stands: what its parent noted, and what the kernel has of it now.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use cgroup::Saved;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// What the parent notes once there is a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    /// PID 1 of the container, as the host numbers it.
    pub process: Process,
    /// Where its limits are: noted on a line of its own, before anybody is there.
    #[serde(skip)]
    pub cgroup: Option<Saved>,
    /// When it began, in seconds since 1970.
    pub began: u64,
}

/// What the parent notes when the process has ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// The program's status, or 128 and the signal that ended it.
    pub status: u8,
}

/// A PID is given out again after its process has ended; the moment of its birth tells the two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The number.
    pub pid: i32,
    /// Field 22 of /proc/PID/stat: clock ticks after boot.
    pub born: u64,
}

/// In a word.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It is being made at this moment.
    BeingMade,
    /// It runs.
    Running(Running),
    /// It ended with this status.
    Ended(u8),
    /// Its parent was killed, and it with it; this is its cgroup, if it was noted that there was one.
    Lost(Option<Saved>),
}

impl Running {
    /// The container whose first process is `pid`.
    ///
    /// # Errors
    /// It has ended already.
    pub fn now(pid: Pid) -> Result<Self> {
        let began = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Ok(Self { process: Process::now(pid)?, cgroup: None, began })
    }
}

impl Process {
    /// The process that has this PID now.
    ///
    /// # Errors
    /// There is none.
    pub fn now(pid: Pid) -> Result<Self> {
        let (_, born) = stat(pid.as_raw()).with_context(|| format!("there is no process {pid}"))?;
        Ok(Self { pid: pid.as_raw(), born })
    }

    /// True while this very process runs. One that has ended and waits to be collected does not.
    pub fn is_alive(self) -> bool {
        stat(self.pid).is_some_and(|(state, born)| born == self.born && !matches!(state, 'Z' | 'X'))
    }

    /// Its PID.
    pub fn pid(self) -> Pid {
        Pid::from_raw(self.pid)
    }
}

/// A process's state and birth. The name in field 2 may hold spaces and brackets, so count from its end.
fn stat(pid: i32) -> Option<(char, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}
