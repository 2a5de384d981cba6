//! Judges of stage 05.

mod archive;
mod commit;
mod lab;
mod predictions;
mod stack;
mod state;
mod unpack;

use super::{Judge, Oracle};

pub(super) const JUDGES: &[Judge] = &[
    Judge { id: "overlay-1", judge: stack::stack },
    Judge { id: "overlay-2", judge: state::state },
    Judge { id: "overlay-3", judge: commit::commit },
    Judge { id: "overlay-4", judge: unpack::unpack },
    Judge { id: "lab-archive-outside", judge: lab::archive_outside },
];

pub(super) const ORACLES: &[Oracle] = &[
    Oracle { id: "predict-copy-up", answer: predictions::copy_up },
    Oracle { id: "predict-deleted", answer: predictions::deleted },
];
