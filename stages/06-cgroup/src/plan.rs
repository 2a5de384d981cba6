//! Which directories a new cgroup needs.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use groundwork::Kernel;

use crate::delegation::{self, PARENT};
use crate::find::newest_first;
use crate::hierarchy::{Hierarchy, Version};
use crate::limits::Limits;
use crate::place::Place;
use crate::v1;

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
    /// What has to be there.
    fn controllers(self) -> Vec<&'static str> {
        match self {
            Self::Limit(limits) => limits.controllers(),
            Self::Hold => Vec::new(),
        }
    }

    /// What is worth having.
    fn counting(self) -> &'static [&'static str] {
        match self {
            Self::Limit(_) => &COUNTING,
            Self::Hold => &[],
        }
    }

    fn check(self, hierarchies: &[Hierarchy]) -> Result<()> {
        let Self::Limit(limits) = self else { return Ok(()) };
        for controller in limits.controllers() {
            let Some(hierarchy) = hierarchies.iter().find(|hierarchy| hierarchy.has(controller)) else {
                return Err(delegation::absent(hierarchies, controller));
            };
            if hierarchy.version == Version::V1 && controller == "memory" {
                v1::check_memory(limits)?;
            }
        }
        Ok(())
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
    purpose.check(hierarchies)?;
    let mut places: Vec<(&Hierarchy, Place)> = Vec::new();
    for hierarchy in newest_first(hierarchies) {
        let asked: Vec<_> = purpose.controllers().into_iter().filter(|one| hierarchy.has(one)).collect();
        let needs_freezer = places.iter().all(|(_, place)| place.version == Version::V1);
        let of_v1 = controllers_v1(hierarchy, &[&asked, purpose.counting()].concat(), needs_freezer);
        // A tree of version 1 is used for what it carries; that of version 2 at least holds processes together.
        if hierarchy.version == Version::V1 && of_v1.is_empty() {
            continue;
        }
        let Some(base) = base(kernel, hierarchy, &asked, purpose)? else { continue };
        let place = match hierarchy.version {
            Version::V2 => place_v2(hierarchy, &base, name, &asked),
            Version::V1 => place(hierarchy, &base, name, of_v1),
        };
        places.push((hierarchy, place));
    }
    Ok(places)
}

/// Where in this hierarchy we may make ours. A rehearsal of limits tells what somebody would do who may; a cgroup that
/// nobody asked for is left out of it too where we may not.
fn base(kernel: &Kernel, hierarchy: &Hierarchy, asked: &[&str], purpose: Purpose<'_>) -> Result<Option<PathBuf>> {
    match delegation::base(hierarchy) {
        None if matches!(purpose, Purpose::Hold) => Ok(None),
        base if kernel.is_rehearsing() => Ok(Some(base.unwrap_or_else(|| hierarchy.top.clone()))),
        None if asked.is_empty() => Ok(None),
        None => Err(delegation::refused(&purpose.controllers())),
        Some(base) => delegation::check_above(hierarchy, &base, asked).map(|()| Some(base)),
    }
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

/// Which of a version 1 hierarchy we want; with none, it needs no directory of ours.
fn controllers_v1(hierarchy: &Hierarchy, wanted: &[&str], needs_freezer: bool) -> Vec<String> {
    let is_wanted = |one: &str| wanted.iter().any(|wanted| Version::V1.name_of(wanted) == one);
    let is_needed = |one: &str| needs_freezer && one == "freezer";
    hierarchy.controllers.iter().filter(|one| is_wanted(one) || is_needed(one)).cloned().collect()
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
