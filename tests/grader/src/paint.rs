//! Colour for eyes: not in a pipe, and not where NO_COLOR is set (no-color.org). A word stands beside every colour.

use std::fmt::Display;
use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};

/// Whether to paint.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    is_on: bool,
}

impl Paint {
    /// For standard output.
    pub fn for_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { is_on: std::io::stdout().is_terminal() && !refused }
    }

    /// Never.
    pub fn none() -> Self {
        Self { is_on: false }
    }

    /// What went well.
    pub fn good(self, text: impl Display) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    /// What did not.
    pub fn bad(self, text: impl Display) -> String {
        self.with(AnsiColor::Red.on_default(), text)
    }

    /// What can be neither.
    pub fn odd(self, text: impl Display) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    /// A heading.
    pub fn bold(self, text: impl Display) -> String {
        self.with(Style::new().bold(), text)
    }

    /// Small print.
    pub fn faint(self, text: impl Display) -> String {
        self.with(Style::new().dimmed(), text)
    }

    fn with(self, style: Style, text: impl Display) -> String {
        if self.is_on { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}

/// Words on lines of at most 100 letters, all but the first indented. A line of its own stays one.
pub fn wrapped(words: &str, indent: usize) -> String {
    let width = 100_usize.saturating_sub(indent).max(40);
    let mut text = String::new();
    for (number, line) in words.lines().enumerate() {
        if number > 0 {
            text.push_str(&format!("\n{:indent$}", ""));
        }
        let mut column = 0;
        for word in line.split(' ') {
            if column > 0 && column + 1 + word.chars().count() > width {
                text.push_str(&format!("\n{:indent$}", ""));
                column = 0;
            }
            let gap = if column > 0 { " " } else { "" };
            text.push_str(gap);
            text.push_str(word);
            column += gap.len() + word.chars().count();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_and_short_ones_kept() {
        let folded = wrapped(&"word ".repeat(40), 10);
        assert!(folded.lines().count() > 1 && folded.lines().all(|line| line.len() <= 101), "{folded}");
        assert_eq!(wrapped("a\nb", 2), "a\n  b");
        assert_eq!(Paint::none().bad("x"), "x");
    }
}
