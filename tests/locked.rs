//! Hosts unlike the machine of the build: each is made by its judge, in namespaces of its own, and then everybody is asked
//! the same: what doctor says, why a program fails, and what the grader makes of it.

mod cgroups;
mod container;
mod filter;
mod forbidden;
mod graded;
mod hidden;
mod host;
mod kernels;
mod lock;
mod places;
mod report;
mod roots;
mod step;
mod table;
mod warden;
