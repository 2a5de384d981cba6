#![doc = include_str!("../README.md")]

pub mod census;
pub mod compare;
pub mod enter;
pub mod holders;
mod in_turn;
mod inside;
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
pub use enter::{enter_held, enter_process, to_enter};
pub use in_turn::enter_files;
pub use inside::run_inside;
pub use keep::{hold, keep};
pub use let_go::let_go;
pub use link::Identity;
