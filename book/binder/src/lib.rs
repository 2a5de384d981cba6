//! The book: its conventions expanded, its pages built and served, and every line of it checked.
//!
//! | what | where |
//! |---|---|
//! | what the binder is told | [`cli`] |
//! | where things lie | [`place`] |
//! | Markdown, line by line | [`markdown`] |
//! | listings, exercises, figures, generated tables | [`expand`] |
//! | HTML, through mdBook's library | [`build`] |
//! | console blocks, typed and compared | [`console`] |

pub mod build;
pub mod cli;
pub mod console;
pub mod expand;
pub mod markdown;
pub mod place;
