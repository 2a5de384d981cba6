//! Console blocks: read from a chapter, typed to a shell, compared with what is printed there.
//!
//! | what | where |
//! |---|---|
//! | blocks, commands and flags of a chapter | [`script`] |
//! | the shell, line by line | [`shell`] |
//! | for whom, and where: a user, a home, a clone | [`stand`], [`clone`] |
//! | what differs between machines | [`filters`] |
//! | which namespace is which | [`namespaces`] |
//! | expected against seen, and the text made new | [`compare`] |
//! | what must not be left behind | [`left`] |
//! | a chapter from its first block to its last | [`chapter`] |

pub mod chapter;
pub mod clone;
pub mod compare;
pub mod filters;
pub mod left;
pub mod namespaces;
pub mod programs;
pub mod script;
pub mod shell;
pub mod stand;

pub use script::Flags;
