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
//! | all of it tested, and counted | [`testing`] |
//! | other languages than English | [`languages`] |
//! | pages for one who writes | [`serve`](mod@serve) |
//! | what is said in the book and can be looked up | [`checks`] |

pub mod build;
pub mod checks;
pub mod cli;
pub mod console;
pub mod expand;
pub mod languages;
pub mod markdown;
pub mod place;
pub mod serve;
pub mod testing;

/// Writes a line. A reader who has left wants no more.
pub(crate) fn say(line: &str) {
    use std::io::Write;
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(format!("{line}\n").as_bytes()).and_then(|()| stdout.flush());
}
