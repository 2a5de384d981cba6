#![doc = include_str!("../README.md")]

mod check;
mod enter;
mod escape;
mod rootless;

pub use check::{check, check_directory};
pub use enter::enter;
pub use escape::{Root, Walk, walk_out};
pub use rootless::own_ids_if_needed;
