//! What came of judging: one model, from which everything that is shown or exported is made.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::checks::Check;
use crate::course::Exercise;

/// Something that this host cannot show.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Why not.
    pub why: String,
    /// What would enable it.
    pub remedy: String,
}

/// What became of an exercise.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// Every check holds.
    Passed,
    /// Nothing has been written yet.
    Open,
    /// The compiler refuses it.
    DoesNotCompile {
        /// In the compiler's words.
        words: String,
    },
    /// A check does not hold.
    Failed,
    /// This host cannot show it, or the grader itself could not go on: nobody's fault, and not counted.
    NotGradable(Missing),
}

/// An exercise, judged.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Outcome {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// Its stage.
    pub stage: String,
    /// What came of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Points reached.
    pub score: f64,
    /// Points there are.
    pub points: u32,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// What was left behind in the sandbox.
    pub leaks: Vec<String>,
    /// What to tell about the mistakes that were recognised: name and diagnosis.
    pub mistakes: Vec<(String, String)>,
    /// Where the book explains it.
    pub chapter: String,
    /// How long it took.
    pub seconds: f64,
}

impl Outcome {
    /// An exercise of which nothing more is known than this.
    pub fn of(exercise: &Exercise, verdict: Verdict) -> Self {
        Self {
            id: exercise.id.clone(),
            title: exercise.title.clone(),
            stage: exercise.stage.clone(),
            verdict,
            score: 0.0,
            points: exercise.points,
            checks: Vec::new(),
            leaks: Vec::new(),
            mistakes: Vec::new(),
            chapter: exercise.chapter.clone(),
            seconds: 0.0,
        }
    }

    /// An exercise that was judged. Nothing is given for the rest when an essential check did not hold.
    pub fn judged(exercise: &Exercise, checks: Vec<Check>, is_complete: bool) -> Self {
        let all: u32 = checks.iter().map(|check| check.share).sum();
        let held: u32 = checks.iter().filter(|check| check.passed).map(|check| check.share).sum();
        let passed = is_complete && !checks.is_empty() && checks.iter().all(|check| check.passed);
        let share = f64::from(held) / f64::from(all.max(1));
        let score = if is_complete { (f64::from(exercise.points) * share * 10.0).floor() / 10.0 } else { 0.0 };
        let names = checks.iter().filter_map(|check| check.mistake.clone());
        let mut mistakes: Vec<(String, String)> = Vec::new();
        for name in names {
            let diagnosis = exercise.diagnosis(&name).unwrap_or("(this mistake has no diagnosis: please report it)");
            if mistakes.iter().all(|(known, _)| *known != name) {
                mistakes.push((name, diagnosis.to_owned()));
            }
        }
        let verdict = if passed { Verdict::Passed } else { Verdict::Failed };
        Self { score, checks, mistakes, ..Self::of(exercise, verdict) }
    }

    /// The same, having taken this long.
    pub fn after(self, time: Duration) -> Self {
        Self { seconds: (time.as_secs_f64() * 1000.0).round() / 1000.0, ..self }
    }

    /// True when every check holds.
    pub fn is_passed(&self) -> bool {
        self.verdict == Verdict::Passed
    }

    /// True when something has been written.
    pub fn has_begun(&self) -> bool {
        self.verdict != Verdict::Open
    }

    /// True when it counts: this host can show it.
    pub fn is_gradable(&self) -> bool {
        !matches!(self.verdict, Verdict::NotGradable(_))
    }
}

/// All that was judged at once.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Outcomes {
    /// Whose work it is, where there are several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub whose: String,
    /// In the order of the course.
    pub exercises: Vec<Outcome>,
}

impl Outcomes {
    /// Points reached, of those that can be reached here.
    pub fn score(&self) -> f64 {
        let tenths: f64 = self.exercises.iter().map(|one| (one.score * 10.0).round()).sum();
        tenths / 10.0
    }

    /// Points that can be reached here.
    pub fn points(&self) -> u32 {
        self.exercises.iter().filter(|one| one.is_gradable()).map(|one| one.points).sum()
    }

    /// True when all that can be graded here is passed.
    pub fn is_passed(&self) -> bool {
        self.exercises.iter().filter(|one| one.is_gradable()).all(Outcome::is_passed)
    }
}
