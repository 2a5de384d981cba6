//! What this host can do, found out by doing it.
//!
//! Each [`Need`] is tried for real, whole, in a throwaway child that leaves nothing behind.
//! Files of /proc are asked afterwards, and only why it did not work: Ubuntu lets anybody create a user namespace and
//! refuses the next step, and a container engine's filter shows in no sysctl.

mod cgroups;
mod identity;
mod mounts;
mod namespaces;
mod need;
mod overlay;
mod processes;
mod programs;
mod report;
mod scratch;
mod stages;
mod store;
mod throwaway;
mod trouble;

use serde::{Deserialize, Serialize};

use crate::cause::Cause;

pub use need::Need;
pub use report::{Facts, Found, ProgramReport, Report, StageReport};
pub use stages::{Program, STAGES, Stage};

/// What became of a trial.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It works.
    Works {
        /// By which of several roads, where there are several: `cgroup v2, delegated`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        road: Option<String>,
    },
    /// It works, and not as well as elsewhere.
    Limited {
        /// What is missing.
        what: String,
        /// Why, and what to do.
        #[serde(flatten)]
        cause: Cause,
    },
    /// It does not work.
    Blocked(Cause),
}

impl Verdict {
    /// It works, by the only road there is.
    pub fn works() -> Self {
        Self::Works { road: None }
    }

    /// It works, by this road.
    pub fn works_by(road: impl Into<String>) -> Self {
        Self::Works { road: Some(road.into()) }
    }

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Works { .. } => "works",
            Self::Limited { .. } => "limited",
            Self::Blocked(_) => "blocked",
        }
    }

    /// Why it does not work, or not fully.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Works { .. } => None,
            Self::Limited { cause, .. } | Self::Blocked(cause) => Some(cause),
        }
    }

    /// True when nothing can be done.
    pub fn is_blocked(&self) -> bool {
        matches!(self, Self::Blocked(_))
    }
}

// ANCHOR: check
/// Tries whether this host has what is needed. For a program of one thread, because it forks.
pub fn check(need: Need) -> Verdict {
    let tried = if need.is_tried_outside() {
        // It looks at this process's own place: its terminal, its cgroup.
        need.attempt()
    } else {
        throwaway::in_child(|| need.attempt())
    };
    tried.unwrap_or_else(|trouble| Verdict::Blocked(trouble.cause()))
}
// ANCHOR_END: check
