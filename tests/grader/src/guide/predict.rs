//! `predict`: say what this machine will do, and then see.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::{Place, print};
use crate::course::Prediction;
use crate::grade::Answered;
use crate::show::in_the_book;
use crate::workbench::Workbench;

/// `predict [ID [ANSWER]]`.
#[derive(Args)]
pub(super) struct Predict {
    /// The prediction [default: the next one]
    id: Option<String>,
    /// Your answer, by its word
    answer: Option<String>,
}

impl Predict {
    pub(super) fn run(self, place: &Place) -> Result<ExitCode> {
        let workbench = place.workbench()?;
        let progress = workbench.progress()?;
        let wanted = |one: &&Prediction| match &self.id {
            Some(id) => one.id == *id,
            None => progress.of(&one.id).answer.is_none(),
        };
        let Some(prediction) = place.course.predictions().find(wanted) else {
            match self.id {
                Some(id) => bail!("there is no prediction {id}; `cargo workshop list` names them"),
                None => print("You have predicted everything.\n"),
            }
            return Ok(ExitCode::SUCCESS);
        };
        match &self.answer {
            None => print(&question(place, prediction)),
            Some(answer) => print(&answered(place, &workbench, prediction, answer)?),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn question(place: &Place, prediction: &Prediction) -> String {
    let mut text = format!("{}  {}\n\n{}\n\n", place.paint.bold(&prediction.id), prediction.title, prediction.question);
    for option in &prediction.options {
        text.push_str(&format!("  {:10} {}\n", option.name, option.text));
    }
    text + &format!("\nYour answer: cargo workshop predict {} WORD\n", prediction.id)
}

fn answered(place: &Place, workbench: &Workbench, prediction: &Prediction, answer: &str) -> Result<String> {
    let Some(chosen) = prediction.options.iter().find(|option| option.name == answer) else {
        let names: Vec<_> = prediction.options.iter().map(|option| option.name.as_str()).collect();
        bail!("{answer} is none of the answers; there are {}", names.join(", "));
    };
    let (right, saw) = match place.grader(workbench)?.answer(prediction)? {
        Answered::Found { option, saw } => (option, saw),
        Answered::NotHere(missing) => {
            return Ok(format!(
                "{}\n  because  {}\n  remedy   {}\n",
                place.paint.odd("not to be seen here"),
                missing.why,
                missing.remedy
            ));
        }
    };
    let is_right = right == answer;
    workbench.progress()?.note(&prediction.id, |entry| {
        // What was said first was the prediction.
        entry.answer.get_or_insert((answer.to_owned(), is_right));
    })?;
    let best =
        prediction.options.iter().find(|option| option.name == right).context("the answer is among the options")?;
    let mut text = format!("What happened here:\n\n{saw}\n\n");
    if is_right {
        text.push_str(&format!("{}: {}\n{}\n", place.paint.good("right"), chosen.text, chosen.explanation));
    } else {
        text.push_str(&format!("{}: {}\n{}\n\n", place.paint.bad("not so"), chosen.text, chosen.explanation));
        text.push_str(&format!("{}: {}\n{}\n", place.paint.good("but"), best.text, best.explanation));
    }
    Ok(text + &format!("\n{}\n\n  book   {}\n", prediction.found, in_the_book(&prediction.chapter)))
}
