//! Judges of stage 07.

mod end;
mod init;
mod inside;
mod predictions;

use super::{Judge, Oracle};

pub(super) const JUDGES: &[Judge] = &[
    Judge { id: "run-1", judge: inside::inside },
    Judge { id: "run-2", judge: init::init },
    Judge { id: "run-3", judge: end::end },
];

pub(super) const ORACLES: &[Oracle] = &[
    Oracle { id: "predict-numbers", answer: predictions::numbers },
    Oracle { id: "predict-deaf", answer: predictions::deaf },
];
