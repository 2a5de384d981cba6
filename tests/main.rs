//! The judges: what the programs did, as the kernel shows it, on both sides of each wall.
//!
//! All in one program, so that everything is built once. A file bears the name of what it judges.

#![expect(unreachable_pub, reason = "a test is nobody's library: pub marks what the judges may use of the harness")]

#[macro_use]
mod harness;

mod audit;
mod cgroup;
mod chroot;
mod crash;
mod locked;
mod narration;
mod nsfs;
mod overlay;
mod pivot;
mod rooms;
mod run;
mod unshare;
mod watch;
mod wrong;
