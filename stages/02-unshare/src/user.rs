//! User and group ids of one's own: user_namespaces(7).

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use groundwork::Kernel;
use groundwork::host::Capability;
use nix::sched::CloneFlags;
use nix::unistd::{ForkResult, Gid, Pid, Uid};

use crate::child::{die_with, hold_signals, pass_on, quietly, see_out};
use crate::handshake::Handshake;
use crate::maps::{NEWGIDMAP, NEWUIDMAP, helper};

pub use crate::maps::{Maps, Range};

/// True when this process may not make the other namespaces without a user namespace of its own.
pub fn is_needed() -> bool {
    !Capability::SysAdmin.is_ours()
}

/// True when this process may map any id of its user namespace, and not only its own.
pub fn may_map_any_id() -> bool {
    Capability::SetUid.is_ours() && Capability::SetGid.is_ours()
}

/// For an ordinary user: a user namespace, in which they may make the others. For root: nothing.
///
/// # Errors
/// Those of [`own_ids`].
pub fn own_ids_if_needed(kernel: &Kernel) -> Result<()> {
    if is_needed() { own_ids(kernel) } else { Ok(()) }
}

// ANCHOR: own_ids
/// Gives this process a user namespace in which it is root, and its own id outside.
///
/// # Errors
/// Those of unshare(2); EPERM where the host restricts user namespaces.
pub fn own_ids(kernel: &Kernel) -> Result<()> {
    own_ids_as(kernel, &Maps::only_me())
}

/// The same with other numbers: the maps may name no id outside but the caller's own.
///
/// # Errors
/// As for [`own_ids`]; EPERM for the ids of others.
pub fn own_ids_as(kernel: &Kernel, maps: &Maps) -> Result<()> {
    // EXERCISE user-1
    kernel
        .because("in a user namespace of its own even an ordinary user may do anything to what is made there")
        .unshare(CloneFlags::CLONE_NEWUSER)?;
    write_maps(kernel, None, maps)
    // END user-1
}
// ANCHOR_END: own_ids

// ANCHOR: own_mapped_ids
/// Runs `inside` in a child with a user namespace of these maps, and waits for it.
///
/// The ids of others are mapped from outside: whoever goes in leaves the right to it behind.
///
/// # Errors
/// Those of fork(2), unshare(2) and [`write_maps`], and, in the child, those of `inside`.
pub fn own_mapped_ids(kernel: &Kernel, maps: &Maps, inside: impl FnOnce() -> Result<ExitCode>) -> Result<ExitCode> {
    let (outer, inner) = Handshake::pair()?;
    match kernel.because("maps that name the ids of others are written from outside: one goes in, one stays").fork()? {
        ForkResult::Child => {
            drop(outer);
            quietly(go_in(kernel, maps, &inner).and_then(|()| inside()))
        }
        ForkResult::Parent { child } => {
            drop(inner);
            let mapped = hold_signals(kernel).and_then(|()| map_from_outside(kernel, maps, &outer, child));
            see_out(outer, mapped, || pass_on(kernel, child))
        }
    }
}

fn go_in(kernel: &Kernel, maps: &Maps, parent: &Handshake) -> Result<()> {
    // EXERCISE handshake-1
    kernel
        .because("the new namespace has no ids yet: until they are mapped, this process is nobody")
        .unshare(CloneFlags::CLONE_NEWUSER)?;
    parent.release(kernel, "the namespace is there, and can be given its maps")?;
    parent.wait(kernel, "an id that is not mapped can do nothing")?;
    if maps.have_root() {
        become_root(kernel)?;
    }
    // Last: a change of ids would take the wish back.
    die_with(kernel, parent)
    // END handshake-1
}

fn map_from_outside(kernel: &Kernel, maps: &Maps, other: &Handshake, child: Pid) -> Result<()> {
    // EXERCISE handshake-1
    other.wait(kernel, "there is nothing to map before the child has its namespace")?;
    write_maps(kernel, Some(child), maps)?;
    other.release(kernel, "the ids are mapped: the child can take one")
    // END handshake-1
}
// ANCHOR_END: own_mapped_ids

// ANCHOR: write_maps
/// Fills the maps of this process's new user namespace, or of a child's.
///
/// # Errors
/// EINVAL for ranges that overlap; EPERM for ids that the writer may not map.
pub fn write_maps(kernel: &Kernel, child: Option<Pid>, maps: &Maps) -> Result<()> {
    // EXERCISE user-2
    if let (Some(child), false, false) = (child, may_map_any_id(), maps.are_mine()) {
        map_with_helper(kernel, NEWUIDMAP, child, &maps.users)?;
        return map_with_helper(kernel, NEWGIDMAP, child, &maps.groups);
    }
    let process = child.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    // A process that has unshared has no rights outside any more, whoever it was.
    if child.is_none() || !may_map_any_id() {
        kernel
            .because("a group can also take rights away: who could drop groups at will could walk past such a file")
            .write(format!("/proc/{process}/setgroups"), "deny")?;
    }
    kernel
        .because("what an id does inside, the id outside that it stands for does: that is all the host ever sees")
        .write(format!("/proc/{process}/uid_map"), lines(&maps.users))?;
    kernel.because("the same for groups").write(format!("/proc/{process}/gid_map"), lines(&maps.groups))
    // END user-2
}
// ANCHOR_END: write_maps

fn lines(ranges: &[Range]) -> String {
    ranges.iter().map(|range| format!("{range}\n")).collect()
}

/// Set-user-ID programs that know subuid(5) and subgid(5) map what an ordinary user may not.
fn map_with_helper(kernel: &Kernel, name: &str, child: Pid, ranges: &[Range]) -> Result<()> {
    let program = helper(name).with_context(|| {
        format!("{name}: no such command in PATH; it maps ids that are not your own: install the package uidmap")
    })?;
    let numbers = ranges.iter().flat_map(|range| [range.inside, range.outside, range.count]).map(|id| id.to_string());
    let words: Vec<_> = [name.to_owned(), kernel.in_words(&child)].into_iter().chain(numbers).collect();
    let ended = kernel.run(
        "ids that are not one's own: this set-user-ID program maps those that are granted",
        &program,
        &words,
    )?;
    if ended.status() != 0 {
        let file = if name == NEWUIDMAP { "/etc/subuid" } else { "/etc/subgid" };
        bail!("{name} did not map these ids; {file} says which ranges are yours, see subuid(5)");
    }
    Ok(())
}

// ANCHOR: become_root
/// Takes id 0 of the user namespace this process is in.
///
/// # Errors
/// EINVAL before the maps are written, or when they have no id 0.
pub fn become_root(kernel: &Kernel) -> Result<()> {
    kernel
        .because("groups first: once the user id has changed, the right to change them may be gone")
        .setresgid(Gid::from_raw(0))?;
    kernel.because("until now this process had an id that the namespace did not map").setresuid(Uid::from_raw(0))
}
// ANCHOR_END: become_root
