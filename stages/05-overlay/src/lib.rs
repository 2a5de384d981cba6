#![doc = include_str!("../README.md")]

mod archive;
mod directories;
mod entry;
mod fresh;
mod name;
mod overlay;
mod pax;
mod place;
mod remove;
mod report;
mod sparse;
mod stream;
mod tree;
mod unpack;
mod whiteout;

pub use overlay::{Stack, mount};
pub use remove::remove_tree;
pub use report::{CommitOptions, Owners, Report, UnpackOptions, Whiteouts};
pub use unpack::unpack;
