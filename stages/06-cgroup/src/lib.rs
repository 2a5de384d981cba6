#![doc = include_str!("../README.md")]

mod attend;
mod born;
mod cgroup;
mod delegation;
mod device;
mod files;
mod hierarchy;
mod limits;
mod plan;
mod report;
mod table;
mod target;
pub mod units;
mod usage;
mod v1;
mod v2;

pub use attend::Watch;
pub use born::Birth;
pub use cgroup::{Cgroup, Saved};
pub use device::Rate;
pub use hierarchy::{Hierarchy, Layout, Version, hierarchies, imagined};
pub use limits::Limits;
pub use target::Target;
pub use usage::{Cpu, Disk, Memory, Pids, Usage};
