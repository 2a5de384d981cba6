//! Whom the program runs as.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use groundwork::Kernel;
use nix::unistd::{Gid, Uid};
use serde::{Deserialize, Serialize};
use unshare::pid;
use unshare::user::Maps;

/// User and group, as the container numbers them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The user id.
    pub user: u32,
    /// The group id.
    pub group: u32,
}

// ANCHOR: become_user
/// Becomes this user, and gives up the groups of whoever started the container.
///
/// # Errors
/// EINVAL for an id that the user namespace does not map.
pub fn become_user(kernel: &Kernel, identity: Identity, may_set_groups: bool) -> Result<()> {
    if may_set_groups {
        let given_up = kernel.because("the groups of whoever started us would open their files").setgroups(&[]);
        given_up.or_else(|error| if are_settled() { Ok(()) } else { Err(error) })?;
    }
    if identity == Identity::default() {
        return Ok(());
    }
    kernel.because("groups first: the right to change them goes with root").setresgid(Gid::from_raw(identity.group))?;
    kernel.because("the program was asked to run as this user").setresuid(Uid::from_raw(identity.user))?;
    // "The parent-death signal setting is cleared upon … changes of credentials": PR_SET_PDEATHSIG(2const).
    pid::die_with_parent(kernel)
}
// ANCHOR_END: become_user

/// True when whoever made the user namespace that we are root of has given up setgroups(2) in it, as for a container in
/// which we run: the groups then stay as they are, see user_namespaces(7).
fn are_settled() -> bool {
    std::fs::read_to_string("/proc/self/setgroups").is_ok_and(|answer| answer.trim() == "deny")
}

/// True when a user namespace has groups besides its root's: with one alone, its setgroups(2) is denied for good.
pub fn may_set_groups(maps: &Maps) -> bool {
    maps.groups.iter().map(|range| range.count).sum::<u32>() > 1
}

/// Reads `USER[:GROUP]`, by number, or by name as the image's own /etc/passwd and /etc/group have it.
///
/// # Errors
/// A name that these files do not have.
pub fn parse(text: &str, layers: &[PathBuf]) -> Result<Identity> {
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    if let (Ok(user), Some(Ok(group))) = (user.parse(), group.map(str::parse)) {
        return Ok(Identity { user, group });
    }
    let entry = entry(layers, "etc/passwd", user);
    let user_id = match (user.parse(), &entry) {
        (Ok(id), _) => id,
        (Err(_), Some(fields)) => {
            fields.get(2).and_then(|id| id.parse().ok()).context("a broken line in /etc/passwd")?
        }
        (Err(_), None) => bail!("the image's /etc/passwd has no user {user:?}; give a number"),
    };
    let group_id = match group {
        None => entry.and_then(|fields| fields.get(3)?.parse().ok()).unwrap_or(0),
        Some(group) => match group.parse() {
            Ok(id) => id,
            Err(_) => self::entry(layers, "etc/group", group)
                .and_then(|fields| fields.get(2)?.parse().ok())
                .with_context(|| format!("the image's /etc/group has no group {group:?}; give a number"))?,
        },
    };
    Ok(Identity { user: user_id, group: group_id })
}

/// The line of a file such as /etc/passwd that begins with `name`, or whose third field is that number.
fn entry(layers: &[PathBuf], file: &str, name: &str) -> Option<Vec<String>> {
    let content = layers.iter().rev().find_map(|layer| read_below(layer, file))?;
    let lines = content.lines().map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>());
    lines.into_iter().find(|fields| fields[0] == name || fields.get(2).is_some_and(|id| id == name))
}

fn read_below(layer: &Path, file: &str) -> Option<String> {
    let path = groundwork::kernel::in_root(layer, Path::new(file))?;
    std::fs::read_to_string(path).ok()
}
