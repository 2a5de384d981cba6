#![doc = include_str!("../README.md")]

mod additions;
mod descriptors;
mod dev;
mod furnish;
mod initramfs;
mod pivot;
mod places;
mod read_only;
mod rights;
mod volume;

pub use additions::{Additions, HeldAdditions};
pub use descriptors::{close_all_but, close_inherited, keep_three, leave_three};
pub use dev::Dev;
pub use furnish::{Furniture, furnish};
pub use initramfs::move_onto;
pub use pivot::{make_mount_point, pivot_into};
pub use places::{check_places, find_root, places_in_root};
pub use read_only::make_read_only;
pub use rights::with_right_to_mount;
pub use volume::{Held, Volume, mount_tmpfs};
