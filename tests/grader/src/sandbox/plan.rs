//! What is asked of a sandbox, and of a program in it: the words between the two sides.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The argument by which this program knows that it is to be the inside of a sandbox; the plan comes next.
pub const INSIDE: &str = "--inside-a-sandbox";

/// What a sandbox shall be like.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Plan {
    /// An empty folder of the host to build the new root on. Nothing is ever written to it.
    pub(crate) base: PathBuf,
    /// Folders of the host, and where they are shown, read-only.
    pub(crate) shown: Vec<(PathBuf, PathBuf)>,
    /// Folders of the host that can be written to, by the same path.
    pub(crate) writable: Vec<PathBuf>,
    /// What the host inside is called.
    pub(crate) hostname: String,
    /// True when a user namespace gives the right to the rest.
    pub(crate) own_ids: bool,
    /// Where cgroup hierarchies are mounted, and their options; an empty list of options is cgroup2.
    pub(crate) cgroups: Vec<(PathBuf, String)>,
    /// Cgroups that are removed at the end.
    pub(crate) cleared: Vec<PathBuf>,
    /// The most bytes that all files together may have.
    pub(crate) disk: u64,
}

/// A program to be run. Its three streams come with it, and a fourth for what becomes of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Request {
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) directory: PathBuf,
    pub(crate) role: Role,
    pub(crate) limits: Limits,
}

/// As whom a program runs.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Role {
    /// As PID 1 does, which has all rights over the sandbox.
    Stay,
    /// As another user and group, by its number.
    Become(u32),
    /// As somebody in a user namespace of their own, for want of another number.
    Nested(u32),
}

/// What one process may use.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Limits {
    /// Bytes of private memory.
    pub(crate) memory: u64,
    /// Bytes of one file.
    pub(crate) file: u64,
    /// Processes of one user.
    pub(crate) processes: u64,
    /// Seconds of CPU time.
    pub(crate) cpu: u64,
}

/// What is told on the fourth stream, a line each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The process that waits, and the program, by their numbers inside.
    Started(i32, i32),
    /// The status with which it ended.
    Exited(i32),
    /// The signal that killed it.
    Killed(i32),
}

impl Told {
    pub(crate) fn line(self) -> String {
        match self {
            Self::Started(waiter, program) => format!("started {waiter} {program}\n"),
            Self::Exited(status) => format!("exited {status}\n"),
            Self::Killed(signal) => format!("killed {signal}\n"),
        }
    }

    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let kind = words.next()?;
        let mut number = || words.next()?.parse().ok();
        match kind {
            "started" => Some(Self::Started(number()?, number()?)),
            "exited" => Some(Self::Exited(number()?)),
            "killed" => Some(Self::Killed(number()?)),
            _ => None,
        }
    }
}
