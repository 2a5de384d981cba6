//! What a run needs of the host, asked of `doctor` as the user who will run it.

use anyhow::{Context, Result};
use serde_json::Value;

use super::room::Room;
use crate::declared::Run;

/// What this host lacks, why, and what would help.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The need, by the name it has in `tests/allowed-skips.txt`.
    pub need: String,
    /// Why it is not met.
    pub why: String,
    /// What would meet it.
    pub remedy: String,
}

/// The first need of a run that is not met.
pub(crate) fn missing(run: &Run, room: &Room<'_>) -> Result<Option<Missing>> {
    if run.needs.is_empty() {
        return Ok(None);
    }
    let doctor = room.output(&["doctor", "--json"])?;
    let report: Value = serde_json::from_slice(&doctor).context("doctor writes JSON")?;
    for need in &run.needs {
        let all = report["needs"].as_array().context("doctor lists needs")?;
        let found = all.iter().find(|one| one["need"] == need.as_str());
        let found = found.with_context(|| format!("run {}: doctor knows no need {need}", run.name))?;
        if found["verdict"] == "blocked" {
            let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
            return Ok(Some(Missing { need: camel(need), why: text("why"), remedy: text("remedy") }));
        }
    }
    Ok(None)
}

/// `time-namespace` is `TimeNamespace`.
fn camel(name: &str) -> String {
    let part = |part: &str| part[..1].to_ascii_uppercase() + &part[1..];
    name.split('-').filter(|word| !word.is_empty()).map(part).collect()
}
