//! What takes long is shown on a terminal, and said once where there is none.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Says what is done now.
pub(crate) fn say(words: &str) {
    eprintln!("vm: {words}");
}

/// A bar for so many bytes; of a pipe nobody reads it.
pub(crate) fn bar(bytes: u64, words: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        say(words);
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("vm: {msg} {bar:30} {bytes}/{total_bytes}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_message(words.to_owned())
}
