//! What `doctor --json` says of a host, and how that differs from what it says of one that is not locked.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::host::{Host, Who};
use crate::harness::Room;

/// A verdict, and the cause behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    pub verdict: String,
    /// What is missing from something limited.
    pub what: String,
    /// The word for the cause.
    pub kind: String,
    pub why: String,
    pub remedy: String,
}

/// What doctor found.
#[derive(Clone, Debug)]
pub struct Report {
    pub needs: BTreeMap<String, Finding>,
    pub stages: BTreeMap<String, Finding>,
    /// The programs of each stage.
    pub programs: BTreeMap<String, Vec<Finding>>,
}

impl Report {
    /// Of this host.
    pub fn of(room: &Room, host: &Host) -> Self {
        let ran = host.run(room, "doctor", &["--json"]);
        assert!(ran.status() < 2, "{}", ran.transcript());
        let json: Value = serde_json::from_str(&ran.stdout()).unwrap_or_else(|_| panic!("{}", ran.transcript()));
        let stages = json["stages"].as_array().expect("doctor writes lists").iter();
        let programs = stages.map(|stage| {
            let all = stage["programs"].as_array().expect("a stage has programs").iter();
            (stage["stage"].as_str().unwrap_or_default().to_owned(), all.map(Finding::of).collect())
        });
        let (needs, stages) = (findings(&json["needs"], "need"), findings(&json["stages"], "stage"));
        Self { needs, programs: programs.collect(), stages }
    }

    /// Of a host that is not locked, with the same user on it.
    pub fn unlocked(room: &Room, who: Who) -> &'static Self {
        static ORDINARY: LazyLock<std::sync::OnceLock<Report>> = LazyLock::new(Default::default);
        static ROOT: LazyLock<std::sync::OnceLock<Report>> = LazyLock::new(Default::default);
        match who {
            Who::Ordinary => ORDINARY.get_or_init(|| Self::of(room, &Host::ordinary())),
            Who::Root => ROOT.get_or_init(|| Self::of(room, &Host::root())),
        }
    }

    /// What is otherwise than there: the needs by name, in the order of their names.
    pub fn lost(&self, unlocked: &Self) -> BTreeMap<String, Finding> {
        let is_new = |(name, found): &(&String, &Finding)| unlocked.needs.get(*name) != Some(found);
        self.needs.iter().filter(is_new).map(|(name, found)| (name.clone(), found.clone())).collect()
    }
}

fn findings(list: &Value, name: &str) -> BTreeMap<String, Finding> {
    let found = list.as_array().expect("doctor writes lists").iter();
    found.map(|one| (one[name].as_str().unwrap_or_default().to_owned(), Finding::of(one))).collect()
}

impl Finding {
    fn of(found: &Value) -> Self {
        let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
        Self {
            verdict: text("verdict"),
            what: text("what"),
            kind: text("cause"),
            why: text("why"),
            remedy: text("remedy"),
        }
    }
}
