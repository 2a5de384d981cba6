//! The judges: one for each exercise, by its id.
//!
//! A judge looks at what the kernel shows, from outside and inside, and never at what a program says of itself.

mod cgroup;
mod chroot;
mod groundwork;
mod look;
mod nsfs;
mod overlay;
mod pivot;
mod reach;
mod run;
mod unshare;

use crate::bench::Bench;
use crate::checks::{Checks, Judged};

/// What tells right from wrong in one exercise.
#[derive(Clone, Copy)]
pub struct Judge {
    /// The exercise.
    pub id: &'static str,
    /// Puts the programs to the test, and notes down what it finds.
    pub judge: fn(&Bench, &mut Checks) -> Judged,
}

/// What answers one prediction: the name of the option that is right on this machine, and what was seen.
#[derive(Clone, Copy)]
pub struct Oracle {
    /// The prediction.
    pub id: &'static str,
    /// Tries it.
    pub answer: fn(&Bench) -> Judged<(&'static str, String)>,
}

/// By stage, in their order.
const JUDGES: [&[Judge]; 8] = [
    groundwork::JUDGES,
    chroot::JUDGES,
    unshare::JUDGES,
    nsfs::JUDGES,
    pivot::JUDGES,
    overlay::JUDGES,
    cgroup::JUDGES,
    run::JUDGES,
];

const ORACLES: [&[Oracle]; 8] = [
    groundwork::ORACLES,
    chroot::ORACLES,
    unshare::ORACLES,
    nsfs::ORACLES,
    pivot::ORACLES,
    overlay::ORACLES,
    cgroup::ORACLES,
    run::ORACLES,
];

/// The judge of an exercise.
pub fn judge_of(id: &str) -> Option<&'static Judge> {
    JUDGES.iter().copied().flatten().find(|judge| judge.id == id)
}

/// Who knows the answer to a prediction.
pub fn oracle_of(id: &str) -> Option<&'static Oracle> {
    ORACLES.iter().copied().flatten().find(|oracle| oracle.id == id)
}

/// The ids of all judges and oracles.
pub fn ids() -> impl Iterator<Item = &'static str> {
    let judges = JUDGES.iter().copied().flatten().map(|judge| judge.id);
    judges.chain(ORACLES.iter().copied().flatten().map(|oracle| oracle.id))
}
