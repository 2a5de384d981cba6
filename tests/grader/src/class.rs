//! Many submissions: reading them, judging them, and a report on all.

mod report;
mod submission;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::course::{Course, Exercise};
use crate::grade::Grader;
use crate::outcome::Outcomes;

pub use report::{report, scores};
pub use submission::{Submission, find};

/// What came of a submission, as it lies in a file.
#[derive(Deserialize, Serialize)]
struct Filed {
    /// Stands for what was handed in, and for what it was judged by.
    digest: String,
    #[serde(flatten)]
    outcomes: Outcomes,
}

/// Where results go, and what is there already.
pub struct Ledger {
    folder: PathBuf,
    course: String,
}

impl Ledger {
    /// Results of these exercises of the course in this folder.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(course: &Course, exercises: &[&Exercise], folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let ids: Vec<_> = exercises.iter().map(|exercise| exercise.id.as_str()).collect();
        Ok(Self { folder: folder.to_owned(), course: digest_of(&(course.digest()?, ids)) })
    }

    /// The file of one submission.
    pub fn file(&self, name: &str, extension: &str) -> PathBuf {
        self.folder.join(format!("{name}.{extension}"))
    }

    /// What came of it the last time, when neither it nor the course has changed.
    pub fn known(&self, submission: &Submission) -> Option<Outcomes> {
        let text = fs::read_to_string(self.file(&submission.name, "json")).ok()?;
        let filed: Filed = serde_json::from_str(&text).ok()?;
        (filed.digest == self.digest(submission)).then_some(filed.outcomes)
    }

    /// Writes down what came of it: whole, or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note(&self, submission: &Submission, outcomes: &Outcomes) -> Result<()> {
        let filed = Filed { digest: self.digest(submission), outcomes: outcomes.clone() };
        let text = serde_json::to_string_pretty(&filed).context("JSON cannot be written")? + "\n";
        self.write(&self.file(&submission.name, "json"), &text)
    }

    /// Writes a file of the report.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, file: &Path, text: &str) -> Result<()> {
        let mut beside = tempfile::NamedTempFile::new_in(&self.folder).context("the results cannot be written")?;
        std::io::Write::write_all(&mut beside, text.as_bytes()).context("the results cannot be written")?;
        beside.persist(file).with_context(|| file.display().to_string())?;
        Ok(())
    }

    fn digest(&self, submission: &Submission) -> String {
        format!("{}-{}", self.course, submission.digest())
    }
}

/// Judges a submission in these exercises, several at once; one that is known is not judged again. `step` hears of each
/// exercise.
///
/// # Errors
/// The grader itself cannot go on. What is written down by then is not lost.
pub fn judge(
    grader: &Grader<'_>,
    ledger: &Ledger,
    exercises: &[&Exercise],
    submission: &Submission,
    step: &dyn Fn(),
) -> Result<Outcomes> {
    if let Some(known) = ledger.known(submission) {
        exercises.iter().for_each(|_| step());
        return Ok(known);
    }
    let jobs: Vec<_> = exercises.iter().map(|exercise| (*exercise, submission.work(exercise))).collect();
    let outcomes = grader.grade_all(&jobs, &|_| step())?;
    let outcomes = Outcomes { whose: submission.name.clone(), ..outcomes };
    ledger.note(submission, &outcomes)?;
    Ok(outcomes)
}

/// A word that stands for something.
fn digest_of(what: &impl std::hash::Hash) -> String {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
