//! A recorded run as it is kept: one step a line, with fixed words for whatever differs from machine to machine.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The namespaces of a process: a label for each kind, by the names of `/proc/PID/ns`. `A` is the host's.
pub type Namespaces = BTreeMap<String, String>;

/// One call.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Counted from 1.
    pub seq: usize,
    /// Who made it: processes are numbered from 101 in the order of their birth.
    pub pid: u32,
    /// How many forks lie between this process and the first.
    pub depth: usize,
    /// The call, by the name of its man page.
    pub call: String,
    /// As strace(1) writes them.
    pub arguments: Vec<String>,
    /// What came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Or how it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<String>,
    /// Why it was made.
    pub reason: String,
    /// In which namespaces its maker is now, where that is new.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub namespaces: Namespaces,
    /// Who was born.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<Child>,
    /// The name of the machine, where that is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// What has become of the mounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mounting>,
    /// A process that was there before the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Child>,
}

/// A process that is born, or was there before.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Child {
    /// Its number outside.
    pub pid: u32,
    /// Where it is in other namespaces than its parent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub namespaces: Namespaces,
    /// What it runs, where that is not known from its parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
}

/// What can become of mounts.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mounting {
    /// The whole list was copied from another mount namespace.
    Copied {
        /// Its label.
        from: String,
    },
    /// A new mount.
    Mounted(Mount),
    /// It is at another place now.
    Moved {
        /// Which.
        id: String,
        /// The mount it is attached to.
        on: Option<String>,
        /// Its place.
        at: String,
    },
    /// It can be written to, or no longer.
    Remounted {
        /// Which.
        id: String,
        /// True when nobody may write.
        read_only: bool,
    },
    /// It is there no more.
    Gone {
        /// Which.
        id: String,
    },
}

/// A mount.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// `host-1` … for those of the host, `1` … for others in the order in which they came.
    pub id: String,
    /// The mount it is attached to.
    pub on: Option<String>,
    /// Its place.
    pub at: String,
    /// The kind of file system; `bind` for a part of the host's.
    pub kind: String,
    /// What is mounted.
    pub of: String,
    /// True when nobody may write.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

/// Reads a trace.
///
/// # Errors
/// It is not there, or a line is malformed.
pub fn read(file: &Path) -> Result<Vec<Step>> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read {}: record it with `cargo run -p figures -- record`", file.display()))?;
    let steps = text
        .lines()
        .enumerate()
        .map(|(at, line)| serde_json::from_str(line).with_context(|| format!("{}: line {}", file.display(), at + 1)));
    steps.collect()
}

/// A trace as it is kept.
pub fn written(steps: &[Step]) -> String {
    steps.iter().map(|step| serde_json::to_string(step).unwrap_or_default() + "\n").collect()
}

impl Step {
    /// The call with its arguments.
    pub fn call(&self) -> String {
        format!("{}({})", self.call, self.arguments.join(", "))
    }

    /// What came back, as strace(1) writes it; nothing for a call that does not return.
    pub fn answer(&self) -> Option<String> {
        self.errno.as_ref().map(|errno| format!("-1 {errno}")).or_else(|| self.result.clone())
    }

    /// The argument of this number, without quotes.
    pub fn argument(&self, at: usize) -> &str {
        self.arguments.get(at).map_or("", |argument| unquoted(argument))
    }

    /// True when the call was made and not refused.
    pub fn has_succeeded(&self) -> bool {
        self.errno.is_none()
    }
}

/// Without the quotes around it.
pub fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}
