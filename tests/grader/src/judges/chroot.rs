//! Judges of stage 01.

use super::{Judge, Oracle};

pub(super) const JUDGES: &[Judge] = &[];

pub(super) const ORACLES: &[Oracle] = &[];
