#![doc = include_str!("../README.md")]

pub mod enter;
pub mod link;

pub use enter::{enter_files, enter_process};
pub use link::Identity;
