//! Judges of stage 01.

mod check;
mod enter;
mod predictions;
mod rootless;
mod walk_out;

use super::{Judge, Oracle};

pub(super) const JUDGES: &[Judge] = &[
    Judge { id: "chroot-1", judge: enter::another_root },
    Judge { id: "check-1", judge: check::looked_at_first },
    Judge { id: "rootless-1", judge: rootless::own_ids },
    Judge { id: "lab-walk-out", judge: walk_out::out_of_a_chroot },
];

pub(super) const ORACLES: &[Oracle] = &[
    Oracle { id: "predict-proc", answer: predictions::proc },
    Oracle { id: "predict-outside", answer: predictions::outside },
];
