#![doc = include_str!("../README.md")]

pub mod birth;
pub mod cgroup;
pub mod child;
pub mod handshake;
pub mod ipc;
pub mod leak;
mod maps;
pub mod mount;
pub mod namespace;
pub mod net;
pub mod objects;
pub mod orphans;
pub mod pid;
pub mod rest;
pub mod time;
pub mod user;
pub mod uts;

pub use birth::{Birth, born_inside, born_to};
pub use handshake::{Abandoned, Handshake};
pub use namespace::Namespace;
