//! Judges of stage 03.

use super::{Judge, Oracle};

pub(super) const JUDGES: &[Judge] = &[];

pub(super) const ORACLES: &[Oracle] = &[];
