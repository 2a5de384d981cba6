#![doc = include_str!("../README.md")]

pub mod cgroup;
pub mod handshake;
pub mod ipc;
pub mod mount;
pub mod namespace;
pub mod net;
pub mod pid;
pub mod time;
pub mod user;
pub mod uts;

pub use handshake::Handshake;
pub use namespace::Namespace;
