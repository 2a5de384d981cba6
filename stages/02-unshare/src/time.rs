//! Clocks of one's own: time_namespaces(7).

use anyhow::{Result, bail};
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::time::{ClockId, clock_gettime};

use crate::namespace::Namespace;

/// How far the clocks inside differ from those outside, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    /// Added to CLOCK_MONOTONIC.
    pub monotonic: i64,
    /// Added to CLOCK_BOOTTIME, which is what uptime(1) shows.
    pub boottime: i64,
}

// ANCHOR: own_clocks
/// Gives the children of this process, and not itself, clocks with these offsets.
///
/// # Errors
/// Those of unshare(2); ERANGE for a clock that would be negative, or more than 146 years ahead.
pub fn own_clocks(kernel: &Kernel, offsets: Offsets) -> Result<()> {
    // EXERCISE time-1
    kernel
        .because("a clock may not jump under a running process: the next child will be the first one inside")
        .unshare(Namespace::Time.flag())?;
    let content = format!("monotonic {} 0\nboottime {} 0\n", offsets.monotonic, offsets.boottime);
    kernel
        .because("offsets can be set only while nobody is inside")
        .write("/proc/self/timens_offsets", content)
        .or_else(|error| explain_range(error, offsets))
    // END time-1
}
// ANCHOR_END: own_clocks

fn explain_range(error: anyhow::Error, offsets: Offsets) -> Result<()> {
    if Refused::errno_of(&error) != Some(Errno::ERANGE) {
        return Err(error);
    }
    for (name, clock, offset) in [
        ("monotonic", ClockId::CLOCK_MONOTONIC, offsets.monotonic),
        ("boottime", ClockId::CLOCK_BOOTTIME, offsets.boottime),
    ] {
        let now = clock_gettime(clock)?.tv_sec();
        if now.saturating_add(offset) < 0 {
            bail!("--{name} {offset}: no clock shows less than 0, and this one shows {now} now; give at least -{now}");
        }
    }
    Err(error.context("a clock inside may be at most 146 years ahead"))
}
