//! Users and groups of a sandbox, for graders that are not root: where the host grants ids, a root and everybody else, and
//! oneself by one's own number; otherwise oneself alone, as root.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use nix::unistd::{User, getegid, geteuid};

use crate::process::Process;

/// Maps the ids of a process that has just made a user namespace. True when there is a root inside who is somebody else.
pub(super) fn map(pid: u32) -> Result<bool> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    if let (Some(users), Some(groups)) = (granted("/etc/subuid"), granted("/etc/subgid"))
        && user != 0
        && help("newuidmap", pid, &ranges(user, users))
        && help("newgidmap", pid, &ranges(group, groups))
    {
        return Ok(true);
    }
    let write = |file: &str, text: &str| {
        let path = format!("/proc/{pid}/{file}");
        fs::write(&path, text).with_context(|| format!("writing {text:?} to {path}"))
    };
    // A helper that was refused half-way has written one of them.
    if fs::read_to_string(format!("/proc/{pid}/uid_map")).is_ok_and(|map| map.is_empty()) {
        write("uid_map", &format!("0 {user} 1\n"))?;
    }
    if fs::read_to_string(format!("/proc/{pid}/gid_map")).is_ok_and(|map| map.is_empty()) {
        write("setgroups", "deny")?;
        write("gid_map", &format!("0 {group} 1\n"))?;
    }
    match fs::read_to_string(format!("/proc/{pid}/uid_map")) {
        Ok(map) if !map.is_empty() => Ok(false),
        _ => bail!("the sandbox has no users"),
    }
}

/// True when there is a user with this number here: root of a container may have no others.
pub(super) fn is_mapped(id: u32) -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let mut ranges = map.lines().filter_map(|line| {
        let mut fields = line.split_whitespace().map(str::parse::<u32>);
        let (first, _, count) = (fields.next()?.ok()?, fields.next()?, fields.next()?.ok()?);
        Some((first, count))
    });
    ranges.any(|(first, count)| id >= first && id - first < count)
}

/// True with CAP_SYS_ADMIN: such a one needs no user namespace.
pub(super) fn may_do_anything() -> bool {
    const SYS_ADMIN: u64 = 1 << 21;
    let effective = Process(std::process::id()).status("CapEff").unwrap_or_default();
    u64::from_str_radix(&effective, 16).is_ok_and(|set| set & SYS_ADMIN != 0)
}

/// First id and count of the first range that is granted to us: subuid(5).
fn granted(file: &str) -> Option<(u32, u32)> {
    let me = geteuid();
    let name = User::from_uid(me).ok().flatten().map(|user| user.name);
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        (Some(owner) == name.as_deref() || owner.parse() == Ok(me.as_raw())).then_some((first, count))
    })
}

/// Inside, outside, count: what is granted from 0 on, with a gap for oneself.
fn ranges(me: u32, (first, count): (u32, u32)) -> Vec<u32> {
    if me >= count {
        return vec![0, first, count, me, me, 1];
    }
    vec![0, first, me, me, me, 1, me + 1, first + me, count - me]
}

fn help(name: &str, pid: u32, ranges: &[u32]) -> bool {
    let mut command = Command::new(name);
    command.arg(pid.to_string()).args(ranges.iter().map(u32::to_string));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn granted_ids_leave_a_gap_for_oneself() {
        assert_eq!(ranges(1000, (100_000, 65_536)), [0, 100_000, 1000, 1000, 1000, 1, 1001, 101_000, 64_536]);
        assert_eq!(ranges(70_000, (100_000, 65_536)), [0, 100_000, 65_536, 70_000, 70_000, 1]);
    }
}
