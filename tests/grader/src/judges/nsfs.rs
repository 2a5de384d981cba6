//! Judges of stage 03.

mod enter;
mod keep;
mod order;
mod predictions;
mod same;

use super::{Judge, Oracle};

pub(super) const JUDGES: &[Judge] = &[
    Judge { id: "same-1", judge: same::which_namespace },
    Judge { id: "keep-1", judge: keep::kept },
    Judge { id: "enter-1", judge: order::in_order },
    Judge { id: "enter-2", judge: enter::where_it_is },
];

pub(super) const ORACLES: &[Oracle] = &[
    Oracle { id: "predict-kept", answer: predictions::kept },
    Oracle { id: "predict-enter-pid", answer: predictions::enter_pid },
];
