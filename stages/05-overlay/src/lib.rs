#![doc = include_str!("../README.md")]

mod overlay;

pub use overlay::{Stack, mount};
