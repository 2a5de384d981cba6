//! Taking turns: A B C, B C A, …: what a noisy machine does to one round it does to everybody in it.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::Result;

use crate::contender::{Contender, Sample};

/// How long the kernel gets to take the last container's network namespace apart, which it does when nobody waits for it
/// any more. Whoever makes one meanwhile waits, and would pay for the one before.
const PAUSE: Duration = Duration::from_millis(100);

/// What each of some contenders needed, round by round.
pub struct Turns {
    /// Those that could be measured.
    pub contenders: Vec<Contender>,
    /// For each of them one sample a round.
    pub samples: Vec<Vec<Sample>>,
    /// Why others could not.
    pub refused: Vec<String>,
}

/// Each round has another order: whoever comes second finds the machine as the first has left it.
pub fn order(count: usize, mut round: usize) -> Vec<usize> {
    let mut left: Vec<_> = (0..count).collect();
    let next = |choices: usize| {
        let at = round % choices;
        round /= choices;
        left.remove(at)
    };
    (1..=count).rev().map(next).collect()
}

/// Runs everyone once to see that they can, and then in turns. Who fails is out, and it is said why.
///
/// # Errors
/// The samples cannot be taken at all.
pub fn take(what: &str, contenders: Vec<Contender>, rounds: usize) -> Result<Turns> {
    take_after(what, contenders, rounds, &|| Ok(()))
}

/// The same, with something to do before each run, which is not counted.
///
/// # Errors
/// That cannot be done.
pub fn take_after(
    what: &str,
    contenders: Vec<Contender>,
    rounds: usize,
    before: &dyn Fn() -> Result<()>,
) -> Result<Turns> {
    let mut turns = Turns { contenders: Vec::new(), samples: Vec::new(), refused: Vec::new() };
    for contender in contenders {
        before()?;
        match contender.run() {
            Ok(_) => turns.contenders.push(contender),
            Err(error) => turns.refused.push(format!("{error:#}")),
        }
    }
    turns.samples.resize_with(turns.contenders.len(), Vec::new);
    for round in 0..rounds {
        say(&format!("{what}: round {} of {rounds}", round + 1));
        turns.round(round, before)?;
    }
    say("");
    Ok(turns)
}

impl Turns {
    fn round(&mut self, round: usize, before: &dyn Fn() -> Result<()>) -> Result<()> {
        let mut failed = Vec::new();
        for at in order(self.contenders.len(), round) {
            before()?;
            std::thread::sleep(PAUSE);
            match self.contenders[at].run() {
                Ok(sample) => self.samples[at].push(sample),
                Err(error) => failed.push((at, format!("{error:#}"))),
            }
        }
        failed.sort();
        for (at, why) in failed.into_iter().rev() {
            self.contenders.remove(at);
            self.samples.remove(at);
            self.refused.push(why);
        }
        Ok(())
    }

    /// The milliseconds of everyone.
    pub fn times(&self) -> Vec<Vec<f64>> {
        self.samples.iter().map(|samples| samples.iter().map(|sample| sample.milliseconds).collect()).collect()
    }

    /// The most memory that anyone had at once, in KiB.
    pub fn peaks(&self) -> Vec<u64> {
        self.samples.iter().map(|samples| samples.iter().map(|sample| sample.peak_kib).max().unwrap_or(0)).collect()
    }

    /// What they are called.
    pub fn names(&self) -> Vec<String> {
        self.contenders.iter().map(|contender| contender.name.clone()).collect()
    }
}

/// Says where we are, where somebody looks on.
pub fn say(words: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[K{words}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_order_comes_once_before_one_comes_again() {
        let orders: BTreeSet<_> = (0..24).map(|round| order(4, round)).collect();
        assert_eq!(orders.len(), 24);
        assert_eq!(order(4, 24), order(4, 0));
    }

    #[test]
    fn in_each_order_everyone_has_a_turn() {
        for round in 0..50 {
            let mut order = order(7, round);
            order.sort_unstable();
            assert_eq!(order, (0..7).collect::<Vec<_>>());
        }
    }
}
