#![doc = include_str!("../README.md")]

pub mod background;
pub mod bundle;
pub mod home;
pub mod image;
pub mod init;
mod init_layer;
pub mod inside;
pub mod limits;
pub mod outside;
pub mod relay;
pub mod remove;
pub mod report;
pub mod spec;
pub mod state;
pub mod streams;
pub mod terminal;
pub mod verbs;
pub mod who;
