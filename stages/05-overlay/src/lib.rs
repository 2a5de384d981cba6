#![doc = include_str!("../README.md")]

mod archive;
mod commit;
mod descent;
mod directories;
mod entry;
mod fresh;
mod interrupt;
mod name;
mod overlay;
mod owners;
mod pax;
mod place;
mod record;
mod remove;
mod report;
mod size;
mod sparse;
mod stream;
mod tree;
mod unpack;
mod usage;
mod walk;
mod whiteout;

pub use commit::{INIT_LAYER_FILES, commit};
pub use interrupt::{Interrupted, Interruptible, Signals, or_interrupted};
pub use overlay::{Stack, Upper, mount};
pub use owners::with_every_owner;
pub use remove::remove_tree;
pub use report::{CommitOptions, Owners, Report, UnpackOptions, Whiteouts};
pub use size::{parse_size, size_in_words};
pub use unpack::unpack;
pub use usage::{LayerUsage, Sizes, Usage, usage};
