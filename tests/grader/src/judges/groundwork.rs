//! Judges of stage 00.

use super::{Judge, Oracle};

pub(super) const JUDGES: &[Judge] = &[];

pub(super) const ORACLES: &[Oracle] = &[];
