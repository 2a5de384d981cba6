//! Predictions: what this very machine answers.

use anyhow::{Context, Result, bail};

use super::{Grader, is_about_cgroups};
use crate::bench::Bench;
use crate::checks::Stop;
use crate::course::Prediction;
use crate::forge::REFERENCE;
use crate::judges::oracle_of;
use crate::outcome::Missing;

/// What came of asking about a prediction.
#[derive(Clone, Debug)]
pub enum Answered {
    /// The option that is right on this machine, and what was seen.
    Found {
        /// Its word.
        option: String,
        /// What was seen.
        saw: String,
    },
    /// This machine cannot show it.
    NotHere(Missing),
}

impl Grader<'_> {
    /// Asks this machine about a prediction.
    ///
    /// # Errors
    /// Nobody knows how to ask, or the grader itself cannot go on.
    pub fn answer(&self, prediction: &Prediction) -> Result<Answered> {
        if let Some(missing) = self.doctor.missing(&prediction.needs)? {
            return Ok(Answered::NotHere(missing));
        }
        let oracle = oracle_of(&prediction.id).with_context(|| format!("nobody can answer {}", prediction.id))?;
        let bench = Bench::open(self.kit(&self.folder.join(REFERENCE), is_about_cgroups(&prediction.needs))?)?;
        match (oracle.answer)(&bench) {
            Ok((option, saw)) => Ok(Answered::Found { option: option.to_owned(), saw }),
            Err(Stop::NotHere(missing)) => Ok(Answered::NotHere(missing)),
            Err(Stop::Trouble(error)) => Err(error),
            Err(Stop::Failed) => bail!("{} cannot be answered here", prediction.id),
        }
    }
}
