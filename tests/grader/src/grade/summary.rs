//! What the checks of a judge come to.

use crate::bench::Bench;
use crate::checks::{Checks, Judged, Stop};
use crate::course::Exercise;
use crate::outcome::{Missing, Outcome, Verdict};
use crate::sandbox::Leak;

/// Adds what the sandbox itself has to say: a wall that was met, and what was left behind.
pub(super) fn summed_up(exercise: &Exercise, bench: &Bench, mut checks: Checks, end: Judged) -> Outcome {
    let is_complete = end.is_ok();
    if let Err(Stop::NotHere(missing)) = end {
        return Outcome::of(exercise, Verdict::NotGradable(missing));
    }
    if let Err(Stop::Trouble(error)) = &end
        && bench.ended_because().is_none()
    {
        let missing =
            Missing { why: format!("the grader could not go on: {error:#}"), remedy: "please report this".to_owned() };
        return Outcome::of(exercise, Verdict::NotGradable(missing));
    }
    if let Some(why) = bench.ended_because() {
        let means = "all that runs in the sandbox shares its walls, and was ended together";
        checks.check("everything stays within the walls of the sandbox").saw(why).means(means).also(false);
        return Outcome::judged(exercise, checks.into_found(), false);
    }
    let leaks: Vec<Leak> =
        bench.leaks().into_iter().filter(|leak| !checks.may_stay.iter().any(|word| leak.0.contains(word))).collect();
    let words: Vec<_> = leaks.iter().map(ToString::to_string).collect();
    let known = checks.leaks.iter().find(|(word, _)| words.iter().any(|line| line.contains(word))).cloned();
    if is_complete {
        let check = checks.check("afterwards the host is as it was before").saw(words.join("\n"));
        let check = check.means("what a program makes on its host outlives it");
        let known = known.map(|(_, mistake)| mistake).unwrap_or_default();
        check.mistake_if(!known.is_empty(), &known).also(words.is_empty());
    }
    Outcome { leaks: words, ..Outcome::judged(exercise, checks.into_found(), is_complete) }
}
