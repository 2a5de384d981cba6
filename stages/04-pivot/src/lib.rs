#![doc = include_str!("../README.md")]

mod furnish;
mod pivot;
mod volume;

pub use furnish::{Furniture, furnish, mount_tmpfs};
pub use pivot::{make_read_only, pivot_into};
pub use volume::{Held, Volume};
