#![doc = include_str!("../README.md")]

mod cgroup;
mod delegation;
mod device;
mod files;
mod hierarchy;
mod limits;
mod plan;
pub mod units;
mod usage;
mod v1;
mod v2;

pub use cgroup::{Cgroup, Saved};
pub use device::Rate;
pub use hierarchy::{Hierarchy, Layout, Version, hierarchies, imagined};
pub use limits::Limits;
pub use usage::{Cpu, Disk, Memory, Pids, Usage};
