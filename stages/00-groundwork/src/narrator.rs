//! Tells a call on stderr: the reason as a comment, then the call as strace(1) writes it.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use anstyle::{AnsiColor, Style};

use crate::kernel::Told;

/// Deeper processes are indented by this much a fork, so that parent and child can be told apart.
const INDENT: usize = 4;

pub(crate) struct Narrator {
    coloured: bool,
}

impl Narrator {
    /// Colour is for eyes only: not in a pipe, and not where NO_COLOR is set (no-color.org).
    pub(crate) fn on_stderr() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { coloured: std::io::stderr().is_terminal() && !refused }
    }

    /// One write(2) a call, so that parent and child never share a line.
    pub(crate) fn tell(&self, told: &Told<'_>) {
        let _ = std::io::stderr().write_all(self.lines(told).as_bytes());
    }

    fn lines(&self, told: &Told<'_>) -> String {
        let mut lines = String::new();
        let indent = told.depth * INDENT;
        let (reason, name, refused) = self.styles();
        let _ = writeln!(lines, "{:indent$}{reason}# {}{reason:#}", "", told.reason);
        let _ = write!(lines, "{:indent$}{name}{}{name:#}({})", "", told.name, told.arguments());
        match &told.answer {
            Some(Ok(answer)) => {
                let _ = write!(lines, " = {answer}");
            }
            Some(Err(errno)) => {
                let _ = write!(lines, " = {refused}-1 {errno:?} ({}){refused:#}", errno.desc());
            }
            None => {}
        }
        lines.push('\n');
        lines
    }

    fn styles(&self) -> (Style, Style, Style) {
        if !self.coloured {
            return (Style::new(), Style::new(), Style::new());
        }
        (Style::new().dimmed(), Style::new().bold(), AnsiColor::Red.on_default())
    }
}

impl Told<'_> {
    pub(crate) fn arguments(&self) -> String {
        let spelled: Vec<_> = self.arguments.iter().map(|one| one.spell(self.spelling)).collect();
        spelled.join(", ")
    }
}
