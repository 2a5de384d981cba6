//! How a program ended, and what it had said until then.

use std::fmt::{Display, Formatter};

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this status.
    Exited(i32),
    /// By a signal.
    Killed(i32),
    /// We ended it, for this reason: it took too long, or said too much.
    Stopped(String),
    /// The sandbox ended, and it with it, for this reason.
    Gone(String),
}

impl Display for End {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(status) => write!(formatter, "it ended with status {status}"),
            Self::Killed(signal) => {
                let name = nix::sys::signal::Signal::try_from(*signal).map_or("a signal", |signal| signal.as_str());
                write!(formatter, "{name} killed it")
            }
            Self::Stopped(why) | Self::Gone(why) => write!(formatter, "it was stopped: {why}"),
        }
    }
}

/// A program that has ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The command line as one would type it.
    pub command: String,
    /// What it wrote.
    pub output: String,
    /// What it complained about.
    pub errors: String,
    /// How it ended.
    pub end: End,
}

impl Ran {
    /// True when it ended by itself with status 0.
    pub fn went_well(&self) -> bool {
        self.end == End::Exited(0)
    }

    /// The status that a shell would show; nothing when it was stopped.
    pub fn status(&self) -> Option<i32> {
        match &self.end {
            End::Exited(status) => Some(*status),
            End::Killed(signal) => Some(128 + signal),
            End::Stopped(_) | End::Gone(_) => None,
        }
    }

    /// The last lines that it wrote, complaints first, and how it ended: to show to somebody.
    pub fn in_words(&self) -> String {
        let said = if self.errors.trim().is_empty() { &self.output } else { &self.errors };
        let lines: Vec<_> =
            said.trim_end().lines().rev().take(4).map(|line| line.chars().take(300).collect::<String>()).collect();
        let said = lines.into_iter().rev().collect::<Vec<_>>().join("\n");
        if said.is_empty() { self.end.to_string() } else { format!("{said}\n{}", self.end) }
    }
}

/// A command line as one would type it.
pub(super) fn shown(words: &[String]) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,+@%".contains(letter);
    let word = |(at, word): (usize, &String)| {
        let word = if at == 0 { word.rsplit('/').next().unwrap_or_default() } else { word };
        if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
    };
    words.iter().enumerate().map(word).collect::<Vec<_>>().join(" ")
}
