//! Which directories a new cgroup needs, and making one of them.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use groundwork::{Kernel, Refused, WithHint};
use nix::errno::Errno;

use crate::delegation::{self, PARENT};
use crate::find::newest_first;
use crate::hierarchy::{Hierarchy, Version};
use crate::limits::Limits;
use crate::place::Place;
use crate::{v1, v2};

/// Worth having without a limit, because they count. Version 2 counts CPU time always.
const COUNTING: [&str; 3] = ["memory", "pids", "cpuacct"];

/// What a cgroup is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose<'a> {
    /// To count what is used, and to limit it.
    Limit(&'a Limits),
    /// To hold processes together, to freeze and to kill them; version 1 then needs one hierarchy of many.
    Hold,
}

impl Purpose<'_> {
    fn controllers(self) -> Vec<&'static str> {
        match self {
            Self::Limit(limits) => limits.controllers(),
            Self::Hold => Vec::new(),
        }
    }
}

/// The place for a cgroup in each hierarchy that can be used; a limit that was asked for must have one.
pub(crate) fn places<'a>(
    kernel: &Kernel,
    hierarchies: &'a [Hierarchy],
    name: &str,
    purpose: Purpose<'_>,
) -> Result<Vec<(&'a Hierarchy, Place)>> {
    check_name(name)?;
    let wanted = purpose.controllers();
    for controller in &wanted {
        ensure!(
            hierarchies.iter().any(|hierarchy| hierarchy.has(controller)),
            delegation::absent(hierarchies, controller)
        );
    }
    let mut places = Vec::new();
    for hierarchy in newest_first(hierarchies) {
        let asked: Vec<_> = wanted.iter().copied().filter(|one| hierarchy.has(one)).collect();
        let mut base = delegation::base(hierarchy);
        if base.is_none() && kernel.is_rehearsing() {
            base = Some(hierarchy.top.clone());
        }
        let Some(base) = base else {
            ensure!(asked.is_empty(), delegation::refused(&wanted));
            continue;
        };
        if !kernel.is_rehearsing() {
            delegation::check_above(hierarchy, &base, &asked)?;
        }
        let has_v2 = places.iter().any(|(_, place): &(_, Place)| place.version == Version::V2);
        let place = match hierarchy.version {
            Version::V2 => Some(place_v2(hierarchy, &base, name, &asked)),
            Version::V1 => {
                if let Purpose::Limit(limits) = purpose {
                    v1::check(limits)?;
                }
                let counting: &[&str] = if matches!(purpose, Purpose::Hold) { &[] } else { &COUNTING };
                let freezing: &[&str] = if has_v2 { &[] } else { &["freezer"] };
                place_v1(hierarchy, &base, name, &[&asked, counting, freezing].concat())
            }
        };
        places.extend(place.map(|place| (hierarchy, place)));
    }
    Ok(places)
}

/// Controllers that only count are taken where they cost nothing: nobody has to move for them.
fn place_v2(hierarchy: &Hierarchy, base: &Path, name: &str, asked: &[&str]) -> Place {
    let asked: Vec<_> = asked.iter().map(|&one| one.to_owned()).collect();
    let there = delegation::controllers(hierarchy, base);
    let counting = there.into_iter().filter(|one| COUNTING.contains(&one.as_str()) && !asked.contains(one));
    let controllers: Vec<_> = asked.iter().cloned().chain(counting).collect();
    let steps_aside = delegation::is_in_the_way(hierarchy, base, &controllers);
    if steps_aside && asked.is_empty() {
        return place(hierarchy, base, name, Vec::new());
    }
    Place { steps_aside, ..place(hierarchy, base, name, controllers) }
}

fn place_v1(hierarchy: &Hierarchy, base: &Path, name: &str, wanted: &[&str]) -> Option<Place> {
    let wanted: Vec<_> = wanted.iter().map(|one| Version::V1.name_of(one)).collect();
    let controllers = hierarchy.controllers.iter().filter(|one| wanted.contains(&one.as_str())).cloned();
    let controllers: Vec<_> = controllers.collect();
    (!controllers.is_empty()).then(|| place(hierarchy, base, name, controllers))
}

fn place(hierarchy: &Hierarchy, base: &Path, name: &str, controllers: Vec<String>) -> Place {
    Place {
        version: hierarchy.version,
        directory: base.join(PARENT).join(name),
        base: base.to_owned(),
        controllers,
        steps_aside: false,
        is_imagined: hierarchy.is_imagined,
    }
}

/// Where a cgroup of this name would be, whatever it is for.
pub(crate) fn place_named(hierarchy: &Hierarchy, name: &str) -> Option<Place> {
    let base = delegation::base(hierarchy)?;
    Some(place(hierarchy, &base, name, hierarchy.controllers.clone()))
}

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

/// Whoever removes the last cgroup removes their common directory with it: that may be at this moment, hence again.
fn make_directories(kernel: &Kernel, hierarchy: &Hierarchy, place: &Place) -> Result<()> {
    for _ in 0..10 {
        match make_once(kernel, hierarchy, place) {
            Err(error) if Refused::errno_of(&error) == Some(Errno::ENOENT) => {}
            other => return other,
        }
    }
    bail!("{} is removed again and again while a cgroup is made in it", place.parent().display())
}

fn make_once(kernel: &Kernel, hierarchy: &Hierarchy, place: &Place) -> Result<()> {
    let parent = place.parent();
    if place.steps_aside {
        delegation::step_aside(kernel, &place.base)?;
    }
    if hierarchy.is_imagined || !parent.exists() {
        kernel
            .because("one directory for all our cgroups, so that they can be found and told from others")
            .mkdir(&parent, 0o755)
            .or_else(delegation::already_there)?;
    }
    if place.version == Version::V2 {
        delegation::offer(kernel, hierarchy, place)?;
    }
    make_leaf(kernel, &place.directory)?;
    if place.version == Version::V1 && place.has("cpuset") {
        v1::fill_cpuset(kernel, hierarchy, &place.base, &[&parent, &place.directory])?;
    }
    Ok(())
}

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

fn check_name(name: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    // The kernel's own files all have a dot after a controller's name or after "cgroup".
    let is_fit = !name.is_empty() && name.len() <= 200 && name.bytes().all(is_plain) && !name.starts_with(['.', '-']);
    ensure!(is_fit, "{name:?} cannot name a cgroup; use letters, digits, - and _, and a dot not in front");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hierarchy::{Layout, imagined};

    fn planned(layout: Layout, limits: &Limits) -> Vec<(String, String)> {
        let hierarchies = imagined(layout);
        let places = places(&Kernel::quiet(), &hierarchies, "box", Purpose::Limit(limits)).unwrap();
        places
            .into_iter()
            .map(|(_, place)| (place.directory.display().to_string(), place.controllers.join(" ")))
            .collect()
    }

    #[test]
    fn version_2_needs_one_directory() {
        let limits = Limits { cpus: Some(0.5), ..Limits::default() };
        assert_eq!(planned(Layout::V2, &limits), [("/sys/fs/cgroup/boxwright/box".into(), "cpu memory pids".into())]);
    }

    #[test]
    fn the_old_freezer_is_used_only_without_version_2() {
        let uses_freezer = |layout| planned(layout, &Limits::default()).iter().any(|(_, names)| names == "freezer");
        assert!(uses_freezer(Layout::V1));
        assert!(!uses_freezer(Layout::Hybrid));
    }

    #[test]
    fn a_cpuset_is_made_only_when_asked_for() {
        let uses_cpuset = |limits| planned(Layout::V1, &limits).iter().any(|(_, names)| names == "cpuset");
        assert!(!uses_cpuset(Limits::default()));
        assert!(uses_cpuset(Limits { cpuset: Some("0".into()), ..Limits::default() }));
    }

    #[test]
    fn io_is_called_blkio_in_version_1() {
        let rate = crate::device::Rate { path: "/dev/sda".into(), rate: 1 };
        let limits = Limits { io_read_bps: vec![rate], ..Limits::default() };
        assert!(
            planned(Layout::Hybrid, &limits).contains(&("/sys/fs/cgroup/blkio/boxwright/box".into(), "blkio".into()))
        );
    }

    #[test]
    fn a_name_is_one_directory() {
        for wrong in ["", ".", "..", "a/b", "-x", ".x", "a b", "a\n"] {
            assert!(check_name(wrong).is_err(), "{wrong:?}");
        }
        assert!(check_name("limit-1.a_b").is_ok());
    }
}
