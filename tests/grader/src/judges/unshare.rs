//! Judges of stage 02.

mod uts;

use super::{Judge, Oracle};

pub(super) const JUDGES: &[Judge] = &[Judge { id: "uts-1", judge: uts::own_hostname }];

pub(super) const ORACLES: &[Oracle] = &[];
