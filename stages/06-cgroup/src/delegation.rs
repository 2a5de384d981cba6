//! Below which directory we may make cgroups, and how its controllers get there.
//!
//! Root makes them at the top of the tree. Anybody else needs a part of the tree that was handed to them, which on most
//! hosts systemd's user manager does: see systemd's document "Control Group APIs and Delegation".

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use groundwork::{Kernel, Refused};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};

use crate::files;
use crate::hierarchy::{Hierarchy, Version, is_writable};
use crate::place::Place;

/// All our cgroups lie in a directory of this name, so that they can be found again.
pub(crate) const PARENT: &str = "boxwright";

/// Where processes go that stand in the way: see [`step_aside`].
pub(crate) const SUPERVISOR: &str = "boxwright-supervisor";

/// The directory to make cgroups in: the top of the tree, or the caller's own cgroup, whichever it may write.
pub(crate) fn base(hierarchy: &Hierarchy) -> Option<PathBuf> {
    if hierarchy.is_imagined {
        return Some(hierarchy.top.clone());
    }
    let own = match hierarchy.own.file_name() {
        Some(name) if name == SUPERVISOR => hierarchy.own.parent()?,
        _ => &hierarchy.own,
    };
    [hierarchy.top.as_path(), own]
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
    let there = files::words(&directory.join(file));
    wanted.iter().all(|one| there.contains(one))
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

// ANCHOR: offer
/// Hands controllers down to the directory our cgroup is made in, where they are not handed down yet.
pub(crate) fn offer(kernel: &Kernel, hierarchy: &Hierarchy, place: &Place) -> Result<()> {
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
        kernel
            .because("a controller works in a cgroup only if the one above hands it down")
            .write(&control, &wish)
            .with_context(|| format!("blocked: {} does not hand down {wish}", directory.display()))?;
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
    move_all(kernel, base, &supervisor, "beside a process the controllers could not be handed down: EBUSY")
}
// ANCHOR_END: step_aside

/// Undoes [`step_aside`] once no cgroup of ours is left in `base`; while one is, changes nothing.
pub(crate) fn step_back(kernel: &Kernel, base: &Path) -> Result<()> {
    let control = base.join("cgroup.subtree_control");
    let given = files::words(&control).iter().map(|one| format!("-{one}")).collect::<Vec<_>>().join(" ");
    let taken_back = if given.is_empty() {
        Ok(())
    } else {
        kernel
            .because("nobody below needs the controllers any more, and with them no process could return")
            .write(&control, given)
    };
    match taken_back {
        Err(error) if Refused::errno_of(&error) == Some(Errno::EBUSY) => return Ok(()),
        other => other?,
    }
    let supervisor = base.join(SUPERVISOR);
    move_all(kernel, &supervisor, base, "the processes return to where they were")?;
    kernel.because("the leaf is empty again: nothing is left behind").rmdir(&supervisor)
}

/// Until nobody is left: a process may fork while we read the list.
fn move_all(kernel: &Kernel, from: &Path, to: &Path, reason: &'static str) -> Result<()> {
    for _ in 0..100 {
        let processes = files::words(&from.join("cgroup.procs"));
        for pid in &processes {
            let pid = if kernel.is_rehearsing() { "PID" } else { pid };
            let moved = kernel.because(reason).write(to.join("cgroup.procs"), pid);
            match moved {
                // It has ended in the meantime, which is as good.
                Err(error) if Refused::errno_of(&error) == Some(Errno::ESRCH) => {}
                other => other?,
            }
        }
        if processes.is_empty() || kernel.is_rehearsing() {
            return Ok(());
        }
    }
    bail!("new processes appear in {} faster than they can be moved", from.display())
}

pub(crate) fn already_there(error: anyhow::Error) -> Result<()> {
    if Refused::errno_of(&error) == Some(Errno::EEXIST) { Ok(()) } else { Err(error) }
}

/// What to say to somebody who asked for a limit that they may not set.
pub(crate) fn not_delegated(hierarchy: &Hierarchy, asked: &[&str]) -> anyhow::Error {
    let (why, remedy) = why_not(hierarchy);
    anyhow!("blocked: no limit on {}: {why}; {remedy}", asked.join(", "))
}

/// What to say to somebody who may make no cgroup at all.
pub(crate) fn no_cgroup(hierarchies: &[Hierarchy]) -> anyhow::Error {
    let newest_first = [Version::V2, Version::V1];
    let hierarchy = newest_first.iter().find_map(|version| hierarchies.iter().find(|one| one.version == *version));
    match hierarchy.map(why_not) {
        Some((why, remedy)) => anyhow!("blocked: no cgroup can be made: {why}; {remedy}"),
        None => anyhow!("blocked: no cgroup hierarchy is mounted; as root: mount -t cgroup2 none /sys/fs/cgroup"),
    }
}

fn why_not(hierarchy: &Hierarchy) -> (String, &'static str) {
    let Hierarchy { top, own, .. } = hierarchy;
    if is_read_only(top) {
        let remedy = "in a container, start it with its cgroups writable (docker run --privileged)";
        return (format!("{} is mounted read-only", top.display()), remedy);
    }
    if hierarchy.version == Version::V1 {
        let why = format!("{} belongs to root, and cgroup v1 is not handed to ordinary users", top.display());
        return (why, "run this as root");
    }
    let remedy = if Path::new("/run/systemd/system").exists() {
        "run `systemd-run --user --scope -p Delegate=yes COMMAND…`, which makes one that is yours \
         (it needs your user manager: `loginctl enable-linger`), or run this as root"
    } else {
        "run this as root, or have root make a cgroup, give it to you with chown and start your shell in it"
    };
    (format!("your cgroup {} was not delegated to you", own.display()), remedy)
}

fn is_read_only(directory: &Path) -> bool {
    let writable = faccessat(AT_FDCWD, directory, AccessFlags::W_OK, AtFlags::AT_EACCESS);
    writable == Err(Errno::EROFS)
}
