//! All that was found out about a host, as doctor says it and as `doctor --json` writes it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::accounts;
use crate::host::{Here, Host};
use crate::preflight::{Need, Stage, Verdict, check};

/// What was found out.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Report {
    /// The host that was asked.
    pub host: Facts,
    /// Each need that was tried.
    pub needs: Vec<Found>,
    /// Each stage that was asked about.
    pub stages: Vec<StageReport>,
}

/// A host in a few words.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Facts {
    /// The kernel's release.
    pub kernel: String,
    /// What the distribution calls itself.
    pub distribution: String,
    /// Who asks.
    pub user: String,
    /// Which generations of cgroups are mounted.
    pub cgroups: String,
    /// WSL, a container, a virtual machine.
    pub surroundings: Option<String>,
}

/// A need and its verdict.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Found {
    /// What was tried.
    pub need: Need,
    /// What came of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// A stage, what it comes to, and its programs.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct StageReport {
    /// The name of its folder.
    pub stage: String,
    /// What its programs come to.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Its programs.
    pub programs: Vec<ProgramReport>,
}

/// A program and what it comes to.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ProgramReport {
    /// Its name.
    pub program: String,
    /// What its needs come to.
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Report {
    /// Tries these needs and those of these stages, each once.
    pub fn of(needs: &[Need], stages: &[Stage]) -> Self {
        let asked = stages.iter().flat_map(|stage| stage.programs).flat_map(|program| program.all_needs());
        let each: BTreeSet<Need> = needs.iter().copied().chain(asked).collect();
        let tried: BTreeMap<Need, Verdict> = each.into_iter().map(|need| (need, check(need))).collect();
        let of = |need: Need| tried[&need].clone();
        Self {
            host: Facts::of(&Here),
            stages: stages.iter().map(|stage| StageReport::of(stage, &of)).collect(),
            needs: tried.iter().map(|(need, verdict)| Found { need: *need, verdict: verdict.clone() }).collect(),
        }
    }

    /// True when something that was asked about cannot be done at all: a stage, or without stages a need.
    pub fn is_blocked(&self) -> bool {
        if self.stages.is_empty() {
            self.needs.iter().any(|found| found.verdict.is_blocked())
        } else {
            self.stages.iter().any(|stage| stage.verdict.is_blocked())
        }
    }
}

impl StageReport {
    fn of(stage: &Stage, of: &impl Fn(Need) -> Verdict) -> Self {
        let programs = stage
            .programs
            .iter()
            .map(|program| ProgramReport { program: program.name.to_owned(), verdict: program.verdict(of) });
        Self { stage: stage.name.to_owned(), verdict: stage.verdict(of), programs: programs.collect() }
    }
}

impl Facts {
    fn of(host: &dyn Host) -> Self {
        Self {
            kernel: host.release(),
            distribution: host.distribution(),
            user: user(host),
            cgroups: host.cgroup_layout().words().to_owned(),
            surroundings: host.surroundings(),
        }
    }
}

fn user(host: &dyn Host) -> String {
    let id = nix::unistd::geteuid();
    match (id.is_root(), host.is_in_first_user_namespace()) {
        (true, true) => "root".to_owned(),
        (true, false) => "root of a user namespace".to_owned(),
        (false, _) => {
            accounts::user_name(id).map_or_else(|| format!("user {id}"), |name| format!("user {name} ({id})"))
        }
    }
}
