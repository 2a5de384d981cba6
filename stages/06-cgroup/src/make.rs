//! Making the directory of a new cgroup, and setting its limits.

use std::path::Path;

use anyhow::Result;
use groundwork::{Kernel, Refused, WithHint};
use nix::errno::Errno;

use crate::hierarchy::{Hierarchy, Version};
use crate::place::Place;
use crate::plan::Purpose;
use crate::{delegation, v1, v2};

// ANCHOR: build
/// Makes the directory and sets its limits.
pub(crate) fn build(kernel: &Kernel, hierarchy: &Hierarchy, place: &Place, purpose: Purpose<'_>) -> Result<()> {
    make_directories(kernel, hierarchy, place)?;
    let Purpose::Limit(limits) = purpose else { return Ok(()) };
    let limits = limits.carried_by(|controller| place.has(controller));
    match place.version {
        Version::V2 => v2::limit(kernel, &place.directory, &limits),
        Version::V1 => v1::limit(kernel, &place.directory, &limits),
    }
}
// ANCHOR_END: build

/// How often we begin again when another program removes what we have just made.
const ATTEMPTS: usize = 20;

/// Whoever removes the last cgroup removes what is around it, which may be at this moment. Then something that was there
/// is gone (ENOENT, or ENODEV where the file was open by then), or their processes are back in our way (EBUSY), and we begin
/// again.
fn make_directories(kernel: &Kernel, hierarchy: &Hierarchy, place: &Place) -> Result<()> {
    for _ in 1..ATTEMPTS {
        match make_once(kernel, hierarchy, place) {
            Err(error) if matches!(Refused::errno_of(&error), Some(Errno::ENOENT | Errno::ENODEV | Errno::EBUSY)) => {}
            other => return other,
        }
    }
    make_once(kernel, hierarchy, place)
}

// ANCHOR: make_once
fn make_once(kernel: &Kernel, hierarchy: &Hierarchy, place: &Place) -> Result<()> {
    let parent = place.parent();
    if hierarchy.is_imagined || !parent.exists() {
        kernel
            .because("one directory for all our cgroups, so that they can be found and told from others")
            .mkdir(&parent, 0o755)
            .or_else(delegation::already_there)?;
    }
    if place.version == Version::V2 {
        if delegation::is_in_the_way(hierarchy, &place.base, &place.controllers) {
            delegation::step_aside(kernel, &place.base)?;
        }
        delegation::offer(kernel, hierarchy, place)?;
    }
    make_leaf(kernel, &place.directory)?;
    if place.version == Version::V1 && place.has("cpuset") {
        v1::fill_cpuset(kernel, hierarchy, &place.base, &[&parent, &place.directory])?;
    }
    Ok(())
}
// ANCHOR_END: make_once

fn make_leaf(kernel: &Kernel, directory: &Path) -> Result<()> {
    let made = kernel
        .because("making a directory here is making a cgroup; the kernel fills it with files")
        .mkdir(directory, 0o755);
    made.hint_with(|error| {
        let is_taken = Refused::errno_of(error) == Some(Errno::EEXIST);
        is_taken.then(|| {
            format!(
                "a cgroup of this name is there already; choose another, or, when nobody uses it any more: \
                 `kill-cgroup --remove {}`",
                directory.display()
            )
        })
    })
}
