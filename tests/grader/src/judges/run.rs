//! Judges of stage 07.

mod end;
mod init;
mod inside;

use super::{Judge, Oracle};

pub(super) const JUDGES: &[Judge] = &[
    Judge { id: "run-1", judge: inside::inside },
    Judge { id: "run-2", judge: init::init },
    Judge { id: "run-3", judge: end::end },
];

pub(super) const ORACLES: &[Oracle] = &[];
