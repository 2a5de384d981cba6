//! A line of `--trace`, as the programs write it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

/// One call, with all that differs from machine to machine.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Raw {
    pub(crate) seq: usize,
    pub(crate) pid: u32,
    pub(crate) depth: usize,
    pub(crate) call: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) result: Option<String>,
    pub(crate) errno: Option<String>,
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) namespaces: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) changed: Changed,
}

/// Of what changed, only what the calls themselves do not say.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Changed {
    pub(crate) mounts: Option<Lines>,
    pub(crate) hostname: Option<Name>,
}

/// Lines of a file of /proc that are there no more, and such that were not there before.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Lines {
    pub(crate) gone: Vec<String>,
    pub(crate) new: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Name {
    pub(crate) new: String,
}

/// All lines of a trace.
pub(crate) fn lines(text: &str) -> Result<Vec<Raw>> {
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("not a line of a trace: {line}")))
        .collect()
}

impl Raw {
    /// True for a call that has made another process.
    pub(crate) fn is_birth(&self) -> bool {
        matches!(self.call.as_str(), "fork" | "clone" | "clone3") && self.result.is_some()
    }

    /// True for a call that has waited for the end of another process.
    pub(crate) fn is_wait(&self) -> bool {
        matches!(self.call.as_str(), "wait4" | "waitid") && self.result.is_some()
    }

    /// True for a message sent to another process.
    pub(crate) fn is_sent(&self) -> bool {
        matches!(self.call.as_str(), "sendto" | "sendmsg") && self.result.is_some()
    }

    /// True for a message received from another process.
    pub(crate) fn is_received(&self) -> bool {
        matches!(self.call.as_str(), "recvfrom" | "recvmsg") && self.result.is_some()
    }

    /// What was sent or received.
    pub(crate) fn message(&self) -> &str {
        self.arguments.get(1).map_or("", String::as_str)
    }
}
