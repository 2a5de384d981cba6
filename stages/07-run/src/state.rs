//! How a container stands, as its parent noted it, and as the kernel has it now.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use cgroup::{Cgroup, Saved};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// What the parent noted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// PID 1 of the container, as the host numbers it.
    pub process: Option<Process>,
    /// The boxwright that waits for it.
    pub parent: Option<Process>,
    /// Where its limits are.
    pub cgroup: Option<Saved>,
    /// When it began, in seconds since 1970.
    pub began: u64,
    /// How it ended.
    pub status: Option<u8>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing runs yet, or it was never whole.
    Created,
    /// It runs.
    Running,
    /// It ended with this status.
    Ended(u8),
    /// Its parent was killed, and it with it.
    Lost,
}

impl State {
    /// How it stands right now.
    pub fn standing(&self) -> Standing {
        match (self.status, self.process) {
            (Some(status), _) => Standing::Ended(status),
            (None, Some(process)) if process.is_alive() => Standing::Running,
            (None, Some(_)) => Standing::Lost,
            (None, None) if self.parent.is_some_and(Process::is_alive) => Standing::Created,
            (None, None) => Standing::Lost,
        }
    }

    /// Nothing runs yet, and this process is about to change that.
    pub(crate) fn created() -> Result<Self> {
        Ok(Self { parent: Some(Process::now(nix::unistd::getpid())?), ..Self::default() })
    }

    /// It runs as `pid`, and this process is its parent.
    pub(crate) fn running(cgroup: Option<&Cgroup>, pid: Pid) -> Result<Self> {
        let began = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let (process, cgroup) = (Some(Process::now(pid)?), cgroup.map(Cgroup::saved));
        Ok(Self { process, cgroup, began, ..Self::created()? })
    }

    pub(crate) fn ended(self, status: u8) -> Self {
        Self { status: Some(status), ..self }
    }
}

impl Process {
    /// The process that has this PID now.
    ///
    /// # Errors
    /// There is none.
    pub fn now(pid: Pid) -> Result<Self> {
        let born = birth(pid.as_raw()).with_context(|| format!("there is no process {pid}"))?;
        Ok(Self { pid: pid.as_raw(), born })
    }

    /// True while this very process runs. One that has ended and waits to be collected does not.
    pub fn is_alive(self) -> bool {
        birth(self.pid) == Some(self.born)
    }

    /// Its PID.
    pub fn pid(self) -> Pid {
        Pid::from_raw(self.pid)
    }
}

/// When a living process was born. The name in field 2 may hold spaces and brackets, so count from its end.
fn birth(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}
