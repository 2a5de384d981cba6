//! What was asked: plain data, from a command line or a file, checked before anything is made.

use anyhow::{Result, bail, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::device::{Rate, bytes_a_second, operations_a_second};
use crate::units::{self, bytes, share_of_cpus};

/// How much a cgroup may use. Nothing given is nothing limited.
#[derive(Args, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[command(next_help_heading = "Limits")]
#[serde(default)]
pub struct Limits {
    /// Memory, page cache included: 64M is 64 times 1024 times 1024 bytes
    #[arg(long, value_name = "SIZE", value_parser = bytes, allow_negative_numbers = true)]
    pub memory: Option<u64>,
    /// Swap space on top of the memory; 0 is none
    #[arg(long, value_name = "SIZE", value_parser = units::bytes_or_none, allow_negative_numbers = true)]
    pub swap: Option<u64>,
    /// When memory runs out, kill every process inside and not only the largest (cgroup v2)
    #[arg(long, requires = "memory")]
    pub oom_group: bool,
    /// CPU time, in CPUs: 0.5 is half of one, 2 is two of them
    #[arg(long, value_name = "NUMBER", value_parser = share_of_cpus, allow_negative_numbers = true)]
    pub cpus: Option<f64>,
    /// Which CPUs: 0-1,3
    #[arg(long, value_name = "LIST")]
    pub cpuset: Option<String>,
    /// Processes and threads
    #[arg(long, value_name = "NUMBER", value_parser = units::at_least_one, allow_negative_numbers = true)]
    pub pids: Option<u64>,
    /// Bytes a second read from the disk under PATH
    #[arg(long, value_name = "PATH:RATE", value_parser = bytes_a_second)]
    pub io_read_bps: Vec<Rate>,
    /// Bytes a second written to the disk under PATH
    #[arg(long, value_name = "PATH:RATE", value_parser = bytes_a_second)]
    pub io_write_bps: Vec<Rate>,
    /// Read requests a second to the disk under PATH
    #[arg(long, value_name = "PATH:RATE", value_parser = operations_a_second)]
    pub io_read_iops: Vec<Rate>,
    /// Write requests a second to the disk under PATH
    #[arg(long, value_name = "PATH:RATE", value_parser = operations_a_second)]
    pub io_write_iops: Vec<Rate>,
}

impl Limits {
    /// True when nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The controllers that these limits need, by their names in cgroups(7), version 2.
    pub fn controllers(&self) -> Vec<&'static str> {
        let needed = [
            ("memory", self.memory.is_some() || self.swap.is_some()),
            ("cpu", self.cpus.is_some()),
            ("cpuset", self.cpuset.is_some()),
            ("pids", self.pids.is_some()),
            ("io", self.rates().next().is_some()),
        ];
        needed.into_iter().filter(|(_, is_needed)| *is_needed).map(|(name, _)| name).collect()
    }

    /// The part of them that a place with these controllers can carry.
    pub(crate) fn carried_by(&self, has: impl Fn(&str) -> bool) -> Self {
        let rates = |rates: &Vec<Rate>| if has("io") { rates.clone() } else { Vec::new() };
        Self {
            memory: self.memory.filter(|_| has("memory")),
            swap: self.swap.filter(|_| has("memory")),
            oom_group: self.oom_group && has("memory"),
            cpus: self.cpus.filter(|_| has("cpu")),
            cpuset: self.cpuset.clone().filter(|_| has("cpuset")),
            pids: self.pids.filter(|_| has("pids")),
            io_read_bps: rates(&self.io_read_bps),
            io_write_bps: rates(&self.io_write_bps),
            io_read_iops: rates(&self.io_read_iops),
            io_write_iops: rates(&self.io_write_iops),
        }
    }

    /// Each rate with its key in `io.max`.
    pub fn rates(&self) -> impl Iterator<Item = (&'static str, &Rate)> {
        let kinds = [
            ("rbps", &self.io_read_bps),
            ("wbps", &self.io_write_bps),
            ("riops", &self.io_read_iops),
            ("wiops", &self.io_write_iops),
        ];
        kinds.into_iter().flat_map(|(key, rates)| rates.iter().map(move |rate| (key, rate)))
    }

    /// Looks at what only this machine can tell: whether the CPUs and the disks named are there.
    ///
    /// # Errors
    /// A CPU that the machine does not have, a path that lies on no disk.
    pub fn check(&self) -> Result<()> {
        if let Some(cpuset) = &self.cpuset {
            let online = std::fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_default();
            check_cpuset(cpuset, online.trim())?;
        }
        for (_, rate) in self.rates() {
            rate.disk()?;
        }
        Ok(())
    }
}

fn check_cpuset(cpuset: &str, online: &str) -> Result<()> {
    let Some(wanted) = units::list(cpuset) else {
        bail!("cpuset {cpuset:?} is no list of CPUs; write it as 0-1,3");
    };
    let Some(there) = units::list(online) else { return Ok(()) };
    let missing = wanted.iter().find(|cpu| !there.contains(cpu));
    ensure!(missing.is_none(), "cpuset {cpuset:?} names CPU {}; this machine has {online}", missing.unwrap_or(&0));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limits_need_no_controller() {
        assert!(Limits::default().is_empty());
        assert!(Limits::default().controllers().is_empty());
    }

    #[test]
    fn each_limit_names_its_controller() {
        let limits = Limits { swap: Some(0), pids: Some(1), ..Limits::default() };
        assert!(!limits.is_empty());
        assert_eq!(limits.controllers(), ["memory", "pids"]);
    }

    #[test]
    fn a_place_carries_what_its_controllers_limit() {
        let limits = Limits { memory: Some(1), swap: Some(0), pids: Some(1), ..Limits::default() };
        assert_eq!(limits.carried_by(|name| name == "pids"), Limits { pids: Some(1), ..Limits::default() });
        assert_eq!(limits.carried_by(|_| true), limits);
        assert!(limits.carried_by(|_| false).is_empty());
    }

    #[test]
    fn a_cpu_that_is_not_there_is_refused() {
        assert!(check_cpuset("0-1", "0-1").is_ok());
        let refused = check_cpuset("9", "0-1").unwrap_err().to_string();
        assert_eq!(refused, "cpuset \"9\" names CPU 9; this machine has 0-1");
        assert!(check_cpuset("1-", "0-1").is_err());
    }
}
