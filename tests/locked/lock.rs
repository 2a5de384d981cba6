//! A kind of locked-down host, and what everybody must say of it: doctor in both of its languages, and the programs.

use std::collections::BTreeSet;

use super::host::Host;
use super::report::{Finding, Report};
use super::table;
use crate::harness::Room;

/// Which ids somebody may hand out stands in the files of the machine, by names that mean somebody else on a made host.
const OF_THE_MACHINE: &str = "subordinate-ids";

/// What doctor says of some needs, for one reason.
#[derive(Clone, Copy, Debug)]
pub struct Says {
    pub needs: &'static [&'static str],
    pub verdict: &'static str,
    /// The word for the cause.
    pub kind: &'static str,
    /// Words of its sentence, and of the remedy.
    pub why: &'static str,
    pub remedy: &'static str,
}

/// A host, and what is true of it.
pub struct Lock {
    /// What to call it in the table.
    pub name: &'static str,
    pub host: Host,
    /// Which cgroups it has, where that is the point.
    pub cgroups: &'static str,
    /// All that differs from a host that is not locked.
    pub says: Vec<Says>,
}

impl Lock {
    /// One on which doctor says this.
    pub fn new(name: &'static str, host: Host, says: impl IntoIterator<Item = Says>) -> Self {
        Self { name, host, cgroups: "any", says: says.into_iter().collect() }
    }

    /// The same, made for its cgroups.
    pub fn of_cgroups(self, cgroups: &'static str) -> Self {
        Self { cgroups, ..self }
    }

    /// Asks doctor, in JSON and in text, and compares the row of the table.
    pub fn is_told_by_doctor(&self, room: &Room) {
        let report = Report::of(room, &self.host);
        let unlocked = Report::unlocked(room, self.host.seen_as);
        for says in &self.says {
            says.needs.iter().for_each(|need| says.is_said_of(need, &report.needs[*need]));
        }
        let told: BTreeSet<&str> = self.says.iter().flat_map(|says| says.needs).copied().collect();
        let lost = report.lost(unlocked);
        let is_told = |need: &str| told.contains(need) || need == OF_THE_MACHINE;
        let untold: Vec<_> = lost.iter().filter(|(need, _)| !is_told(need)).collect();
        assert!(untold.is_empty(), "{}: lost as well: {untold:#?}", self.name);
        self.is_told_in_text(room, &report);
        table::compare(room, self, &report);
    }

    fn is_told_in_text(&self, room: &Room, report: &Report) {
        let ran = self.host.run(room, "doctor", &[]);
        let is_blocked = report.stages.values().any(|stage| stage.verdict == "blocked");
        assert_eq!(ran.status(), i32::from(is_blocked), "{}", ran.transcript());
        // Without the line breaks, which depend on the length of names.
        let text = ran.stdout().split_whitespace().collect::<Vec<_>>().join(" ");
        for need in self.says.iter().flat_map(|says| says.needs) {
            let Finding { verdict, why, remedy, .. } = &report.needs[*need];
            let begin = text.find(&format!("{verdict} {need} ")).unwrap_or_else(|| panic!("{need}: {}", ran.stdout()));
            let cause = format!("because {why} remedy: {remedy}");
            let told = text[begin..].find(&cause);
            // At its own place: the name of a need, what it means, and then why.
            assert!(told.is_some_and(|at| at < 200), "{need}: {cause}\n{}", ran.stdout());
        }
    }

    /// A program fails as one of our own failures, and its hint names the first of the causes and its remedy.
    pub fn is_told_by(&self, room: &Room, words: &[&str]) {
        let complaint = self.host.run(room, words[0], &words[1..]).fails_with(125);
        let (why, remedy) = (self.says[0].why, self.says[0].remedy);
        assert!(complaint.contains(why) && complaint.contains(remedy), "{words:?}: {complaint}\n{why}\n{remedy}");
    }

    /// A program works all the same, and says this.
    pub fn runs(&self, room: &Room, words: &[&str], output: &str) {
        assert_eq!(self.host.run(room, words[0], &words[1..]).ok(), output, "{}: {words:?}", self.name);
    }
}

impl Says {
    fn is_said_of(&self, need: &str, found: &Finding) {
        let said = [&found.verdict, &found.kind];
        assert_eq!(said, [self.verdict, self.kind], "{need}: {found:?}");
        assert!(found.why.contains(self.why) && found.remedy.contains(self.remedy), "{need}: {found:?}");
    }
}
