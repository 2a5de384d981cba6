//! Judges of stage 00.

mod exec;
mod path;
mod predictions;
mod refusal;
mod status;

use super::{Judge, Oracle};

pub(super) const JUDGES: &[Judge] = &[
    Judge { id: "path-1", judge: path::found_in_path },
    Judge { id: "exec-1", judge: exec::handed_over },
    Judge { id: "refusal-1", judge: refusal::missing_interpreter },
    Judge { id: "status-1", judge: status::comes_back },
];

pub(super) const ORACLES: &[Oracle] = &[
    Oracle { id: "predict-killed", answer: predictions::killed },
    Oracle { id: "predict-shebang", answer: predictions::shebang },
];
