//! mount(2) and its newer kin: what keeps a file system from being attached.

mod forbidden;

use std::path::Path;

use nix::errno::Errno::{EACCES, EBUSY, EINVAL, ENODEV, ENOENT, ENOSPC, ENOSYS, ENOTBLK, ENOTDIR, EPERM};

use crate::cause::Cause;
use crate::refusal::asked::{Asked, say};

const CALLS: [&str; 7] = ["mount", "fsopen", "fsconfig", "fsmount", "open_tree", "move_mount", "mount_setattr"];
/// Flags that change a mount and make none.
const CHANGES: [&str; 6] = ["MS_REMOUNT", "MS_PRIVATE", "MS_SLAVE", "MS_SHARED", "MS_UNBINDABLE", "MS_MOVE"];

pub(super) fn hint(asked: &Asked<'_>) -> Option<String> {
    let name = CALLS.iter().find(|name| **name == asked.name)?;
    match (*name, asked.errno) {
        (_, EPERM | EACCES) => forbidden::hint(asked),
        (_, ENOSYS) => absent_call(asked),
        (_, ENOSPC) => say("this mount namespace is full", "unmount something, or `sudo sysctl -w fs.mount-max=…`"),
        ("mount" | "fsopen", ENODEV) => unknown_file_system(asked),
        ("mount", ENOENT) => missing(asked),
        ("mount" | "move_mount", ENOTDIR) => {
            say("a file is mounted on a file, a directory on a directory", "make a target of the same sort")
        }
        ("move_mount", ENOENT) => {
            let target = asked.path(3).filter(|target| !asked.host.has(target))?;
            say(format!("there is no {}", target.display()), "make the mount point first")
        }
        ("move_mount", EINVAL) => invalid_place(asked),
        ("mount", ENOTBLK) => say("this file system lives on a block device", "name one that `lsblk` lists"),
        ("mount", EINVAL) if asked.says("MS_MOVE") => invalid_move(asked),
        ("mount", EINVAL) if asked.says("MS_BIND") && !asked.says("MS_REMOUNT") => invalid_bind(asked),
        ("mount", EINVAL) => invalid(asked),
        ("mount", EBUSY) => busy(asked),
        _ => asked.said.clone(),
    }
}

/// Where the kind of file system stands among the arguments.
pub(super) fn fstype(asked: &Asked<'_>) -> Option<String> {
    asked.text(if asked.name == "mount" { 2 } else { 0 })
}

fn unknown_file_system(asked: &Asked<'_>) -> Option<String> {
    match fstype(asked).unwrap_or_default().as_str() {
        "" => say("no kind of file system was named, and this is no bind mount", "name one, or add MS_BIND"),
        kind => Some(Cause::no_file_system(asked.host, kind).sentence()),
    }
}

fn absent_call(asked: &Asked<'_>) -> Option<String> {
    if asked.host.is_filtered() {
        return Some(Cause::seccomp(asked.host).sentence());
    }
    let since = if asked.name == "mount_setattr" { "5.12" } else { "5.2" };
    let call = format!("{}(2), which came with Linux {since}", asked.name);
    Some(Cause::kernel(asked.host, &call, "use mount(2)").sentence())
}

fn missing(asked: &Asked<'_>) -> Option<String> {
    let (source, target) = (asked.path(0), asked.path(1)?);
    if !asked.host.has(&target) {
        return say(format!("there is no {}", target.display()), "make the mount point first");
    }
    let source = source.filter(|source| asked.says("MS_BIND") && !asked.host.has(source))?;
    say(format!("there is no {} to bind", source.display()), "name what exists, as this process's root shows it")
}

fn invalid(asked: &Asked<'_>) -> Option<String> {
    let (target, shown) = (asked.path(1)?, asked.shown(1));
    let is_change = CHANGES.iter().any(|flag| asked.says(flag));
    if is_change && asked.host.mount_at(&target).is_none() {
        return say(
            format!("{shown} is no mount point, and only a mount can be changed"),
            format!("bind it on itself first: `mount --bind {shown} {shown}`"),
        );
    }
    if CHANGES[1..5].iter().filter(|flag| asked.says(flag)).count() > 1 {
        return say("a mount is private, slave, shared or unbindable", "give one of these flags, with MS_REC at most");
    }
    say("the file system refuses an option", "the kernel's log says which: `sudo dmesg | tail -3`")
}

// ANCHOR: invalid_bind
fn invalid_bind(asked: &Asked<'_>) -> Option<String> {
    let (host, source, target) = (asked.host, asked.path(0)?, asked.path(1)?);
    let is_mount_namespace =
        source.ends_with("ns/mnt") || host.link(&source).is_some_and(|link| link.to_string_lossy().starts_with("mnt:"));
    if is_mount_namespace && let Some(mount) = host.mount_under(&target).filter(|mount| mount.is_shared()) {
        let place = if mount.target == Path::new("/") { target.parent()? } else { &mount.target }.display();
        return say(
            format!("{} is a shared mount, and the namespace would be kept inside itself", mount.target.display()),
            format!("make a private place: `mount --bind {place} {place} && mount --make-private {place}`"),
        );
    }
    if is_mount_namespace {
        return say("a mount namespace is kept in one that is older than it", "keep it from where it was made");
    }
    if host.is_in_first_user_namespace() || asked.says("MS_REC") {
        return None;
    }
    say(
        format!(
            "mounts below {} came from a more privileged mount namespace, and may hide something",
            source.display()
        ),
        "bind them too, with MS_REC",
    )
}
// ANCHOR_END: invalid_bind

fn invalid_move(asked: &Asked<'_>) -> Option<String> {
    let (source, shown) = (asked.path(0)?, asked.shown(0));
    let Some(mount) = asked.host.mount_at(&source) else {
        return say(
            format!("{shown} is no mount point, and only a mount can be moved"),
            format!("bind it on itself first: `mount --bind {shown} {shown}`"),
        );
    };
    let parent = asked.host.mounts().into_iter().find(|one| one.id == mount.parent && one.is_shared())?;
    let parent = parent.target.display();
    say(
        format!("{shown} lies on a shared mount, from which none can be moved"),
        format!("`mount --make-private {parent}` first"),
    )
}

fn invalid_place(asked: &Asked<'_>) -> Option<String> {
    let target = asked.path(3)?;
    let shown = target.display();
    if !asked.says("MOVE_MOUNT_T_SYMLINKS") && asked.host.link(&target).is_some() {
        return say(format!("{shown} is a symbolic link"), "name the place that it leads to");
    }
    if asked.host.look(&target)?.is_directory {
        return say(
            format!("{shown} is a directory: only a directory can be mounted there, in a mount namespace of one's own"),
            "name a place of the same sort",
        );
    }
    say(format!("{shown} is a file: only a file can be mounted there"), "name a place of the same sort")
}

fn busy(asked: &Asked<'_>) -> Option<String> {
    let shown = asked.shown(1);
    if asked.says("MS_REMOUNT") {
        return say(
            format!("somebody has a file on {shown} open for writing"),
            format!("end them (`fuser -vm {shown}`), or add MS_BIND to change this mount alone"),
        );
    }
    say(
        format!("the same file system is mounted on {shown} already, or its device is in use"),
        format!("see what is there: `findmnt {shown}`"),
    )
}

#[cfg(test)]
mod tests;
