//! What this host can show, asked of doctor where it matters: inside the sandbox, as those who will run there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::bench::Bench;
use crate::checks::Stop;
use crate::outcome::Missing;
use crate::sandbox::Who;

/// What is missing on this host, by need; a need that is met is not in it.
#[derive(Clone, Debug, Default)]
pub struct Doctor {
    known: BTreeSet<String>,
    missing: BTreeMap<String, Missing>,
    /// Set where nothing at all can be judged.
    all: Option<Missing>,
}

/// What ordinary users need is asked as one; everything else as root of the sandbox, who has all that there is.
const ASKED_AS_ORDINARY: [&str; 1] = ["user-namespaces"];

#[derive(Deserialize)]
struct Report {
    needs: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    need: String,
    verdict: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    remedy: String,
}

impl Doctor {
    /// Asks about everything. `doctor` is that program on the real host, which knows better why something is missing.
    ///
    /// # Errors
    /// doctor cannot be run, or says what nobody understands.
    pub fn ask(bench: &Bench, doctor: &Path) -> Result<Self> {
        let mut inside = Self::ask_inside(bench)?;
        if !inside.missing.is_empty() {
            inside.explain_by(&on_the_host(doctor)?);
        }
        Ok(inside)
    }

    /// What is missing outside too is missing for that reason.
    fn explain_by(&mut self, host: &Report) {
        for (need, missing) in &mut self.missing {
            match host.needs.iter().find(|found| found.need == *need) {
                Some(Found { verdict, why, remedy, .. }) if verdict == "blocked" => {
                    *missing = Missing { why: why.clone(), remedy: remedy.clone() };
                }
                _ => missing.why = format!("in the sandbox {}", missing.why),
            }
        }
    }

    fn ask_inside(bench: &Bench) -> Result<Self> {
        let mut doctor = Self::default();
        doctor.note(bench, Who::Root, &[])?;
        for need in ASKED_AS_ORDINARY {
            doctor.missing.remove(need);
        }
        doctor.note(bench, Who::Ordinary, &ASKED_AS_ORDINARY)?;
        Ok(doctor)
    }

    /// One who finds everything missing, for this reason.
    pub fn without(missing: Missing) -> Self {
        Self { all: Some(missing), ..Self::default() }
    }

    fn note(&mut self, bench: &Bench, who: Who, needs: &[&str]) -> Result<()> {
        let arguments = ["--json"].iter().chain(needs).copied();
        let ran = bench.call(&bench.reference("doctor"), arguments).who(who).run().map_err(|stop| match stop {
            Stop::Trouble(error) => error,
            Stop::NotHere(missing) => anyhow::anyhow!(missing.why),
            Stop::Failed => anyhow::anyhow!("doctor"),
        })?;
        let report: Report =
            serde_json::from_str(&ran.output).with_context(|| format!("doctor --json says: {}", ran.in_words()))?;
        for found in report.needs {
            self.known.insert(found.need.clone());
            if found.verdict == "blocked" {
                self.missing.insert(found.need, Missing { why: found.why, remedy: found.remedy });
            }
        }
        Ok(())
    }

    /// The first of these needs that this host does not meet, and why.
    ///
    /// # Errors
    /// doctor does not know one of them.
    pub fn missing(&self, needs: &[String]) -> Result<Option<Missing>> {
        if self.all.is_some() {
            return Ok(self.all.clone());
        }
        for need in needs {
            let name = kebab(need);
            if !self.known.contains(&name) {
                bail!("doctor does not know the need {need}");
            }
            if let Some(missing) = self.missing.get(&name) {
                return Ok(Some(missing.clone()));
            }
        }
        Ok(None)
    }
}

/// `TimeNamespace`, as the course writes it, is `time-namespace` to doctor.
pub(crate) fn kebab(need: &str) -> String {
    let mut name = String::new();
    for (at, letter) in need.chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 && !name.ends_with('-') {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn on_the_host(doctor: &Path) -> Result<Report> {
    let output = Command::new(doctor).arg("--json").stdin(Stdio::null()).output().context("doctor cannot be run")?;
    serde_json::from_slice(&output.stdout).context("doctor --json")
}

/// The first need that is blocked, in what `doctor --json` says.
pub(crate) fn first_missing(said: &str) -> Option<Missing> {
    let report: Report = serde_json::from_str(said).ok()?;
    let blocked = report.needs.into_iter().find(|found| found.verdict == "blocked")?;
    Some(Missing { why: blocked.why, remedy: blocked.remedy })
}

/// Of these needs, those that are no variant of `Need` in the source of groundwork.
pub fn needs_that_are_unknown(source: &str, needs: &BTreeSet<String>) -> Vec<String> {
    let list = source.split("pub enum Need {").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap_or_default();
    let known: BTreeSet<_> = list.lines().map(|line| line.trim().trim_end_matches(',')).collect();
    needs.iter().filter(|need| !known.contains(need.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::kebab;

    #[test]
    fn needs_are_written_as_doctor_does() {
        for (course, doctor) in [
            ("UserNamespaces", "user-namespaces"),
            ("CgroupV2", "cgroup-v2"),
            ("Clone3", "clone3"),
            ("LayersByNewMountApi", "layers-by-new-mount-api"),
            ("uts-namespace", "uts-namespace"),
        ] {
            assert_eq!(kebab(course), doctor);
        }
    }
}
