//! How a container stands: what its parent noted, and what the kernel has of it now.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use cgroup::Saved;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// What a container's first process notes of itself.
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
    /// It has ended, and nobody was to stay and see how; this is its cgroup, if it had one.
    Unseen(Option<Saved>),
    /// Its parent was killed, and it with it; this is its cgroup, if it was noted that there was one.
    Lost(Option<Saved>),
}

impl Running {
    /// The container whose first process this one is.
    ///
    /// # Errors
    /// There is no /proc.
    pub fn here() -> Result<Self> {
        let began = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Ok(Self { process: Process::here()?, cgroup: None, began })
    }
}

impl Process {
    /// This process, as the /proc that it sees numbers it: by that number everybody else will find it.
    ///
    /// # Errors
    /// There is no /proc.
    pub fn here() -> Result<Self> {
        let Stat { pid, born, .. } = stat("self").context("/proc/self/stat does not say who we are")?;
        Ok(Self { pid, born })
    }

    /// True while this very process runs. One that has ended and waits to be collected does not.
    pub fn is_alive(self) -> bool {
        let now = stat(&self.pid.to_string());
        now.is_some_and(|Stat { state, born, .. }| born == self.born && !matches!(state, 'Z' | 'X'))
    }

    /// Its PID.
    pub fn pid(self) -> Pid {
        Pid::from_raw(self.pid)
    }
}

/// What /proc/PID/stat says of a process.
struct Stat {
    pid: i32,
    state: char,
    born: u64,
}

/// The name in field 2 may hold spaces and brackets, so count from its end.
fn stat(process: &str) -> Option<Stat> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let pid = stat.split_once(' ')?.0.parse().ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some(Stat { pid, state, born: fields.nth(18)?.parse().ok()? })
}
