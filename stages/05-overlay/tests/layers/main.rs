//! Archives made by hand, good and hostile, each with what must come of it.
//!
//! The whole suite means the same for root and for an ordinary user; where the kernel lets only root do something, the
//! case says what comes of it for others. Around the directory that is unpacked into lies a tree that must never change.

mod archive;
mod broken;
mod commits;
mod contents;
mod hostile;
mod kinds;
mod limits;
mod links;
mod names;
mod place;
mod properties;
mod replaced;
mod tree;
mod whiteouts;
