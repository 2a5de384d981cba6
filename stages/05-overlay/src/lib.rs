#![doc = include_str!("../README.md")]

mod archive;
mod commit;
mod descent;
mod directories;
mod entry;
mod fresh;
mod name;
mod overlay;
mod pax;
mod place;
mod record;
mod remove;
mod report;
mod sparse;
mod stream;
mod tree;
mod unpack;
mod usage;
mod walk;
mod whiteout;

pub use commit::{INIT_LAYER_FILES, commit};
pub use overlay::{Stack, mount};
pub use remove::remove_tree;
pub use report::{CommitOptions, Owners, Report, UnpackOptions, Whiteouts};
pub use unpack::unpack;
pub use usage::{LayerUsage, Sizes, Usage, usage};
