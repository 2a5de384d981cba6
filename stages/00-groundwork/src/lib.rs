#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod arguments;
pub mod cause;
pub mod cli;
pub mod host;
pub mod kernel;
pub mod memory;
pub mod mountinfo;
mod narrator;
pub mod preflight;
pub mod program;
pub mod refusal;
mod trace;

pub use kernel::{Kernel, Manner};
pub use program::Program;
pub use refusal::{Hint, Refused, WithHint};
