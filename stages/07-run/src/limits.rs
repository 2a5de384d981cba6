//! The cgroup of a container that somebody else started.

use std::io::Write;

use anyhow::{Context, Result, bail};
use cgroup::Cgroup;
use groundwork::Kernel;

use crate::bundle::Bundle;
use crate::state::{Running, Standing};

/// The container's cgroup, if it has one, for a child to be born in.
///
/// # Errors
/// It is gone.
pub fn birthplace(kernel: &Kernel, running: &Running) -> Result<Option<Cgroup>> {
    let mut cgroup = running.cgroup.as_ref().map(Cgroup::open).transpose()?;
    cgroup.as_mut().map_or(Ok(()), |cgroup| cgroup.open_birthplace(kernel))?;
    Ok(cgroup)
}

/// The container's cgroup, for verbs that cannot do without.
///
/// # Errors
/// It has none.
pub fn of(bundle: &Bundle, running: &Running) -> Result<Cgroup> {
    match &running.cgroup {
        Some(saved) => Cgroup::open(saved).context("is the container about to end?"),
        None => bail!(
            "blocked: {} has no cgroup, and only a cgroup can be frozen; run it as root, or where a cgroup is delegated to you: `systemd-run --user --scope -p Delegate=yes boxwright run …`",
            bundle.name()
        ),
    }
}

/// True when its processes are frozen.
pub fn is_paused(running: &Running) -> bool {
    running.cgroup.as_ref().and_then(|saved| Cgroup::open(saved).ok()).is_some_and(|cgroup| cgroup.is_frozen())
}

/// Lets those end who were killed while they were frozen.
///
/// # Errors
/// They are still frozen, for a reason that write(2) gives.
pub fn let_end(kernel: &Kernel, running: &Running) -> Result<()> {
    let Some(Ok(cgroup)) = running.cgroup.as_ref().map(Cgroup::open) else { return Ok(()) };
    if !cgroup.holds_the_killed() {
        return Ok(());
    }
    // Somebody else may have let them go meanwhile, and then they are gone.
    cgroup.thaw(kernel).or_else(|error| if cgroup.holds_the_killed() { Err(error) } else { Ok(()) })
}

/// Takes away the cgroup of a container whose parent did not live to do so, or not even to note where it is.
///
/// # Errors
/// Those of rmdir(2).
pub fn remove(kernel: &Kernel, bundle: &Bundle, standing: &Standing) -> Result<()> {
    match standing {
        Standing::Lost(Some(saved)) | Standing::Unseen(Some(saved)) => match Cgroup::open(saved) {
            // Its parent may have begun to take it apart: nobody is held still in half a cgroup.
            Ok(cgroup) if cgroup.processes().is_empty() => cgroup.remove(kernel),
            Ok(cgroup) => cgroup.kill(kernel).and_then(|()| cgroup.remove(kernel)),
            Err(_) => Ok(()),
        },
        // Not noted, so nobody of ours was ever in it: whoever is in a cgroup of this name belongs to somebody else.
        Standing::Lost(None) => match Cgroup::find(bundle.name())? {
            Some(cgroup) if cgroup.processes().is_empty() => cgroup.remove(kernel),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Says which limits were met for good: they explain an end that would otherwise puzzle.
pub fn tell_what_was_refused(cgroup: &Cgroup) {
    if !cgroup.has_controllers() {
        return;
    }
    let Ok(usage) = cgroup.usage() else { return };
    let memory = usage.memory.as_ref().is_some_and(|memory| memory.oom_kills > 0);
    let pids = usage.pids.as_ref().is_some_and(|pids| pids.refused > 0);
    if memory || pids {
        // Nobody may read it any more, and there is a cgroup to be removed.
        usage.in_words().iter().for_each(|line| drop(writeln!(std::io::stderr(), "boxwright: {line}")));
    }
}
