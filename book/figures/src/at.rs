//! Which moment of a run is meant.

use anyhow::{Result, bail, ensure};

use crate::declared::At;
use crate::trace::Step;

/// How many steps have been made at that moment.
///
/// # Errors
/// The run has no such moment.
pub(crate) fn steps_made(at: &At, steps: &[Step]) -> Result<usize> {
    match at {
        At::Step(step) => {
            ensure!(*step <= steps.len(), "there is no step {step}: the run has {}", steps.len());
            Ok(*step)
        }
        At::Said(words) => said(words, steps),
    }
}

fn said(words: &str, steps: &[Step]) -> Result<usize> {
    let first = |call: &str| {
        let found = steps.iter().find(|step| step.call().starts_with(call.trim()));
        found.map(|step| step.seq).ok_or_else(|| anyhow::anyhow!("no step of the run begins with {call}"))
    };
    match words.split_once(' ') {
        None if words == "end" => Ok(steps.len()),
        None if words == "running" => Ok(running(steps)),
        Some(("before", call)) => Ok(first(call)? - 1),
        Some(("after", call)) => first(call),
        _ => {
            bail!("at = {words:?}: it is \"end\", \"running\", \"before CALL\", \"after CALL\" or the number of a step")
        }
    }
}

/// When the last program has begun, and whoever waits for it waits. What helpers ran before does not count.
fn running(steps: &[Step]) -> usize {
    let is_program = |step: &&Step| {
        let is_helper = ["newuidmap", "newgidmap"].iter().any(|name| step.argument(0).ends_with(name));
        step.call == "execve" && step.has_succeeded() && !is_helper
    };
    steps.iter().rev().find(is_program).map_or(steps.len(), |step| step.seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> Vec<Step> {
        let calls = ["unshare", "execve", "execve", "wait4"];
        let step = |(at, call): (usize, &&str)| Step { seq: at + 1, call: (*call).to_owned(), ..Step::default() };
        let mut steps: Vec<_> = calls.iter().enumerate().map(step).collect();
        steps[1].arguments = vec!["\"/usr/bin/true\"".to_owned()];
        steps[2].arguments = vec!["\"/usr/bin/newuidmap\"".to_owned()];
        steps
    }

    #[test]
    fn moments_are_found() {
        let made = |words: &str| steps_made(&At::Said(words.to_owned()), &steps()).ok();
        let moments = ["end", "running", "before wait4", "after unshare", "after mount", "now"];
        assert_eq!(moments.map(made), [Some(4), Some(2), Some(3), Some(1), None, None]);
        assert_eq!(steps_made(&At::Step(5), &steps()).ok(), None);
    }
}
