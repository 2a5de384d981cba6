//! Below which directory we may make cgroups, and how its controllers get there.
//!
//! Root makes them at the top of the tree. Anybody else needs a part of the tree that was handed to them, which on most
//! hosts systemd's user manager does: see systemd's document "Control Group APIs and Delegation".

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail, ensure};
use groundwork::cause::Cause;
use groundwork::host::{Here, SUPERVISOR, before_it_was_moved};
use groundwork::{Hint, Kernel, Refused};
use nix::errno::Errno;

use crate::files;
use crate::hierarchy::{Hierarchy, Version, is_writable};
use crate::place::Place;
use crate::v2::ignore;

/// All our cgroups lie in a directory of this name, so that they can be found again.
pub(crate) const PARENT: &str = "boxwright";

/// The directory to make cgroups in: the top of the tree, or the caller's own cgroup, whichever it may write.
pub(crate) fn base(hierarchy: &Hierarchy) -> Option<PathBuf> {
    if hierarchy.is_imagined {
        return Some(hierarchy.top.clone());
    }
    [hierarchy.top.as_path(), before_it_was_moved(&hierarchy.own)]
        .into_iter()
        .find(|directory| is_writable(directory, hierarchy.version))
        .map(Path::to_owned)
}

/// The directories, from the top down to `base`, that must hand `wanted` on for a child of `base` to have them.
fn chain(hierarchy: &Hierarchy, base: &Path, wanted: &[String]) -> Vec<PathBuf> {
    let mut chain = vec![base.to_owned()];
    let mut directory = base;
    while !hierarchy.is_imagined && directory != hierarchy.top && !has_all(directory, "cgroup.controllers", wanted) {
        let Some(above) = directory.parent() else { break };
        directory = above;
        chain.insert(0, directory.to_owned());
    }
    chain
}

fn has_all(directory: &Path, file: &str, wanted: &[String]) -> bool {
    wanted.is_empty() || {
        let there = files::words(&directory.join(file));
        wanted.iter().all(|one| there.contains(one))
    }
}

/// True when processes live in `base` and would have to move before `wanted` can be handed to its children.
///
/// Only the true root of the tree may have both; it is the one without cgroup.events.
pub(crate) fn is_in_the_way(hierarchy: &Hierarchy, base: &Path, wanted: &[String]) -> bool {
    !hierarchy.is_imagined
        && !has_all(base, "cgroup.subtree_control", wanted)
        && base.join("cgroup.events").exists()
        && !files::words(&base.join("cgroup.procs")).is_empty()
}

/// What can be handed down from `base` without asking anybody above it.
pub(crate) fn controllers(hierarchy: &Hierarchy, base: &Path) -> Vec<String> {
    if hierarchy.is_imagined { hierarchy.controllers.clone() } else { files::words(&base.join("cgroup.controllers")) }
}

// ANCHOR: offer
/// Hands controllers down to the directory our cgroup is made in, where they are not handed down yet.
///
/// At the top of the tree they stay handed down: others may have come to use them in the meantime, and would lose their
/// limits if they were taken back.
pub(crate) fn offer(kernel: &Kernel, hierarchy: &Hierarchy, place: &Place) -> Result<()> {
    if place.controllers.is_empty() {
        return Ok(());
    }
    let parent = place.parent();
    let directories = chain(hierarchy, &place.base, &place.controllers).into_iter().chain([parent]);
    for directory in directories {
        let control = directory.join("cgroup.subtree_control");
        let there = hierarchy.words(&control);
        let missing: Vec<_> = place.controllers.iter().filter(|one| !there.contains(one)).collect();
        if missing.is_empty() {
            continue;
        }
        let wish = missing.iter().map(|one| format!("+{one}")).collect::<Vec<_>>().join(" ");
        kernel.because("a controller works in a cgroup only if the one above hands it down").write(&control, &wish)?;
    }
    Ok(())
}
// ANCHOR_END: offer

// ANCHOR: step_aside
/// Moves the processes of `base` into a leaf of it.
///
/// A cgroup has either processes or children with controllers, never both: enabling one beside a process is refused with
/// EBUSY. In a scope of systemd's that was delegated to us the process in the way is our own.
pub(crate) fn step_aside(kernel: &Kernel, base: &Path) -> Result<()> {
    let supervisor = base.join(SUPERVISOR);
    if !supervisor.exists() {
        kernel
            .because("processes and children with controllers exclude each other in one cgroup: ours need a leaf")
            .mkdir(&supervisor, 0o755)
            .or_else(already_there)?;
    }
    move_all(kernel, base, &supervisor, || false, "beside a process the controllers could not be handed down: EBUSY")
}
// ANCHOR_END: step_aside

/// Undoes [`step_aside`] once no cgroup of ours is left in `base`; while one is, changes nothing.
pub(crate) fn step_back(kernel: &Kernel, place: &Place) -> Result<()> {
    let (base, supervisor) = (&place.base, place.base.join(SUPERVISOR));
    // Another program makes a cgroup again: it has stepped aside too, and will come back in our stead.
    let gives_way = || !kernel.is_rehearsing() && place.parent().exists();
    if gives_way() || !take_back(kernel, place)? {
        return Ok(());
    }
    // In a rehearsal they have never left.
    let from = if kernel.is_rehearsing() { base } else { &supervisor };
    move_all(kernel, from, base, gives_way, "the processes return to where they were")?;
    let removed = kernel.because("the leaf is empty again: nothing is left behind").rmdir(&supervisor);
    ignore(Errno::EBUSY, ignore(Errno::ENOENT, removed))
}

/// Hands nothing down any more. False when somebody below still needs it.
fn take_back(kernel: &Kernel, place: &Place) -> Result<bool> {
    let control = place.base.join("cgroup.subtree_control");
    let given = files::words(&control);
    let ours = place.controllers.iter().filter(|one| kernel.is_rehearsing() || given.contains(one));
    let others = given.iter().filter(|one| !place.controllers.contains(one));
    let wish = ours.chain(others).map(|one| format!("-{one}")).collect::<Vec<_>>().join(" ");
    if wish.is_empty() {
        return Ok(true);
    }
    let taken_back = kernel
        .because("nobody below needs the controllers any more, and beside them no process could return")
        .write(&control, wish);
    match taken_back {
        Err(error) if Refused::errno_of(&error) == Some(Errno::EBUSY) => Ok(false),
        other => other.map(|()| true),
    }
}

/// Until nobody is left: a process may fork while we read the list.
fn move_all(kernel: &Kernel, from: &Path, to: &Path, gives_way: impl Fn() -> bool, reason: &'static str) -> Result<()> {
    for _ in 0..100 {
        let processes = files::words(&from.join("cgroup.procs"));
        // 0 stands for a process of another PID namespace; written, it would stand for ourselves.
        ensure!(
            !processes.iter().any(|pid| pid == "0"),
            "{} holds processes that cannot be seen from here",
            from.display()
        );
        for pid in &processes {
            let pid = if kernel.is_rehearsing() { "PID" } else { pid };
            let moved = kernel.because(reason).write(to.join("cgroup.procs"), pid);
            // ESRCH: it has ended in the meantime, which is as good. EBUSY: another program has handed controllers down from
            // there again, and the others stay where they are while it gives us a reason to.
            match moved {
                Err(error) if Refused::errno_of(&error) == Some(Errno::EBUSY) => break,
                other => ignore(Errno::ESRCH, other)?,
            }
        }
        if processes.is_empty() || kernel.is_rehearsing() || gives_way() {
            return Ok(());
        }
    }
    bail!("new processes appear in {} faster than they can be moved", from.display())
}

pub(crate) fn already_there(error: anyhow::Error) -> Result<()> {
    if Refused::errno_of(&error) == Some(Errno::EEXIST) { Ok(()) } else { Err(error) }
}

/// Looks whether the directories above `base` that have to hand something down would do so.
pub(crate) fn check_above(hierarchy: &Hierarchy, base: &Path, asked: &[&str]) -> Result<()> {
    if hierarchy.is_imagined || hierarchy.version == Version::V1 {
        return Ok(());
    }
    let asked: Vec<_> = asked.iter().map(|&one| one.to_owned()).collect();
    for directory in chain(hierarchy, base, &asked).iter().filter(|directory| *directory != base) {
        if !is_writable(directory, Version::V2) {
            return Err(not_handed_down(base, &asked));
        }
    }
    Ok(())
}

fn not_handed_down(base: &Path, asked: &[String]) -> anyhow::Error {
    let there = files::words(&base.join("cgroup.controllers"));
    let missing: Vec<_> = asked.iter().filter(|one| !there.contains(one)).map(String::as_str).collect();
    let missing = missing.join(" ");
    let hint = if Path::new("/run/systemd/system").exists() {
        format!(
            "as root: `systemctl edit user@.service`, add the lines [Service] and Delegate={missing} {}, log in again",
            there.join(" ")
        )
    } else {
        format!("have root write +{} into each cgroup.subtree_control above", missing.replace(' ', " +"))
    };
    anyhow!("blocked: {} was delegated to you without the controller {missing}", base.display())
        .context(Hint::new(hint))
}

/// What to say to somebody who asked for limits that they may not set.
pub(crate) fn refused(asked: &[&str]) -> anyhow::Error {
    let cause = Cause::of_no_cgroup(&Here, asked.first().copied());
    let what =
        if asked.is_empty() { "no cgroup can be made".to_owned() } else { format!("no limit on {}", asked.join(", ")) };
    anyhow!("blocked: {what}: {}", cause.why).context(Hint::new(cause.remedy))
}

/// What to say when no hierarchy has a controller.
pub(crate) fn absent(hierarchies: &[Hierarchy], controller: &str) -> anyhow::Error {
    if hierarchies.is_empty() {
        return refused(&[controller]);
    }
    let hint = match controller {
        "memory" => "boot it with cgroup_enable=memory",
        _ => "see /proc/cgroups for what it has, and /proc/cmdline for cgroup_disable=",
    };
    anyhow!("blocked: this kernel was built or booted without the {controller} controller").context(Hint::new(hint))
}

#[cfg(test)]
mod tests;
