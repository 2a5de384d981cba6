//! Clocks of one's own: time_namespaces(7).

use anyhow::Result;
use groundwork::Kernel;

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
/// Those of unshare(2); ERANGE for a clock that would be negative or too far.
pub fn own_clocks(kernel: &Kernel, offsets: Offsets) -> Result<()> {
    kernel
        .because("a clock may not jump under a running process: the next child will be the first one inside")
        .unshare(Namespace::Time.flag())?;
    let content = format!("monotonic {} 0\nboottime {} 0\n", offsets.monotonic, offsets.boottime);
    kernel.because("offsets can be set only while nobody is inside").write("/proc/self/timens_offsets", content)
}
// ANCHOR_END: own_clocks
