//! How fast it is, beside what the host has and beside the floor: `cargo workshop bench`.
//!
//! | what | where |
//! |---|---|
//! | the command line | [`options`] |
//! | one process measures, another tidies up after it | [`guard`] |
//! | a part of the cgroup tree for one run | [`cgroups`] |
//! | what is measured, built; and its peers | [`programs`], [`peers`] |
//! | a command that is started and timed, in turn with others | [`contender`], [`turns`] |
//! | the walls that stand around it | [`walls`] |
//! | how much memory somebody holds | [`memory`] |
//! | each measurement | [`measure`] |
//! | medians, ratios, intervals | [`stats`] |
//! | what came out, as tables and against what was demanded | [`report`], [`table`], [`bars`] |
//! | the same as pictures, and in the book | [`plot`], [`book`] |
//!
//! The floor is a program of its own: `src/bin/floor/`.

pub mod bars;
pub mod book;
pub mod cgroups;
pub mod contender;
pub mod guard;
pub mod measure;
pub mod memory;
pub mod oci;
pub mod options;
pub mod peers;
pub mod plot;
pub mod programs;
pub mod report;
pub mod stats;
pub mod table;
pub mod turns;
pub mod user;
pub mod walls;
