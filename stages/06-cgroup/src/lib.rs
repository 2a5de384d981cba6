#![doc = include_str!("../README.md")]

mod attend;
mod born;
mod cgroup;
mod delegation;
mod device;
mod files;
mod find;
mod hierarchy;
mod limits;
mod make;
mod place;
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
pub use cgroup::Cgroup;
pub use device::Rate;
pub use find::Saved;
pub use hierarchy::{Hierarchy, Layout, Version, hierarchies, imagined};
pub use limits::Limits;
pub use target::Target;
pub use usage::{Cpu, Disk, Memory, Pids, Usage};
