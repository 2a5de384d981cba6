//! The files of a cgroup: one that is not there, and values that are refused.

use std::path::Path;

use nix::errno::Errno::{EBUSY, EINVAL, ENODEV, ENOENT, EOPNOTSUPP, ERANGE};

use crate::cause::Cause;
use crate::host::Host;
use crate::refusal::asked::{Asked, say};
use crate::refusal::cgroups::{count, threaded};

/// `memory.max` is there only where the cgroup above has passed the memory controller down.
pub(super) fn absent(host: &dyn Host, path: &Path) -> Option<String> {
    let (directory, name) = (path.parent()?, path.file_name()?.to_str()?);
    let (shown, above) = (directory.display(), directory.parent()?.display());
    let controller = name.split('.').next()?;
    if !host.has(directory) {
        return say(format!("there is no cgroup {shown}"), "make it first, with mkdir(2)");
    }
    if controller == "cgroup" {
        return Some(Cause::kernel(host, name, "do without it, or boot a newer one").sentence());
    }
    if let Some(mount) = host.cgroup1_mount(controller) {
        let remedy = format!("use the files below {}", mount.target.display());
        return say(format!("the {controller} controller is in a cgroup v1 tree here"), remedy);
    }
    if host.cgroup_words(directory, "cgroup.controllers").iter().any(|word| word == controller) {
        let why = format!("{shown} has the {controller} controller, and no {name}");
        return say(why, "use a cgroup below the top, which has no limits, or boot a newer kernel");
    }
    say(
        format!("{above} has not passed the {controller} controller down"),
        format!("`echo +{controller} > {above}/cgroup.subtree_control`"),
    )
}

/// cgroup.subtree_control: which controllers the cgroups below get.
pub(super) fn pass_down(asked: &Asked<'_>, directory: &Path) -> Option<String> {
    let (host, shown, content) = (asked.host, directory.display(), asked.text(1)?);
    let controller = content.trim().trim_start_matches(['+', '-']);
    match asked.errno {
        EBUSY if content.starts_with('-') => {
            say(format!("a cgroup below {shown} passes {controller} down itself"), "take it away there first")
        }
        EBUSY => {
            let processes = count(host.cgroup_words(directory, "cgroup.procs").len());
            say(
                format!("{shown} holds {processes}, and a cgroup that passes controllers down holds none"),
                "move them into a cgroup below it first",
            )
        }
        ENOENT if host.cgroup1_mount(controller).is_some() => Some(Cause::first_generation(host).sentence()),
        ENOENT => say(
            format!("{shown} has no {controller} controller to pass down"),
            "pass it down from the top, one cgroup after the other",
        ),
        EOPNOTSUPP => threaded(directory),
        EINVAL => say("the kernel knows no such controller", "write `+` and a word of cgroup.controllers"),
        _ => None,
    }
}

/// Any other file: a limit, most often.
pub(super) fn set(asked: &Asked<'_>, path: &Path) -> Option<String> {
    let (shown, value) = (path.display(), asked.text(1)?);
    let (name, value) = (path.file_name()?.to_str()?, value.trim());
    match asked.errno {
        EINVAL | ERANGE if name.starts_with("cpuset") => {
            say(format!("the cgroup above does not have all of {value:?}"), format!("choose from its {name}.effective"))
        }
        EINVAL | ERANGE => {
            say(format!("{value:?} is no value for {name}"), format!("see what it has now: `cat {shown}`"))
        }
        ENODEV => say(
            "limits on io take MAJOR:MINOR of a whole disk, and of no partition",
            "choose one: `lsblk -d -o NAME,MAJ:MIN`",
        ),
        EBUSY if name.starts_with("memory") => {
            say("the cgroup uses more than that, and cannot give it back", "end processes in it, or allow more")
        }
        EBUSY => say(format!("{name} cannot change while the cgroup is in use"), "end its processes first"),
        EOPNOTSUPP => threaded(path.parent()?),
        _ => None,
    }
}
