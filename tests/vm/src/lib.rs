//! A small Linux under qemu, made from this host's own programs and a kernel of Debian's, without root.
//!
//! | file | what it does |
//! |---|---|
//! | `options` | the command line |
//! | `pins`, `renew`, `http`, `package`, `modules` | which kernel, from where, and what of it is needed |
//! | `programs`, `tree`, `archive`, `image`, `disk` | the files of the machine |
//! | `machine`, `session` | qemu, and a command in it |
//! | `guest` | the other side: what runs in the machine as its first process |
//! | `trial`, `hosts` | `vm test`, and what it has found out |

pub mod archive;
mod cache;
mod disk;
pub mod guest;
mod hosts;
mod http;
mod image;
mod machine;
mod modules;
mod options;
mod package;
mod pins;
mod programs;
mod progress;
mod renew;
mod session;
mod tree;
mod trial;

pub use options::main;
