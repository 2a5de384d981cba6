//! `grade-all`: a whole class.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Place, print};
use crate::class::{self, Ledger, Submission};
use crate::export::Format;
use crate::grade::Grader;
use crate::outcome::Outcomes;

/// `grade-all DIR|ZIP…`.
#[derive(Args)]
pub(super) struct GradeAll {
    /// Workbenches, zips of such, or folders full of either
    #[arg(required = true, value_name = "DIR|ZIP")]
    submissions: Vec<PathBuf>,
    /// Each path is one submission, however deep its workbench lies
    #[arg(long)]
    single: bool,
    /// Where results go; what is there and still true is not judged again
    #[arg(long, value_name = "DIR", default_value = "grades")]
    output: PathBuf,
    /// Judge this exercise or stage only
    #[arg(long, value_name = "ID|STAGE", default_value = "all")]
    only: String,
    /// Write each result in this format too
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

impl GradeAll {
    pub(super) fn run(self, place: &Place) -> Result<ExitCode> {
        let exercises = place.course.named(&self.only)?;
        let submissions = class::find(&place.course, &self.submissions, self.single)?;
        if submissions.is_empty() || exercises.is_empty() {
            bail!("there is nothing to judge");
        }
        let ledger = Ledger::open(&place.course, &exercises, &self.output)?;
        let grader = place.grader_in(&self.output.join(".forge"))?;
        let bar = bar(submissions.len() * exercises.len());
        let one = |submission: &Submission| self.one(&grader, &ledger, &exercises, submission, &bar);
        let all = submissions.iter().map(one).collect::<Result<Vec<_>>>()?;
        bar.finish_and_clear();
        let (report, scores) = (self.output.join("report.md"), self.output.join("scores.csv"));
        ledger.write(&report, &class::report(&all))?;
        ledger.write(&scores, &class::scores(&all))?;
        print(&format!("\nreport: {}\nscores: {}\n", report.display(), scores.display()));
        Ok(ExitCode::SUCCESS)
    }

    fn one(
        &self,
        grader: &Grader<'_>,
        ledger: &Ledger,
        exercises: &[&crate::course::Exercise],
        submission: &Submission,
        bar: &ProgressBar,
    ) -> Result<Outcomes> {
        bar.set_message(submission.name.clone());
        let outcomes = class::judge(grader, ledger, exercises, submission, &|| bar.inc(1))?;
        if let Some(extension) = self.format.extension() {
            ledger.write(&ledger.file(&submission.name, extension), &self.format.write(&outcomes)?)?;
        }
        bar.suspend(|| print(&format!("{:30} {:6} of {}\n", submission.name, outcomes.score(), outcomes.points())));
        Ok(outcomes)
    }
}

/// On a terminal, and nothing in a pipe.
fn bar(length: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length as u64), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} exercises, {eta} to go  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
