#![doc = include_str!("../README.md")]

pub mod census;
pub mod compare;
pub mod enter;
pub mod holders;
pub mod inspect;
pub mod json;
pub mod keep;
pub mod let_go;
pub mod link;
mod mounted;
pub mod relations;
pub mod show;
pub mod table;
pub mod tree;

pub use census::Census;
pub use enter::{enter_files, enter_process};
pub use keep::{hold, keep};
pub use let_go::let_go;
pub use link::Identity;
